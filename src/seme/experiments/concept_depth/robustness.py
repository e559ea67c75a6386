"""What words without meaning and coarser weights do to the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.clear import clearly_above, clearly_below
from seme.experiments.concept_depth.curves import STYLES, Curve, score
from seme.experiments.concept_depth.recording import Recorder
from seme.experiments.concept_depth.tasks import MAIN, Task
from seme.experiments.intervals import interval
from seme.interp.depth import concept_depth, sampled_depths, with_noise
from seme.interp.probes import LayerScores
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p36_concept_depth import ConceptDepthSettings

_SHALLOW = 0.3
_POINT = 0.01
Pairs = dict[str, tuple[LayerScores, LayerScores]]
"""By task: scores as it is, and disturbed, on the same texts and splits."""


def add(
    report: Report,
    tasks: list[Task],
    recorder: Recorder,
    found: dict[str, Curve],
    settings: ConceptDepthSettings,
    context: Context,
) -> None:
    """Disturb texts and weights, and compare with the same texts undisturbed."""
    main = [task for task in tasks if task.name in MAIN]
    if not main:
        report.notes.append(f"Nothing was disturbed: none of {', '.join(MAIN)} is among --tasks.")
        return
    parts = {task.name: task.first(settings.perturbed) for task in main}
    whole = {
        name: score(part, found[name].states.take(range(len(part.texts))), settings, context)
        for name, part in parts.items()
    }
    noisy: Pairs = {}
    for task in main:
        texts = with_noise(task.texts, context.rng("noise", task.name))
        states = recorder.plain(f"noisy {task.name}", texts)
        noisy[task.name] = (found[task.name].scores, score(task, states, settings, context))
    _claim_noise(report, noisy, settings, context)
    coarse: dict[int, Pairs] = {
        bits: {
            name: (whole[name], score(part, recorder.coarser(name, part.texts, bits), settings, context))
            for name, part in parts.items()
        }
        for bits in settings.bits
    }
    _claim_bits(report, coarse, settings, context)
    conditions = {"noise": noisy, **{f"{bits} bits": pairs for bits, pairs in coarse.items()}}
    _add_table(report, conditions, settings, context)
    _draw(report, conditions, settings, context)


def _samples(
    plain: LayerScores, other: LayerScores, settings: ConceptDepthSettings, context: Context, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return accuracies (samples, layers) of both conditions, over the same samples of groups."""
    before, after = (one.bootstrap(settings.samples, context.rng("paired", name)) for one in (plain, other))
    return before, after


def _shallow(pairs: Pairs, settings: ConceptDepthSettings, context: Context) -> tuple[float, np.ndarray]:
    """Return the mean gain at shallow layers, over tasks, and the same over samples of groups."""
    gains, drawn = [], []
    for name, (plain, other) in pairs.items():
        depth = len(plain.names) - 1
        few = slice(1, max(2, int(np.ceil(_SHALLOW * depth))))  # i/d < 0.3
        gains.append(float((other.mean - plain.mean)[few].mean()))
        before, after = _samples(plain, other, settings, context, name)
        drawn.append((after - before)[:, few].mean(axis=1))
    return float(np.mean(gains)), np.mean(drawn, axis=0)


def _claim_noise(report: Report, noisy: Pairs, settings: ConceptDepthSettings, context: Context) -> None:
    depth = len(next(iter(noisy.values()))[0].names) - 1
    moves, drawn = {}, []
    for name, (plain, other) in noisy.items():
        moves[name] = concept_depth(other.mean[1:]).converging - concept_depth(plain.mean[1:]).converging
        before, after = _samples(plain, other, settings, context, name)
        drawn.append(sampled_depths(after[:, 1:])["converging"] - sampled_depths(before[:, 1:])["converging"])
    report.claim(
        clearly_above(
            "Noise does not let curves converge earlier by more than a layer (move of the converging point, "
            "mean over tasks)",
            float(np.mean(list(moves.values()))),
            interval(np.mean(drawn, axis=0)),
            floor=-1 / depth,
            paper_value="noise delays convergence",
            note="; ".join(f"{name} {move:+.2f}" for name, move in moves.items())
            + ". Changes of 3 % are within the noise of so few test texts, and so is C.",
        )
    )
    mean, samples = _shallow(noisy, settings, context)
    report.claim(
        clearly_below(
            "Noise makes shallow layers (depth below 0.3) less accurate (gain, mean over tasks)",
            mean,
            interval(samples),
            paper_value="understanding moves to deeper layers",
        )
    )


