"""Figures of the heads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from seme.interp.heads.retrieval import RetrievalPrompt, RetrievalScores
from seme.report import Report


def draw_heads_map(report: Report, mean: np.ndarray, threshold: float) -> None:
    """Draw the score of every head, layers from left to right."""
    layers, heads = mean.shape
    figure = Figure(figsize=(max(4.5, 0.28 * layers + 1.6), 0.28 * heads + 1.3), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(mean.T, cmap="Greys", vmin=0, vmax=1, aspect="equal")
    for layer, head in np.argwhere(mean >= threshold):
        dark = mean[layer, head] > 0.5
        axes.text(
            layer,
            head,
            f"{100 * mean[layer, head]:.0f}",
            ha="center",
            va="center",
            fontsize=6,
            color="white" if dark else "black",
        )
    axes.set_xticks(np.arange(0, layers, 2 if layers > 12 else 1))
    axes.set_yticks(np.arange(heads))
    axes.set(xlabel="layer", ylabel="head")
    figure.colorbar(shown, ax=axes, label="retrieval score", shrink=0.9)
    report.figure(
        "Score of every head",
        figure,
        "Mean share of the answer that each head copied. Numbers, in per cent, stand where a head is a retrieval head.",
    )


def draw_frequency(report: Report, scores: RetrievalScores, threshold: float) -> None:
    """Draw score against the share of prompts in which a head is active."""
    figure = Figure(figsize=(5, 3.4), layout="constrained")
    axes = figure.subplots()
    chosen = scores.mean >= threshold
    axes.plot(scores.frequency[~chosen], scores.mean[~chosen], "o", mfc="none", color="0.5", ms=4, label="other heads")
    axes.plot(scores.frequency[chosen], scores.mean[chosen], "D", color="black", ms=4, label="retrieval heads")
    axes.axhline(threshold, color="0.4", lw=0.8, ls="--")
    axes.set(xlabel="share of prompts in which the head copies", ylabel="retrieval score")
    axes.legend(frameon=False, fontsize=8)
    report.figure(
        "Activity and score",
        figure,
        "Each mark is a head: how often it copies anything, and how much of the answer on average. The broken line is "
        "the threshold.",
    )


def draw_lengths(report: Report, prompts: Sequence[RetrievalPrompt], scores: RetrievalScores) -> None:
    """Draw what was answered by length of the prompt and depth of the fact."""
    lengths = sorted({len(prompt.ids) for prompt in prompts})
    rows = [
        [recall for prompt, recall in zip(prompts, scores.recalls, strict=True) if len(prompt.ids) == length]
        for length in lengths
    ]
    figure = Figure(figsize=(5.4, 0.5 * len(lengths) + 1.4), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(rows, cmap="Greys_r", vmin=0, vmax=1, aspect="auto")
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            axes.text(
                column,
                row,
                f"{100 * value:.0f}",
                ha="center",
                va="center",
                fontsize=7,
                color="black" if value > 0.5 else "white",
            )
    axes.set_yticks(np.arange(len(lengths)), [str(length) for length in lengths])
    axes.set_xticks(np.arange(len(rows[0])), [f"{depth:.0%}" for depth in np.linspace(0, 1, len(rows[0]))], fontsize=7)
    axes.set(xlabel="depth of the fact", ylabel="tokens")
    figure.colorbar(shown, ax=axes, label="recall")
    report.figure(
        "Answers by length and depth",
        figure,
        "Share of the answer's words, in per cent, that the model wrote with all its heads. Four facts take turns.",
    )


def draw_masked(report: Report, prompts: Sequence[RetrievalPrompt], found: dict[str, np.ndarray]) -> None:
    """Draw what was answered under masks by length of the prompt and depth of the fact."""
    lengths, depths = sorted({len(one.ids) for one in prompts}), sorted({one.depth for one in prompts})
    figure = Figure(figsize=(2.9 * len(found), 0.45 * len(lengths) + 1.5), layout="constrained")
    panels = figure.subplots(1, len(found), sharey=True)
    for panel, (name, recalls) in zip(panels, found.items(), strict=True):
        cells = np.full((len(lengths), len(depths)), np.nan)
        for prompt, recall in zip(prompts, recalls, strict=True):
            cells[lengths.index(len(prompt.ids)), depths.index(prompt.depth)] = recall
        shown = panel.imshow(cells, cmap="Greys_r", vmin=0, vmax=1, aspect="auto")
        for row, column in np.argwhere(np.isfinite(cells)):
            panel.text(
                column,
                row,
                f"{100 * cells[row, column]:.0f}",
                ha="center",
                va="center",
                fontsize=7,
                color="black" if cells[row, column] > 0.5 else "white",
            )
        panel.set_xticks(np.arange(len(depths)), [f"{one:.0%}" for one in depths], fontsize=7)
        panel.set_yticks(np.arange(len(lengths)), [str(one) for one in lengths])
        panel.set_title(name, fontsize=9)
        panel.set_xlabel("depth of the fact", fontsize=8)
    panels[0].set_ylabel("tokens")
    figure.colorbar(shown, ax=panels, label="recall")
    report.figure(
        "Answers by length and depth under masks",
        figure,
        "Share of the answer's words, in per cent, with all heads, without the top ones, and without random ones (mean "
        "of the draws).",
    )
