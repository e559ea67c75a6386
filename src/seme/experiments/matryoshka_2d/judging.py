"""What the correlations say about the paper's claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from seme.experiments.matryoshka_2d.training import Grid
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p29_matryoshka_2d import Matryoshka2dSettings

_LABELS = {"plain": "As it comes", "last": "Last layer", "mse": "Matryoshka (widths)", "2dmse": "2DMSE",
           "ese": "ESE", "no-kl": "2DMSE without alignment"}  # fmt: skip

Grids = dict[str, npt.NDArray[np.float64]]
"""(seeds, layers, widths) of each method."""


def add(report: Report, found: dict[str, list[Grid]], settings: Matryoshka2dSettings) -> None:
    """Judge shallow layers, the last one, and the parts of the losses."""
    grids = {name: np.array(one) for name, one in found.items()}
    depth = grids["plain"].shape[1]
    half = depth // 2
    for rival in ("mse", "last"):
        gaps = (grids["2dmse"] - grids[rival])[:, :half]
        _state(report, f"2DMSE is better than {_LABELS[rival].lower()} at shallow layers, on average", gaps, 0.03,
               paper="about +.09 (reproduction, layers up to the middle)")  # fmt: skip
        each = gaps.mean(axis=0)
        report.claim(
            Claim.at_least(f"It is so at every shallow layer and width (least gap to {_LABELS[rival].lower()})",
                           measured=float(each.min()), floor=1e-6, note="Means over seeds.")
        )  # fmt: skip
    for rival in ("mse", "last"):
        _state(report, f"2DMSE is hardly worse than {_LABELS[rival].lower()} at full depth and width",
               (grids["2dmse"] - grids[rival])[:, -1, -1], -0.03, paper=".795 against .816 and .809")  # fmt: skip
    _state(report, f"At full depth and {settings.dims[0]} dimensions 2DMSE is no worse than the last layer alone",
           (grids["2dmse"] - grids["last"])[:, -1, 0], 0.0, paper=".680 against .644")  # fmt: skip
    _state(report, "ESE is no worse than 2DMSE at shallow layers, on average",
           (grids["ese"] - grids["2dmse"])[:, :half], 0.0, paper=".737 against .681 (layer 6 of 12)")  # fmt: skip
    _state(report, "Alignment with the last layer helps shallow layers, on average",
           (grids["2dmse"] - grids["no-kl"])[:, :half], 0.0)  # fmt: skip
    for name in ("plain", "last", "mse"):
        mean = grids[name].mean(axis=0)
        report.baseline(_LABELS[name], {"shallow layers": float(mean[:half].mean()), "full": float(mean[-1, -1])})
    _add_tables(report, grids, settings)
    _draw(report, grids)
    report.note(
        "Spearman's correlation of cosines of definitions with Wu-Palmer likeness of WordNet nouns stands in for STS; "
        "definitions and example sentences stand in for AllNLI. The embeddings' table is frozen, there is no dropout."
    )
    report.note(
        f"The encoder was trained for sentences before; {settings.steps} steps of {settings.batch} pairs of "
        f"{settings.longest} tokens change it far less than the paper's ten epochs from BERT."
    )


def _state(report: Report, statement: str, gaps: npt.NDArray[np.float64], floor: float, *, paper: str = "") -> None:
    seeds = gaps.reshape(len(gaps), -1).mean(axis=1)
    report.claim(
        Claim.at_least(f"{statement} (difference of rho)", measured=float(seeds.mean()), floor=floor,
                       paper_value=paper, spread=(float(seeds.min()), float(seeds.max())))
    )  # fmt: skip


def _add_tables(report: Report, grids: Grids, settings: Matryoshka2dSettings) -> None:
    rows = [
        [_LABELS[name], layer, *grid.mean(axis=0)[layer - 1].tolist(), float(grid.std(axis=0)[layer - 1].max())]
        for name, grid in grids.items()
        for layer in range(1, grid.shape[1] + 1)
    ]
    widths = [f"d = {dim}" for dim in settings.dims]
    report.table("Correlation by layer and width", ["method", "layer", *widths, "full", "largest sd over seeds"], rows)


def _draw(report: Report, grids: Grids) -> None:
    figure = Figure(figsize=(7, 3), layout="constrained")
    styles = {"plain": "k:", "last": "k--o", "mse": "k-.s", "2dmse": "k-^", "ese": "k-D", "no-kl": "k:^"}
    for axes, column, title in zip(
        figure.subplots(1, 2, sharey=True), (-1, 0), ("Full width", "Least width"), strict=True
    ):
        for name, grid in grids.items():
            mean = grid.mean(axis=0)[:, column]
            axes.plot(range(1, len(mean) + 1), mean, styles[name], ms=4, lw=1, alpha=0.8, label=_LABELS[name])
        axes.set(xlabel="layers", title=title)
    figure.axes[0].set_ylabel("Spearman's rho")
    figure.axes[1].legend(fontsize=7, frameon=False)
    report.figure(
        "Depth and width", figure,
        "Correlation with WordNet's likeness by the number of layers that are run, at full and at least width.",
    )  # fmt: skip
