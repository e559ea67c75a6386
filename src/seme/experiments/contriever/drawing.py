"""The figure: Recall@100 and nDCG@10 by collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.contriever.judging import MEASURES, chance, mean
from seme.experiments.contriever.measuring import BM25, GLOVE, MAIN, TUNED, UNTRAINED, Found
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.contriever.material import Material

_LOOKS = {BM25: ("0.15", ""), GLOVE: ("0.45", ""), UNTRAINED: ("0.7", ""), MAIN: ("1.0", "///"), TUNED: ("0.9", "...")}


def add(report: Report, found: Found, material: Material) -> None:
    """Draw what BM25, word vectors and students find."""
    names = list(material.corpora)
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    for axes, measure in zip(figure.subplots(2, 1, sharex=True), MEASURES, strict=True):
        for i, (system, (grey, hatch)) in enumerate(_LOOKS.items()):
            runs = found.systems[system]
            values = np.array([[mean(one, measure, name) for name in names] for one in runs])
            places = np.arange(len(names)) + (i - 2) * 0.16
            spread = [values.mean(0) - values.min(0), values.max(0) - values.mean(0)] if len(runs) > 1 else None
            axes.bar(
                places,
                values.mean(0),
                0.16,
                yerr=spread,
                color=grey,
                hatch=hatch,
                edgecolor="black",
                lw=0.5,
                label=system,
                error_kw={"lw": 0.8},
            )
        axes.set(ylabel=measure, ylim=(0, 1))
        if axes is figure.axes[0]:
            random = chance(material)
            for i, name in enumerate(names):
                axes.plot([i - 0.42, i + 0.42], [random[name]] * 2, color="black", ls=":", lw=1)
            axes.legend(ncols=5, fontsize=7, frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.2))
    figure.axes[1].set_xticks(range(len(names)), names, rotation=15, fontsize=8)
    report.figure(
        "Collections",
        figure,
        "What BM25, averaged word vectors, the untrained student, the one trained on crops and the fine-tuned one "
        "(hatched) find; ranges over seeds, and a random ranking's Recall@100 (dotted).",
    )
