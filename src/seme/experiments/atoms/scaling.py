"""Faithfulness over numbers of activations and of atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.atoms.recording import Recorded, residual
from seme.interp.atoms import AtomDictionary, ScalingGrid, atomic_metric, scaling_grid
from seme.interp.dictionaries import evaluate
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p01_atoms import AtomsSettings

_TOLERANCE = 0.01
_LEVEL = 0.9


def add(report: Report, recorded: Recorded, settings: AtomsSettings, context: Context) -> None:
    """Fill the grid at the first layer, and see whether it rises, falls, and has a ridge."""
    if not settings.grid:
        report.claim(Claim.not_tested("Faithfulness jumps past a critical number of atoms", "No grid was asked for."))
        return
    store = recorded.train[residual(settings.layers[0])]
    sizes = [multiple * store.width for multiple in settings.grid]
    usable = [size for size in sizes if size <= len(store)]
    rows = store.rows(context.rng("grid").permutation(len(store))[: usable[-1]])
    metric, cells = atomic_metric(store), len(usable) * len(sizes)
    bar = context.progress(range(cells), "Filling the scaling grid")

    def fit(x: np.ndarray, units: int) -> float:
        next(bar)
        dictionary = AtomDictionary(
            units,
            l0=settings.l0,
            steps=settings.grid_steps,
            batch_size=min(settings.batch_size, len(x)),
            learning_rate=settings.learning_rate,
            seed=context.seed,
            device="cpu",
        )
        dictionary.fit(x, metric=metric)
        return evaluate(dictionary, x).r2

    grid = scaling_grid(rows, usable, sizes, fit)
    for _ in bar:
        pass
    _add_claims(report, grid, store.width)
    _add_figure(report, grid)


def _add_claims(report: Report, grid: ScalingGrid, width: int) -> None:
    for statement, axis, share in (
        ("R2 rises with the number of atoms", 1, grid.share_rising_with_units),
        ("R2 falls with the number of activations", 0, grid.share_falling_with_samples),
    ):
        full = f"{statement} (share of neighbours in the grid)"
        if grid.r2.shape[axis] > 1:
            report.claim(Claim.at_least(full, measured=share(_TOLERANCE), floor=0.9))
        else:
            report.claim(Claim.not_tested(full, "The grid has one size."))
    ridge = grid.ridge(_LEVEL)
    reached = [value for value in ridge.tolist() if np.isfinite(value)]
    statement = (
        f"The number of atoms at which R2 reaches {_LEVEL} grows with the number of activations (share of steps)"
    )
    if len(reached) < 2:
        report.claim(Claim.not_tested(statement, f"R2 reaches {_LEVEL} for {len(reached)} row(s) of the grid."))
    else:
        rising = float(np.mean(np.diff(reached) >= 0))
        report.claim(Claim.at_least(statement, measured=rising, floor=1.0, paper_value="a critical ridge"))
    names = [f"N = {units // width} H" for units in grid.units]
    rows = [
        [count, *values, ridge[i]] for i, (count, values) in enumerate(zip(grid.samples, grid.r2.tolist(), strict=True))
    ]
    report.table("R2 by activations and atoms", ["activations", *names, f"N where R2 is {_LEVEL}"], rows)


def _add_figure(report: Report, grid: ScalingGrid) -> None:
    figure = Figure(figsize=(4.6, 3.6), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(grid.r2, origin="lower", vmin=0, vmax=1, cmap="viridis")
    axes.set_xticks(range(len(grid.units)), [str(units) for units in grid.units])
    axes.set_yticks(range(len(grid.samples)), [str(samples) for samples in grid.samples])
    axes.set(xlabel="atoms", ylabel="activations")
    for (row, column), value in np.ndenumerate(grid.r2):
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color="w" if value < 0.6 else "k", fontsize=9)
    figure.colorbar(shown, label="R2")
    report.figure(
        "Scaling grid", figure, "R2 on the activations that were learned from, by their number and that of atoms."
    )
