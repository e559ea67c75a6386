"""All figures, which differences are significant, and two drawings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.interpolation.cell import MIXED, SYSTEMS, Cell
from seme.experiments.interpolation.claims import ranks
from seme.experiments.interpolation.measuring import MEASURES
from seme.report import Report
from seme.retrieval.significance import holm, paired_t

if TYPE_CHECKING:
    from seme.experiments.p28_interpolation import InterpolationSettings

_GREYS = ("0.95", "0.8", "0.65", "0.5", "0.35", "0.2", "0.0")
_LINES = {"hybrid": ":", "pre": "--", "post": "-.", "both": "-"}


def add(report: Report, cells: Sequence[Cell], settings: InterpolationSettings) -> None:
    """Add baselines, tables and figures."""
    for system in ("sparse", "dense", "hybrid", "PRF only"):
        report.baseline(
            system, {measure: float(np.mean([cell.mean(system, measure) for cell in cells])) for measure in MEASURES}
        )
    for measure in MEASURES:
        report.table(
            f"{measure} on the test queries",
            ["collection", "sparse", "dense", *SYSTEMS],
            [[*_names(cell), *(cell.mean(one, measure) for one in SYSTEMS)] for cell in cells],
        )
    report.table(
        "Mean rank over cells and measures", list(SYSTEMS), [[float(np.mean(ranks(cells)[one])) for one in SYSTEMS]]
    )
    report.table(
        "Weights of the sparse scores, chosen on the validation queries",
        ["collection", "sparse", "dense", *MIXED],
        [[*_names(cell), *(cell.alphas[one] for one in MIXED)] for cell in cells],
    )
    _add_significance(report, cells)
    _draw_systems(report, cells)
    _draw_weights(report, cells)
    _add_notes(report, settings)


def _names(cell: Cell) -> tuple[str, str, str]:
    return cell.collection, cell.sparse, cell.dense


def _add_significance(report: Report, cells: Sequence[Cell]) -> None:
    tests = {
        (number, rival): paired_t(cell.values[rival]["nDCG@10"], cell.values["both"]["nDCG@10"])
        for number, cell in enumerate(cells)
        for rival in ("sparse", "dense", "hybrid", "PRF only", "post")
    }
    corrected = dict(zip(tests, holm([one.p for one in tests.values()]), strict=True))
    report.table(
        "Both places less another system (nDCG@10, paired t over queries, Holm over all rows)",
        ["collection", "sparse", "dense", "other", "difference", "p"],
        [
            [*_names(cells[number]), rival, test.difference, corrected[number, rival]]
            for (number, rival), test in tests.items()
        ],
    )
    rows = []
    for rival in ("sparse", "dense", "hybrid", "PRF only", "post"):
        found = [(test.difference, corrected[key]) for key, test in tests.items() if key[1] == rival]
        won = sum(d > 0 and p < 0.05 for d, p in found)
        lost = sum(d < 0 and p < 0.05 for d, p in found)
        rows.append([rival, float(np.mean([d for d, _ in found])), won, lost, len(found) - won - lost])
    report.table(
        "Both places against another system: significant at 0.05 (nDCG@10)",
        ["other", "mean difference", "better", "worse", "neither"],
        rows,
    )


def _draw_systems(report: Report, cells: Sequence[Cell]) -> None:
    names = list(dict.fromkeys(cell.collection for cell in cells))
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes, width = figure.subplots(), 0.8 / len(SYSTEMS)
    for i, system in enumerate(SYSTEMS):
        heights = [np.mean([cell.mean(system) for cell in cells if cell.collection == name]) for name in names]
        places = np.arange(len(names)) + (i - len(SYSTEMS) / 2 + 0.5) * width
        axes.bar(places, heights, width, label=system, color=_GREYS[i], edgecolor="black", lw=0.5)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("nDCG@10")
    axes.legend(ncols=4, fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.25))
    report.figure(
        "Systems", figure, "nDCG@10 of the seven systems on each collection, mean over the pairs of retrievers."
    )


def _draw_weights(report: Report, cells: Sequence[Cell]) -> None:
    names = list(dict.fromkeys(cell.collection for cell in cells))
    figure = Figure(figsize=(2.6 * len(names), 2.8), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        own = [cell for cell in cells if cell.collection == name]
        for system, line in _LINES.items():
            weights = list(own[0].sweep[system])
            means = [np.mean([cell.sweep[system][alpha] for cell in own]) for alpha in weights]
            axes.plot(weights, means, line, color="black", label=system)
        axes.set(title=name, xlabel="weight of the sparse scores")
        axes.title.set_fontsize(9)
    figure.axes[0].set_ylabel("nDCG@10, validation")
    figure.axes[0].legend(fontsize=8, frameon=False)
    report.figure(
        "Weights", figure, "nDCG@10 on the validation queries by the weight of the sparse scores, mean over the pairs."
    )


def _add_notes(report: Report, settings: InterpolationSettings) -> None:
    report.note(
        f"TREC Deep Learning and MS MARCO are stood in for by {', '.join(settings.collections)}; each has "
        f"{settings.documents} documents or as many as are right for its {settings.queries} validation and "
        f"{settings.queries} test queries, and lists are {settings.depth} deep, not 1000."
    )
    report.note(
        f"ANCE, TCT-ColBERT and DistilBERT are stood in for by {', '.join(settings.dense)}. Scores are scaled to 0..1 "
        "for each query before they are mixed, so that a weight means the same for BM25 and for cosines. Weights are "
        "those with the best nDCG@10 on the validation queries, for each system on its own."
    )
