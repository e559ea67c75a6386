"""The curves of accuracy over layers, their depths, and the claims of order."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.clear import clearly_above
from seme.experiments.concept_depth.recording import Recorder
from seme.experiments.concept_depth.tasks import LEVELS, MAIN, Task
from seme.experiments.intervals import interval
from seme.interp.depth import ConceptDepth, concept_depth, depth_interval, sampled_depths
from seme.interp.probes import ForestProbe, LayerScores, LayerStates, Probe, probe_layers
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p36_concept_depth import ConceptDepthSettings

STYLES = (("o", "-"), ("s", "--"), ("^", ":"), ("D", "-."))
PANELS = (
    ("sentiment", "continents", "coin"),
    ("living", "keywords", "kinds"),
    ("reviews", "glosses", "order", "negation"),
)
_DEPTHS = tuple(field.name for field in fields(ConceptDepth))


@dataclass(frozen=True, slots=True)
class Curve:
    """Scores of one task's probes, its depths with samples of the bootstrap, and the seconds that the fits took."""

    states: LayerStates
    scores: LayerScores
    depth: ConceptDepth
    samples: dict[str, np.ndarray]
    band: tuple[np.ndarray, np.ndarray]
    seconds: float


def add(
    report: Report, tasks: list[Task], recorder: Recorder, settings: ConceptDepthSettings, context: Context
) -> dict[str, Curve]:
    """Return the curve of each task."""
    found = {}
    for task in context.progress(tasks, "Tasks"):
        states = recorder.timed(task.name, task.texts)
        began = time.process_time()
        scores = score(task, states, settings, context)
        found[task.name] = _curve(states, scores, time.process_time() - began, settings, context, task.name)
    _claim_order(report, found)
    _add_tables(report, tasks, found)
    _draw(report, found)
    return found


def score(
    task: Task,
    states: LayerStates,
    settings: ConceptDepthSettings,
    context: Context,
    *,
    shuffled: bool = False,
    probe: Probe | ForestProbe | None = None,
    splits: int | None = None,
) -> LayerScores:
    """Probe every layer; splits follow from the seed, so that conditions are compared on the same texts."""
    return probe_layers(
        states,
        task.labels,
        groups=task.groups,
        probe=probe or Probe(penalty=settings.penalty),
        splits=splits or settings.splits,
        seed=context.seed,
        shuffled=shuffled,
        progress=context.progress,
    )


def _curve(
    states: LayerStates,
    scores: LayerScores,
    seconds: float,
    settings: ConceptDepthSettings,
    context: Context,
    name: str,
) -> Curve:
    drawn = scores.bootstrap(settings.samples, context.rng("bootstrap", name))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    # The embeddings are layer 0 and no block: the paper's curve begins after the first block.
    return Curve(states, scores, concept_depth(scores.mean[1:]), sampled_depths(drawn[:, 1:]), (low, high), seconds)


def _claim_order(report: Report, found: dict[str, Curve]) -> None:
    present = [name for name in MAIN if name in found]
    for harder, what in (("continents", "knowledge"), ("coin", "parity")):
        statement = f"What is simple is readable earlier than {what} (depth at 0.8, {harder} less sentiment)"
        if "sentiment" not in found or harder not in found:
            report.claim(Claim.not_tested(statement, "The tasks were not run: see --tasks."))
            continue
        gaps = found[harder].samples["reached"] - found["sentiment"].samples["reached"]
        low, high = depth_interval(gaps)
        report.claim(
            Claim.at_least(
                f"{statement}: lower end of the 95 % interval",
                measured=low,
                floor=1 / (found[harder].scores.accuracy.shape[0] - 1),
                spread=(low, high),
                paper_value="simple tasks in shallow layers, complex ones deeper",
                note=f"First layer with accuracy 0.8, of its model's depth: sentiment "
                f"{_said(found['sentiment'].depth.reached)}, {harder} "
                f"{_said(found[harder].depth.reached)}. The floor is one layer; never counts as one "
                f"layer beyond the last.",
            )
        )
    statement = "Peak accuracy falls in the same order"
    if len(present) < 3:
        report.claim(Claim.not_tested(statement, "The tasks were not run: see --tasks."))
        return
    spans = ", ".join(f"{name} {found[name].depth.peak:.3f} ({_span(found[name].samples['peak'])})" for name in MAIN)
    for higher, lower in pairwise(MAIN):
        report.claim(
            clearly_above(
                f"{statement} ({higher} less {lower})",
                found[higher].depth.peak - found[lower].depth.peak,
                interval(found[higher].samples["peak"] - found[lower].samples["peak"]),
                paper_value="simple tasks end near 1, Coinflip and StrategyQA stay low",
                note=f"{spans}.",
            )
        )
    report.claim(
        Claim.not_tested(
            "Larger models of a family peak higher and earlier",
            "There is one language model offline; --model takes another.",
            paper_value="Gemma, LLaMA-2 and Qwen1.5 of several sizes",
        )
    )


