"""Another family of probes on the same recordings: random forests, which bend where logistic regression is straight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from seme.experiment import Context
from seme.experiments.clear import clearly_above
from seme.experiments.concept_depth.curves import PANELS, STYLES, Curve, score
from seme.experiments.concept_depth.tasks import Task
from seme.experiments.intervals import interval
from seme.interp.depth import concept_depth, sampled_depths
from seme.interp.probes import ForestProbe, LayerScores
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p36_concept_depth import ConceptDepthSettings

_SPLITS = 2


def add(
    report: Report, tasks: list[Task], found: dict[str, Curve], settings: ConceptDepthSettings, context: Context
) -> None:
    """Fit a forest at every layer, and claim that it finds the same order."""
    order = (
        "A random forest, too, reads what is simple earlier than knowledge (depth at 0.8, continents less sentiment)"
    )
    if not settings.other_probes or not {"sentiment", "continents"} <= set(found):
        report.claim(Claim.not_tested(order, "Not asked for: see --other-probes and --tasks."))
        return
    probe = ForestProbe(settings.trees, leaf=2, seed=context.seed)
    grown = {
        task.name: score(task, found[task.name].states, settings, context, probe=probe, splits=_SPLITS)
        for task in context.progress(tasks, "Random forests")
    }
    _claim(report, order, grown, found, settings, context)
    rows = []
    for task in tasks:
        trees, curve = grown[task.name], found[task.name]
        depth = concept_depth(trees.mean[1:])
        agreed = float(spearmanr(trees.mean, curve.scores.mean).statistic)
        rows.append(
            [
                task.name,
                depth.peak,
                curve.depth.peak,
                depth.peak_depth,
                depth.nine_tenths,
                curve.depth.nine_tenths,
                depth.reached,
                curve.depth.reached,
                agreed,
            ]
        )
    columns = [
        "task",
        "peak, forest",
        "peak, logistic",
        "depth of peak, forest",
        "d_90, forest",
        "d_90, logistic",
        "d at 0.8, forest",
        "d at 0.8, logistic",
        "rank correlation of the curves",
    ]
    report.table(f"Random forests of {settings.trees} trees", columns, rows)
    _draw(report, grown, found, settings, context)


def _claim(
    report: Report,
    order: str,
    grown: dict[str, LayerScores],
    found: dict[str, Curve],
    settings: ConceptDepthSettings,
    context: Context,
) -> None:
    depths = {name: concept_depth(grown[name].mean[1:]).reached for name in ("sentiment", "continents")}
    drawn = {
        name: sampled_depths(grown[name].bootstrap(settings.samples, context.rng("forest", name))[:, 1:])["reached"]
        for name in depths
    }
    layers = len(grown["sentiment"].names) - 1
    never = 1 + 1 / layers
    gap = (depths["continents"] or never) - (depths["sentiment"] or never)
    report.claim(
        clearly_above(
            order,
            gap,
            interval(drawn["continents"] - drawn["sentiment"]),
            floor=1 / layers,
            paper_value="two families of probes",
            note="Never counts as one layer beyond the last; the forest "
            + ("never gets there for continents." if depths["continents"] is None else "gets there."),
        )
    )
    behind, samples = [], []
    for name, trees in grown.items():
        # Both families were tested on the same first splits of the same seed only where there are as many.
        behind.append(found[name].scores.accuracy[:, :_SPLITS].mean(axis=1).max() - trees.mean.max())
        straight = found[name].scores.bootstrap(settings.samples, context.rng("forest", name)).max(axis=1)
        samples.append(straight - trees.bootstrap(settings.samples, context.rng("forest", name)).max(axis=1))
    report.claim(
        clearly_above(
            "A straight line reads as much as a forest (peak accuracy, logistic less forest, mean over "
            "tasks; a point counts as none)",
            float(np.mean(behind)),
            interval(np.mean(samples, axis=0)),
            floor=-0.01,
        )
    )


def _draw(
    report: Report,
    grown: dict[str, LayerScores],
    found: dict[str, Curve],
    settings: ConceptDepthSettings,
    context: Context,
) -> None:
    names = [name for name in PANELS[0] if name in grown]
    figure = Figure(figsize=(2.8 * len(names) + 0.4, 3.1), layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        depth = np.linspace(0, 1, len(grown[name].names))
        bands = (found[name].band, grown[name].band(context.rng("forest band", name), count=settings.samples))
        curves = ((found[name].scores.mean, "logistic"), (grown[name].mean, "random forest"))
        for (mean, label), band, (marker, line) in zip(curves, bands, STYLES, strict=False):
            axes.plot(depth, mean, marker=marker, ls=line, ms=3, label=label)
            axes.fill_between(depth, *band, alpha=0.15)
        axes.axhline(0.5, color="black", lw=0.8)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("relative depth")
    panels[0].set_ylabel("accuracy on held-out groups")
    panels[0].legend(fontsize=7, loc="lower right")
    report.figure(
        "Two families of probes",
        figure,
        "Accuracy by layer of a logistic probe and of a random forest, with 95 % bands by bootstrap over groups.",
    )