def _claim_bits(report: Report, coarse: dict[int, Pairs], settings: ConceptDepthSettings, context: Context) -> None:
    for bits in (8, 4):
        statement = (
            f"Weights of {bits} bits make shallow layers no more accurate (gain, mean over tasks; a point counts"
        )
        statement += " as none)"
        if bits not in coarse:
            report.claim(Claim.not_tested(statement, f"Not among --bits {settings.bits}."))
            continue
        mean, samples = _shallow(coarse[bits], settings, context)
        report.claim(
            clearly_below(
                statement,
                mean,
                interval(samples),
                ceiling=_POINT,
                paper_value="8 bits push understanding deeper",
                note=f"{settings.perturbed} texts a task at most; only weights are rounded.",
            )
        )
    statement = (
        "Weights of 16 bits are as good as those of 32 at every layer (largest gap of accuracy, mean over tasks)"
    )
    if 16 not in coarse:
        report.claim(Claim.not_tested(statement, f"Not among --bits {settings.bits}."))
        return
    gaps = {name: np.abs(other.mean - plain.mean) for name, (plain, other) in coarse[16].items()}
    worst = max(gaps, key=lambda name: float(gaps[name].max()))
    drawn = []
    for name, (plain, other) in coarse[16].items():
        before, after = _samples(plain, other, settings, context, name)
        drawn.append(after - before)
    signed = np.mean([other.mean - plain.mean for plain, other in coarse[16].values()], axis=0)
    report.claim(
        clearly_below(
            statement,
            float(np.abs(signed).max()),
            interval(np.abs(np.mean(drawn, axis=0)).max(axis=1)),
            ceiling=_POINT,
            paper_value="16 bits as 32",
            note=f"Largest in one task: {gaps[worst].max():.4f}, at layer {int(gaps[worst].argmax())} of "
            f"{worst}. Weights are rounded to bfloat16; products are computed in float32.",
        )
    )


def _add_table(report: Report, conditions: dict[str, Pairs], settings: ConceptDepthSettings, context: Context) -> None:
    rows = []
    for condition, pairs in conditions.items():
        for name, (plain, other) in pairs.items():
            mean, samples = _shallow({name: (plain, other)}, settings, context)
            low, high = interval(samples)
            one, two = concept_depth(plain.mean[1:]), concept_depth(other.mean[1:])
            rows.append(
                [
                    condition,
                    name,
                    int((plain.tested > 0).sum()),
                    mean,
                    f"{low:.3f} to {high:.3f}",
                    one.peak,
                    two.peak,
                    one.converging,
                    two.converging,
                    one.reached,
                    two.reached,
                ]
            )
    columns = [
        "condition",
        "task",
        "texts tested",
        "gain, shallow",
        "95 % interval",
        "peak",
        "peak, disturbed",
        "C",
        "C, disturbed",
        "d at 0.8",
        "d at 0.8, disturbed",
    ]
    report.table("Noise and coarser weights", columns, rows)


def _draw(report: Report, conditions: dict[str, Pairs], settings: ConceptDepthSettings, context: Context) -> None:
    names = list(next(iter(conditions.values())))
    figure = Figure(figsize=(2.6 * len(names) + 0.6, 3), layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        for (condition, pairs), (marker, line) in zip(conditions.items(), STYLES, strict=False):
            plain, other = pairs[name]
            depth = np.linspace(0, 1, len(plain.names))
            axes.plot(depth, other.mean - plain.mean, marker=marker, ls=line, ms=3, label=condition)
            if condition == "noise":
                before, after = _samples(plain, other, settings, context, name)
                axes.fill_between(depth, *np.quantile(after - before, [0.025, 0.975], axis=0), alpha=0.15)
        axes.axhline(0, color="black", lw=0.8)
        axes.axvline(_SHALLOW, color="0.6", lw=0.8, ls=(0, (2, 2)))
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("relative depth")
    panels[0].set_ylabel("accuracy less that undisturbed")
    panels[0].legend(fontsize=7)
    report.figure(
        "Disturbed",
        figure,
        "What words without meaning before the text, and weights of fewer bits, change in the accuracy of each layer; "
        "layers left of the dashed line count as shallow. The band holds 95 % of samples of groups, for the noise.",
    )
