"""Drawings: ROC curves, maps of heads, sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

Curves = Mapping[str, tuple[np.ndarray, np.ndarray]]


def sweeps(lines: Mapping[str, tuple[Sequence[int], Sequence[Sequence[float]]]]) -> Figure:
    """Draw the area against numbers of something, with its range over seeds."""
    figure = Figure(figsize=(7, 2.8), layout="constrained")
    panels = figure.subplots(1, len(lines), sharey=True, squeeze=False)[0]
    for axes, (label, (values, rows)) in zip(panels, lines.items(), strict=True):
        mean = np.array([np.mean(row) for row in rows])
        ends = np.array([[np.min(row), np.max(row)] for row in rows]).T
        axes.errorbar(values, mean, yerr=np.abs(ends - mean), marker="o", ms=4, capsize=3)
        axes.axhline(0.5, color="0.6", lw=0.8)
        axes.set(xscale="log", xlabel=label, ylim=(0.3, 1.02))
        axes.set_xticks(list(values), [str(value) for value in values])
        axes.minorticks_off()
    panels[0].set_ylabel("ROC AUC")
    return figure


def roc_curves(tasks: Mapping[str, Curves]) -> Figure:
    """Draw the ROC curves of each task's rankings: (scores, truth) by name."""
    figure = Figure(figsize=(3.1 * len(tasks), 3.2), layout="constrained")
    panels = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    for axes, (task, curves) in zip(panels, tasks.items(), strict=True):
        for name, (scores, truth) in curves.items():
            false, true, _ = roc_curve(truth.ravel(), scores.ravel())
            axes.plot(false, true, lw=1.4, label=name)
        axes.plot([0, 1], [0, 1], color="0.6", lw=0.8)
        axes.set(title=task, xlabel="false positive rate", aspect="equal")
    panels[0].set_ylabel("true positive rate")
    panels[-1].legend(frameon=False, fontsize=7, loc="lower right")
    return figure


def head_maps(tasks: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw, for each task, the scores (layers, heads) and the effects of patching beside them."""
    figure = Figure(figsize=(2.3 * 2 * len(tasks), 4.6), layout="constrained")
    panels = figure.subplots(1, 2 * len(tasks), sharey=True, squeeze=False)[0]
    for number, (task, (scores, effects)) in enumerate(tasks.items()):
        left, right = panels[2 * number : 2 * number + 2]
        shown = left.imshow(scores, aspect="auto", cmap="viridis", interpolation="nearest")
        figure.colorbar(shown, ax=left, location="bottom", label="codes of its own")
        most = float(np.abs(effects).max())
        shown = right.imshow(effects, aspect="auto", cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest")
        figure.colorbar(shown, ax=right, location="bottom", label="share lost")
        left.set(title=task, xlabel="head")
        right.set(title="patching", xlabel="head")
        for axes in (left, right):
            axes.set_xticks(range(0, scores.shape[1], 2))
    panels[0].set_ylabel("layer")
    return figure
