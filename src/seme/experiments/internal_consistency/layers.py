"""Third to fifth claims: where layers agree, what rationales do to consistency, and balanced thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from seme.experiment import Context
from seme.experiments.internal_consistency.bench import DEDUCTION, Bench
from seme.experiments.internal_consistency.measures import Floats, band, resampled
from seme.experiments.intervals import interval
from seme.interp.consistency import Balanced, InternalConsistency, agreement
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p51_internal_consistency import InternalConsistencySettings

_MIDDLE = (0.4, 0.9)
"""Relative depths of the middle and late-middle layers."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A figure by layer (layers,), and in resamples of the questions (draws, layers)."""

    mean: Floats
    drawn: Floats


def kinds(benches: list[Bench]) -> dict[str, list[Bench]]:
    """Return the tasks of the language model and those of the small models."""
    found = {
        "language model": [one for one in benches if one.family != DEDUCTION],
        "deduction from scratch": [one for one in benches if one.family == DEDUCTION],
    }
    return {name: chosen for name, chosen in found.items() if chosen}


def add(report: Report, benches: list[Bench], settings: InternalConsistencySettings, context: Context) -> None:
    """Go through the layers of both kinds of models, and hold answers with rationales against direct ones."""
    curves = {name: _curves(found, settings.resamples, context) for name, found in kinds(benches).items()}
    for name, (right, wrong) in curves.items():
        _claim_depth(report, name, right, wrong)
    _draw(report, curves)
    _claim_rationales(report, benches, settings, context)
    _claim_balance(report, benches)


def _curves(benches: list[Bench], draws: int, context: Context) -> tuple[Curve, Curve]:
    """Return agreement with the last layer by layer, the mean over tasks, for right paths and for wrong ones."""
    found = []
    for right in (True, False):
        rows, drawn = [], []
        for one in benches:
            here, agreed = one.correct == right, agreement(one.said)
            if here.any():
                rng = context.rng("agreement", one.name)  # the same questions for right and wrong paths
                rows.append(agreed[here].mean(axis=0))
                drawn.append(resampled(agreed, one.paths.questions, draws, rng, weights=here))
        nothing = np.full(benches[0].said.shape[1], np.nan)
        found.append(Curve(np.mean(rows, axis=0), np.nanmean(drawn, axis=0)) if rows else Curve(nothing, nothing[None]))
    return found[0], found[1]


def _claim_depth(report: Report, name: str, right: Curve, wrong: Curve) -> None:
    both = np.nanmean([right.mean, wrong.mean], axis=0)
    last = len(both) - 1
    report.claim(
        Claim.at_least(
            f"{name}: agreement with the last layer rises with depth (Spearman over layers)",
            measured=float(spearmanr(np.arange(1, last + 1), both[1:]).statistic),
            floor=0.7,
            note=f"{both[1]:.3f} at the first layer, {both[last - 1]:.3f} at the last but one.",
        )
    )
    statement = f"{name}: right and wrong paths differ most in middle or late-middle layers"
    if np.isnan(right.mean).any() or np.isnan(wrong.mean).any():
        report.claim(Claim.not_tested(statement, "All paths were right, or all wrong."))
        return
    depth = np.arange(1, last) / last
    middle = (depth >= _MIDDLE[0]) & (depth <= _MIDDLE[1])
    gap, gaps = right.mean - wrong.mean, (right.drawn - wrong.drawn)[:, 1:-1]
    more = interval(gaps[:, middle].mean(1) - gaps[:, ~middle].mean(1))
    peak = int(np.argmax(gap[1:])) + 1
    peaks = interval((np.argmax(gaps, axis=1) + 1) / last)
    report.claim(
        Claim.at_least(
            f"{statement} (lower end of the 95 % interval of the gap at relative depths of {_MIDDLE[0]} to "
            f"{_MIDDLE[1]} above that elsewhere)",
            measured=more[0],
            floor=0.0,
            spread=more,
            note=f"Largest at layer {peak} of {last}, with {gap[peak]:.3f} (relative depth of the largest "
            f"in resamples: {peaks[0]:.2f} to {peaks[1]:.2f}); at the last it is {gap[-1]:.3f} by "
            "definition.",
        )
    )


