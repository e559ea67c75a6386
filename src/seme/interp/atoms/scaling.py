"""Faithfulness over a grid of samples and atoms, and the ridge where it becomes good."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seme.errors import InputError
from seme.interp.atoms.inputs import Matrix, as_rows


@dataclass(frozen=True)
class ScalingGrid:
    """R2 for each number of training activations |M| (rows) and of atoms N (columns).

    Attributes
    ----------
    samples : tuple of int
        |M| of each row, rising.
    units : tuple of int
        N of each column, rising.
    r2 : ndarray of shape (len(samples), len(units))
        R2 on the training activations.
    """

    samples: tuple[int, ...]
    units: tuple[int, ...]
    r2: Matrix

    def ridge(self, level: float) -> Matrix:
        """Critical N for each |M|: where R2 first reaches `level`, interpolated in log N; NaN where it never does."""
        return np.array([_first_crossing(np.log2(self.units), row, level) for row in self.r2])

    def share_rising_with_units(self, tolerance: float = 0.0) -> float:
        """Share of neighbours along N where R2 does not fall by more than `tolerance`."""
        return float(np.mean(np.diff(self.r2, axis=1) >= -tolerance))

    def share_falling_with_samples(self, tolerance: float = 0.0) -> float:
        """Share of neighbours along |M| where R2 does not rise by more than `tolerance`."""
        return float(np.mean(np.diff(self.r2, axis=0) <= tolerance))


def scaling_grid(
    x: Any, samples: Sequence[int], units: Sequence[int], fit: Callable[[Matrix, int], float]
) -> ScalingGrid:
    """Fill the grid: the first |M| rows of x, N atoms, R2 as `fit(rows, N)` returns it (Hu et al. 2025, scaling).

    Parameters
    ----------
    x
        Activations in random order, shape (n, H), n >= max(samples); smaller sets are parts of larger ones.
    samples, units
        Rising sizes.
    fit
        Trains a dictionary and returns its R2 on the same rows.

    Raises
    ------
    InputError
        If a list is empty or does not rise, or there are too few rows.
    """
    for name, sizes in (("samples", samples), ("units", units)):
        if not sizes or any(a >= b for a, b in itertools.pairwise(sizes)) or sizes[0] < 1:
            raise InputError(f"{name} is {list(sizes)}, but must be a rising list of sizes from 1.")
    rows = as_rows("x", x)
    if len(rows) < samples[-1]:
        raise InputError(f"x has {len(rows)} rows, but samples asks for {samples[-1]}.", hint="Record more tokens.")
    r2 = np.array([[fit(rows[:count], size) for size in units] for count in samples])
    return ScalingGrid(tuple(samples), tuple(units), r2)


def _first_crossing(log_units: Matrix, r2: Matrix, level: float) -> float:
    reached = np.flatnonzero(r2 >= level)
    if reached.size == 0:
        return float("nan")
    at = int(reached[0])
    if at == 0:
        return float(2.0 ** log_units[0])
    share = (level - r2[at - 1]) / (r2[at] - r2[at - 1])
    return float(2.0 ** (log_units[at - 1] + share * (log_units[at] - log_units[at - 1])))
