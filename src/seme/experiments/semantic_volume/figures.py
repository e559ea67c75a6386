"""Drawings: how well scores separate, and what samples and components do."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seme.experiments.intervals import interval
from seme.experiments.semantic_volume.external import External
from seme.experiments.semantic_volume.internal import Internal, Point
from seme.experiments.semantic_volume.scoring import VOLUME, Scored
from seme.report import Report


def draw(report: Report, internal: Internal, external: External) -> None:
    """Add both figures."""
    _draw_scores(report, internal.scored, external.model)
    _draw_ablations(report, internal)


def _draw_scores(report: Report, answers: Scored, requests: Scored) -> None:
    figure = Figure(figsize=(8.2, 4), layout="constrained")
    for axes, scored, title in zip(
        figure.subplots(1, 2), (answers, requests), ("wrong answers", "ambiguous requests"), strict=True
    ):
        names = sorted(scored.areas, key=lambda name: scored.areas[name])
        for place, name in enumerate(names):
            low, high = scored.interval(name)
            own = name == VOLUME
            axes.plot([low, high], [place, place], "-", color="black" if own else "0.6", lw=2 if own else 1.2)
            axes.plot(scored.areas[name], place, "D" if own else "o", color="black" if own else "0.4", ms=6)
        axes.axvline(0.5, color="0.3", lw=0.8, ls=":")
        axes.set_yticks(range(len(names)), names, fontsize=8)
        axes.set_xlabel("AUROC, 95 % interval")
        axes.set_title(title, fontsize=10)
    report.figure(
        "Scores",
        figure,
        "How well each score tells uncertain questions from certain ones on the test part: the diamond is semantic "
        "volume, the dotted line is chance.",
    )


def _draw_ablations(report: Report, internal: Internal) -> None:
    figure = Figure(figsize=(7.4, 3), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _band(left, internal.by_count, "o-")
    left.set_xticks(sorted(internal.by_count))
    left.set_xlabel("samples of a question")
    left.set_ylabel("AUROC, wrong answers")
    dims = sorted(internal.by_dims)
    _band(right, internal.by_dims, "s--")
    right.set_xscale("log")
    right.set_xticks(dims, [str(one) for one in dims])
    right.minorticks_off()
    right.set_xlabel("principal components")
    report.figure(
        "Samples and components",
        figure,
        "Semantic volume with fewer samples (mean over subsets), and with other numbers of principal components at the "
        "epsilon that was chosen; bands are 95 % intervals over resampled questions.",
    )


def _band(axes: Axes, points: dict[int, Point], style: str) -> None:
    places = sorted(points)
    low, high = np.array([interval(points[one].resampled) for one in places]).T
    axes.fill_between(places, low, high, color="0.85", lw=0)
    axes.plot(places, [points[one].area for one in places], style, color="black")
