"""Whether future years, of which texts say little, are more alike than past ones (The Other Mind, 2025)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.temporal.distances import checked_years
from seme.interp.temporal.regression import Float, checked_matrix, year_weights

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ExposureGap:
    """Mean similarity among future years less that among past ones, for years and for plain numbers.

    `difference` is that of years less that of numbers. What numbers show as well comes of digits, not of time. `draws`
    and `year_draws` are the difference, and the gap of years, over samples of years, (b,).
    """

    year: float
    number: float
    difference: float
    draws: Float
    year_draws: Float


def exposure_gap(
    year: npt.ArrayLike,
    number: npt.ArrayLike,
    years: npt.ArrayLike,
    *,
    past: Span = (1600, 2000),
    future: Span = (2100, 2500),
    draws: int = 500,
    seed: int = 0,
) -> ExposureGap:
    """Compare how much more alike future years are, with the same digits called numbers as the control.

    Parameters
    ----------
    year, number
        Similarities of the same years under both names, (n, n).
    years
        (n,).
    past, future
        First and last year of the two spans.
    draws
        Samples of years with replacement, for the interval.
    seed
        Of the samples.

    Raises
    ------
    InputError
        If the matrices are not of these years, or a span holds fewer than 3 of them.
    """
    whole = checked_years(years)
    first, second = checked_matrix("year", year, whole), checked_matrix("number", number, whole)
    if draws < 1:
        raise InputError(f"draws is {draws}, expected at least 1")
    gaps = []
    for name, (start, end), sign in (("future", future, 1), ("past", past, -1)):
        rows = np.flatnonzero((whole >= start) & (whole <= end))
        if len(rows) < 3:
            raise InputError(f"{name} is {start} to {end}, which holds {len(rows)} of the years; 3 are needed")
        weights = np.vstack([np.ones(len(rows)), year_weights(len(rows), draws, seed)])
        gaps.append([sign * _mean(matrix[np.ix_(rows, rows)], weights) for matrix in (first, second)])
    of_year, of_number = (gaps[0][side] + gaps[1][side] for side in range(2))
    apart = of_year - of_number
    return ExposureGap(float(of_year[0]), float(of_number[0]), float(apart[0]), apart[1:], of_year[1:])


def _mean(matrix: Float, weights: Float) -> Float:
    """Return the mean of the pairs of different years for each weight of the years, (draws,)."""
    off = matrix.copy()
    np.fill_diagonal(off, 0)
    mass = np.square(weights.sum(axis=1)) - np.square(weights).sum(axis=1)
    mean: Float = np.einsum("bi,bi->b", weights @ off, weights) / mass
    return mean
