"""First claim: paths with right answers are more consistent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.internal_consistency.bench import DEDUCTION, Bench
from seme.experiments.internal_consistency.measures import Floats, Places, area, over_questions
from seme.experiments.intervals import interval
from seme.interp.consistency import InternalConsistency, Margin, Soft, agreement
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p51_internal_consistency import InternalConsistencySettings


_FEW = 20
"""Random weights that are resampled, too."""


def add(report: Report, benches: list[Bench], settings: InternalConsistencySettings, context: Context) -> None:
    """Hold the consistency of right paths against that of wrong ones, beside random weights of the layers."""
    rows, gaps, areas, random, drawn = [], {}, {}, {}, {}
    for bench in context.progress(benches, "Right and wrong paths"):
        gap = over_questions(bench, _gap_of(bench), settings.resamples, context.rng("gap", bench.name))
        gaps[bench.name] = gap[:, 0]
        areas[bench.name] = area(bench.consistency, bench.correct)
        weighed = _weighed(bench, settings.random_weights, context.rng("weights", bench.name))
        random[bench.name] = float(np.mean([area(one, bench.correct) for one in weighed]))
        drawn[bench.name] = over_questions(
            bench, _areas_of(bench, weighed[:_FEW]), settings.resamples, context.rng("areas", bench.name)
        )
        rows.append(
            [
                bench.name,
                len(bench.correct),
                float(bench.correct.mean()),
                *(float(bench.consistency[bench.correct == right].mean()) for right in (True, False)),
                *interval(gap[:, 0]),
                areas[bench.name],
                random[bench.name],
                area(InternalConsistency(plain=True)(bench.paths), bench.correct),
                area(Margin(bench.balanced)(bench.paths), bench.correct),
                area(Soft(bench.balanced)(bench.paths), bench.correct),
            ]
        )
    columns = [
        "task",
        "paths",
        "accuracy of a path",
        "IC, right",
        "IC, wrong",
        "difference, low",
        "difference, high",
        "AUROC of IC",
        "AUROC, random weights",
        "AUROC, plain IC",
        "AUROC, SC+Δ",
        "AUROC, soft",
    ]
    report.table("Internal consistency of right and wrong paths", columns, _finite(rows))
    for label, chosen in _halves(benches, settings.model):
        _claim(report, label, chosen, gaps, areas, random, drawn)
    _draw(report, benches)


def _halves(benches: list[Bench], model: str) -> list[tuple[str, list[Bench]]]:
    small = [one for one in benches if one.family == DEDUCTION]
    return [(model, [one for one in benches if one.family != DEDUCTION]), ("deduction from scratch", small)]


def _gap_of(bench: Bench) -> Callable[[Places], list[float]]:
    def gap(places: Places) -> list[float]:
        right, values = bench.correct[places], bench.consistency[places]
        both = right.any() and not right.all()
        return [float(values[right].mean() - values[~right].mean()) if both else float("nan")]

    return gap


def _weighed(bench: Bench, count: int, rng: np.random.Generator) -> list[Floats]:
    """Return consistencies with random weights of the layers."""
    agreed = agreement(bench.said)[:, 1:-1]
    return [np.asarray(agreed @ rng.dirichlet(np.ones(agreed.shape[1])), dtype=np.float64) for _ in range(count)]


def _areas_of(bench: Bench, weighed: list[Floats]) -> Callable[[Places], list[float]]:
    """Return a measure: AUROC with equal weights, and the mean of those with random ones."""

    def areas(places: Places) -> list[float]:
        right = bench.correct[places]
        other = float(np.mean([area(one[places], right) for one in weighed]))
        return [area(bench.consistency[places], right), other]

    return areas


def _claim(
    report: Report,
    label: str,
    benches: list[Bench],
    gaps: dict[str, Floats],
    areas: dict[str, float],
    random: dict[str, float],
    drawn: dict[str, Floats],
) -> None:
    names = [one.name for one in benches if np.isfinite(areas[one.name])]
    if not names:
        report.claim(
            Claim.not_tested(f"{label}: right paths are more consistent", "All paths were right, or all wrong.")
        )
        return
    resampled = np.nanmean(np.stack([gaps[name] for name in names]), axis=0)
    low, high = interval(resampled)
    report.claim(
        Claim.at_least(
            f"{label}: right paths are more consistent than wrong ones (lower end of the 95 % interval of "
            "the difference in mean IC)",
            measured=low,
            floor=0.0,
            spread=(low, high),
            paper_value="IC separates correct from wrong paths",
            note=f"Mean over {', '.join(names)}; questions are resampled. The difference is "
            f"{np.nanmean(resampled):.3f}.",
        )
    )
    _claim_areas(report, label, names, areas, random, drawn)


def _claim_areas(
    report: Report,
    label: str,
    names: list[str],
    areas: dict[str, float],
    random: dict[str, float],
    drawn: dict[str, Floats],
) -> None:
    mean, other = (float(np.mean([one[name] for name in names])) for one in (areas, random))
    pooled = np.nanmean([drawn[name] for name in names], axis=0)
    more = interval(pooled[:, 0] - pooled[:, 1])
    report.claim(
        Claim.at_least(
            f"{label}: internal consistency tells right paths from wrong ones (AUROC)",
            measured=mean,
            floor=0.55,
            spread=interval(pooled[:, 0]),
            note="; ".join(f"{name} {areas[name]:.3f}" for name in names) + ".",
        )
    )
    report.claim(
        Claim.at_least(
            f"{label}: equal weights of the layers do better than random ones (lower end of the 95 % "
            "interval of the difference in AUROC)",
            measured=more[0],
            floor=0.0,
            spread=more,
            note=f"{mean:.4f} against {other:.4f}, the mean over random weights.",
        )
    )


def _finite(rows: list[list[object]]) -> list[list[object]]:
    return [["-" if isinstance(cell, float) and not np.isfinite(cell) else cell for cell in row] for row in rows]


def _draw(report: Report, benches: list[Bench]) -> None:
    groups = [one for one in _halves(benches, "language model") if one[1]]
    figure = Figure(figsize=(7.4, 3), layout="constrained")
    panels = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
    edges = np.linspace(0, 1, 13)
    for axes, (label, chosen) in zip(panels, groups, strict=True):
        values = np.concatenate([one.consistency for one in chosen])
        right = np.concatenate([one.correct for one in chosen])
        for wanted, style, color in ((True, "-", "black"), (False, "--", "0.45")):
            if (right == wanted).any():
                share = np.histogram(values[right == wanted], edges)[0] / (right == wanted).sum()
                axes.stairs(share, edges, ls=style, color=color, lw=1.6, label="right" if wanted else "wrong")
        axes.set_title(label, fontsize=10)
        axes.set_xlabel("internal consistency")
        axes.legend(fontsize=8)
    panels[0].set_ylabel("share of the paths")
    report.figure(
        "Consistency of right and wrong paths",
        figure,
        "Share of paths by internal consistency: right answers (solid) and wrong ones (dashed).",
    )