def _claim_rationales(
    report: Report, benches: list[Bench], settings: InternalConsistencySettings, context: Context
) -> None:
    figures: dict[str, list[float]] = {}
    gains, falls = {}, {}
    for one in benches:
        balanced = Balanced().fit(one.direct)
        right = balanced.predict(one.direct)[:, -1] == one.truth[one.direct.questions]
        direct = InternalConsistency(balanced)(one.direct)
        figures[one.name] = [float(values.mean()) for values in (right, one.correct, direct, one.consistency)]
        draws = [
            resampled(values, questions, settings.resamples, context.rng("rationales", one.name))
            for values, questions in (
                (right, one.direct.questions),
                (one.correct, one.paths.questions),
                (direct, one.direct.questions),
                (one.consistency, one.paths.questions),
            )
        ]
        gains[one.name], falls[one.name] = draws[1] - draws[0], draws[2] - draws[3]
    columns = ["task", "accuracy, direct", "accuracy, rationale", "IC, direct", "IC, rationale"]
    report.table("With a rationale and without", columns, [[name, *values] for name, values in figures.items()])
    for label, found in kinds(benches).items():
        names = [one.name for one in found]
        means = np.mean([figures[name] for name in names], axis=0)
        for words, drawn, (first, second), paper in (
            ("rationales raise accuracy", gains, means[:2], "CoT raises accuracy"),
            (
                "rationales lower mean internal consistency",
                falls,
                means[2:],
                "inconsistency between middle and last layers appears with CoT",
            ),
        ):
            apart = interval(np.mean([drawn[name] for name in names], axis=0))
            report.claim(
                Claim.at_least(
                    f"{label}: {words} (lower end of the 95 % interval of the difference)",
                    measured=apart[0],
                    floor=0.0,
                    spread=apart,
                    paper_value=paper,
                    note=f"{first:.3f} without a rationale, {second:.3f} with one; questions are resampled.",
                )
            )


def _claim_balance(report: Report, benches: list[Bench]) -> None:
    worst = 0.0
    for one in benches:
        scores = one.balanced.scores(one.paths)
        off = np.abs(scores.mean(axis=0) - 1 / scores.shape[2]).max()
        worst = max(worst, round(float(off * len(scores)), 6))
    report.claim(
        Claim.at_most(
            "Balanced thresholds make labels equally frequent at every layer (largest deviation from 1/C, in paths)",
            measured=worst,
            ceiling=1.0,
            note="Paths at a threshold count 1/C. Paths that repeat each other word by word have equal "
            "probabilities, and several may lie at a threshold.",
        )
    )


def _draw(report: Report, curves: dict[str, tuple[Curve, Curve]]) -> None:
    figure = Figure(figsize=(7.4, 3), layout="constrained")
    for axes, (name, pair) in zip(
        figure.subplots(1, len(curves), squeeze=False, sharey=True)[0], curves.items(), strict=True
    ):
        for curve, style, color, shade, label in (
            (pair[0], "o-", "black", "0.75", "right"),
            (pair[1], "s--", "0.45", "0.9", "wrong"),
        ):
            depth = np.arange(1, len(curve.mean))
            axes.fill_between(depth, *(one[1:] for one in band(curve.drawn)), color=shade, alpha=0.6, lw=0)
            axes.plot(depth, curve.mean[1:], style, color=color, ms=3, label=label)
        axes.axhline(0.5, color="0.3", lw=0.8, ls=":")
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("layer")
        axes.set_ylabel("agreement with the last layer")
        axes.legend(fontsize=8)
    report.figure(
        "Agreement by layer",
        figure,
        "Share of paths on which a layer says what the last one says, for right and wrong answers, with 95 % "
        "intervals over resampled questions; the dotted line is chance.",
    )