def _said(depth: float | None) -> str:
    return "never" if depth is None else f"{depth:.2f}"


def _span(samples: np.ndarray) -> str:
    low, high = depth_interval(samples)
    return f"{low:.2f} to {high:.2f}"


def _add_tables(report: Report, tasks: list[Task], found: dict[str, Curve]) -> None:
    names = {
        "jump": "jump point J",
        "converging": "converging point C",
        "peak": "peak accuracy",
        "peak_depth": "depth of peak",
        "nine_tenths": "d_90",
        "reached": "d at 0.8",
    }
    rows = []
    for task in tasks:
        curve = found[task.name]
        jump_from_embeddings = concept_depth(curve.scores.mean[1:], before=float(curve.scores.mean[0])).jump
        cells = [f"{_said(getattr(curve.depth, name))} ({_span(curve.samples[name])})" for name in _DEPTHS]
        rows.append([task.name, task.level, len(task.texts), *cells, _said(jump_from_embeddings)])
    columns = ["task", "level", "texts", *(names[name] for name in _DEPTHS), "J, embeddings counted"]
    report.table("Concept depth (95 % intervals by bootstrap over groups)", columns, rows)
    rows = []
    for name, curve in found.items():
        best, scores = curve.scores.best, curve.scores
        rows.append(
            [
                name,
                best,
                *(float(one[best].mean()) for one in (scores.accuracy, scores.balanced, scores.f1, scores.auc)),
                float(scores.accuracy[best].std()),
                len(scores.unconverged),
            ]
        )
    columns = [
        "task",
        "best layer",
        "accuracy",
        "balanced accuracy",
        "F1 of label 1",
        "AUC",
        "sd over splits",
        "layers not converged",
    ]
    report.table("Probes at the best layer", columns, rows)
    layers = next(iter(found.values())).scores.names
    rows = [
        [number, site, *(float(curve.scores.mean[number]) for curve in found.values())]
        for number, site in enumerate(layers)
    ]
    report.table("Accuracy at every layer", ["layer", "site", *found], rows)


def _draw(report: Report, found: dict[str, Curve]) -> None:
    groups = [[name for name in panel if name in found] for panel in PANELS]
    groups = [names for names in groups if names]
    figure = Figure(figsize=(3.4 * len(groups) + 0.4, 3.6), layout="constrained")
    panels = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
    for axes, names in zip(panels, groups, strict=True):
        for name, (marker, line) in zip(names, STYLES, strict=False):
            curve = found[name]
            depth = np.linspace(0, 1, len(curve.scores.names))
            axes.plot(depth, curve.scores.mean, marker=marker, ls=line, ms=3.5, label=f"{name} ({LEVELS[name]})")
            axes.fill_between(depth, *curve.band, alpha=0.15)
        axes.axhline(0.5, color="black", lw=0.8)
        axes.axhline(0.8, color="0.6", lw=0.8, ls=(0, (2, 2)))
        axes.set_xlabel("relative depth (0: embeddings)")
        axes.legend(fontsize=7, loc="lower right")
    panels[0].set_ylabel("accuracy on held-out groups")
    report.figure(
        "Accuracy by layer",
        figure,
        "Accuracy of a logistic probe at each layer, with 95 % bands by bootstrap over groups; chance is 0.5, and 0.8 "
        "is the threshold of the depth that the claims compare.",
    )
