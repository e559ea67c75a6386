"""What the paper says, beside what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seme.experiments.interpolation.cell import MIXED, SYSTEMS, Cell
from seme.experiments.interpolation.measuring import MEASURES
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p28_interpolation import InterpolationSettings

_TIE = 1e-12


def add(report: Report, cells: Sequence[Cell], settings: InterpolationSettings) -> None:
    """Add the five claims."""
    _add_best(report, cells)
    _add_places(report, cells)
    _add_precision(report, cells)
    _add_partners(report, cells, settings)
    _add_weights(report, cells)


def ranks(cells: Sequence[Cell]) -> dict[str, list[float]]:
    """Return each system's rank in every cell and measure: 1 for the best, the mean rank of equals."""
    found: dict[str, list[float]] = {system: [] for system in SYSTEMS}
    for cell in cells:
        for measure in MEASURES:
            values = {system: cell.mean(system, measure) for system in SYSTEMS}
            for system, value in values.items():
                better = sum(other > value + _TIE for other in values.values())
                equal = sum(abs(other - value) <= _TIE for other in values.values())
                found[system].append(better + (equal + 1) / 2)
    return found


def _add_best(report: Report, cells: Sequence[Cell]) -> None:
    found = ranks(cells)
    best = [
        cell.mean("both", measure) >= max(cell.mean(system, measure) for system in SYSTEMS) - _TIE
        for cell in cells
        for measure in MEASURES
    ]
    alone = [rank == 1 for rank in found["both"]]
    report.claim(
        Claim.at_least(
            "Interpolation at both places is the best of the seven systems in most cells (share of "
            "collection x sparse x dense x measure)",
            measured=float(np.mean(best)),
            floor=0.5,
            paper_value="most cells",
            note=f"{len(best)} cells; alone at the top in {sum(alone)}, tied in {sum(best) - sum(alone)}.",
        )
    )
    means = {system: float(np.mean(one)) for system, one in found.items()}
    rival = min((one for one in SYSTEMS if one != "both"), key=means.__getitem__)
    report.claim(
        Claim.ordered(
            f"Its mean rank is the best (the next is {rival})",
            {"both": means["both"], rival: means[rival]},
            paper_value="best",
        )
    )


def _add_places(report: Report, cells: Sequence[Cell]) -> None:
    for place in ("pre", "post"):
        gains = [cell.mean(place) - cell.mean("PRF only") for cell in cells]
        when = "before" if place == "pre" else "after"
        report.claim(
            Claim.at_least(
                f"Interpolation {when} feedback is no worse than feedback alone (nDCG@10, difference)",
                measured=float(np.mean(gains)),
                floor=0.0,
                spread=(min(gains), max(gains)),
                note=f"Over {len(gains)} pairs of retrievers and collections; the spread is theirs.",
            )
        )


def _add_precision(report: Report, cells: Sequence[Cell]) -> None:
    means = {
        name: [float(np.mean(list(cell.precision[name].values()))) for cell in cells] for name in ("dense", "hybrid")
    }
    better = sum(b > a for a, b in zip(means["dense"], means["hybrid"], strict=True))
    report.claim(
        Claim.ordered(
            "The documents of the feedback are better where scores are interpolated before it (precision@3)",
            {name: float(np.mean(values)) for name, values in means.items()},
            note=f"Better in {better} of {len(cells)} pairs.",
        )
    )


def _add_partners(report: Report, cells: Sequence[Cell], settings: InterpolationSettings) -> None:
    statement = "A learned sparse partner is as good as BM25 or better (nDCG@10 of the four mixed systems, difference)"
    if set(settings.sparse) != {"bm25", "splade-tiny"}:
        report.claim(Claim.not_tested(statement, f"Only {', '.join(settings.sparse)} was asked for.", "uniCOIL > BM25"))
        return
    by = {(cell.collection, cell.sparse, cell.dense): cell for cell in cells}
    pairs = [(by[c, "bm25", d], by[c, "splade-tiny", d]) for c in settings.collections for d in settings.dense]
    gains = [float(np.mean([two.mean(s) - one.mean(s) for s in MIXED])) for one, two in pairs]
    report.claim(
        Claim.at_least(
            statement,
            measured=float(np.mean(gains)),
            floor=0.0,
            spread=(min(gains), max(gains)),
            paper_value="uniCOIL > BM25",
            note="SPLADE-tiny (2 layers of 128 dimensions) stands in for uniCOIL, which is a BERT-base.",
        )
    )


def _add_weights(report: Report, cells: Sequence[Cell]) -> None:
    chosen = [cell.alphas[system] for cell in cells for system in MIXED]
    inside = [0 < alpha < 1 for alpha in chosen]
    report.claim(
        Claim.at_least(
            "The best weight is neither 0 nor 1 (share of pairs and mixed systems, validation queries)",
            measured=float(np.mean(inside)),
            floor=0.5,
            paper_value="in most cells",
            note=f"{sum(inside)} of {len(inside)}; the median weight is {np.median(chosen):.2f}.",
        )
    )
