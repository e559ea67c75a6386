"""Which distance explains a matrix of similarities (The Other Mind, 2025, section "Similarity judgement").

Pairs of years share years and are not independent: intervals come from drawing years, never pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.temporal.distances import checked_years

Float = npt.NDArray[np.float64]
_SYMMETRIC = 1e-6


@dataclass(frozen=True, slots=True)
class DistanceFit:
    """The least-squares line `similarity = intercept + slope · distance` over all pairs.

    `r2` has the sign of an explanation: it is negative where similarity grows with distance.
    """

    r2: float
    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class JointFit:
    """All distances at once: their coefficients in standard deviations, by name, and the share that they explain."""

    coefficients: dict[str, float]
    r2: float


def fit_distance(similarity: npt.ArrayLike, distance: npt.ArrayLike) -> DistanceFit:
    """Fit similarities (n, n) by one distance (n, n), over the pairs i < j.

    Raises
    ------
    InputError
        If a matrix is not square, symmetric and finite, or all similarities or distances are the same.
    """
    s = pairs(checked_matrix("similarity", similarity))
    d = pairs(checked_matrix("distance", distance))
    if len(s) != len(d):
        raise InputError(f"distance has {len(d)} pairs and similarity {len(s)}; they must be of the same years")
    checked_spread("similarity", s)
    checked_spread("distance", d)
    slope = float(np.cov(d, s, bias=True)[0, 1] / d.var())
    r = float(np.corrcoef(d, s)[0, 1])
    return DistanceFit(-r * abs(r), slope, float(s.mean() - slope * d.mean()))


def fit_distances(similarity: npt.ArrayLike, distances: Mapping[str, npt.ArrayLike]) -> JointFit:
    """Fit similarities (n, n) by several distances (n, n) at once, all in standard deviations.

    Raises
    ------
    InputError
        As `fit_distance`, and if there is no distance.
    """
    if not distances:
        raise InputError("distances is empty, expected at least one by its name")
    s = pairs(checked_matrix("similarity", similarity))
    columns = {name: pairs(checked_matrix(f"distances[{name!r}]", one)) for name, one in distances.items()}
    for name, one in {"similarity": s, **columns}.items():
        checked_spread(name, one)
        if len(one) != len(s):
            raise InputError(f"distance {name} has {len(one)} pairs and similarity {len(s)}")
    design = np.stack([(one - one.mean()) / one.std() for one in columns.values()], axis=1)
    target = (s - s.mean()) / s.std()
    found = np.linalg.lstsq(design, target, rcond=None)[0]
    rest = target - design @ found
    named = dict(zip(columns, map(float, found), strict=True))
    return JointFit(named, float(1 - np.square(rest).mean()))


def year_weights(count: int, draws: int, seed: int) -> Float:
    """Return how often each of n years is drawn, (draws, n), in samples of n with replacement."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(np.float64)


def weighted_r2(similarity: Float, distance: Float, weights: Float) -> Float:
    """Return the signed R² of a distance for several weights of years, (draws,).

    A pair counts as the product of its years' weights; a year drawn twice makes no pair with itself.

    Parameters
    ----------
    similarity, distance
        (n, n), symmetric.
    weights
        (draws, n).
    """
    s, d = similarity - pairs(similarity).mean(), distance.copy()
    np.fill_diagonal(s, 0)
    np.fill_diagonal(d, 0)

    def total(matrix: Float) -> Float:
        quadratic: Float = np.einsum("bi,bi->b", weights @ matrix, weights)
        return quadratic

    mass = np.square(weights.sum(axis=1)) - np.square(weights).sum(axis=1)
    mean_s, mean_d = total(s) / mass, total(d) / mass
    covariance = total(s * d) / mass - mean_s * mean_d
    variance = (total(s * s) / mass - mean_s**2) * (total(d * d) / mass - mean_d**2)
    # Draws in which everything is the same explain nothing.
    safe = variance > 1e-18
    explained: Float = np.where(safe, -np.sign(covariance) * covariance**2 / np.where(safe, variance, 1), 0.0)
    return explained


def pairs(matrix: Float) -> Float:
    """Return the entries i < j of a matrix (n, n)."""
    return matrix[np.triu_indices(len(matrix), 1)]


def checked_matrix(name: str, matrix: npt.ArrayLike, years: npt.ArrayLike | None = None) -> Float:
    """Return a symmetric matrix as float64 (n, n), and refuse any other.

    Raises
    ------
    InputError
        If it is not square, symmetric and finite, or has another size than the years.
    """
    array = np.asarray(matrix, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or len(array) < 3:
        raise InputError(f"{name} has the shape {array.shape}, expected (n, n) of at least 3 years")
    if years is not None and len(checked_years(years)) != len(array):
        raise InputError(f"{name} is of {len(array)} years, and years has {len(checked_years(years))}")
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise InputError(f"{name}[{row}, {column}] is not finite", hint="Leave that year out of both")
    if np.abs(array - array.T).max() > _SYMMETRIC * max(1.0, float(np.abs(array).max())):
        raise InputError(f"{name} is not symmetric", hint="(x + x.T) / 2 is the mean of both orders")
    return array


def checked_spread(name: str, values: Float) -> None:
    """Refuse values that are all the same, for which R² does not exist."""
    if float(np.ptp(values)) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        raise InputError(f"{name} is {values.flat[0]:g} for all pairs: R² is not defined where nothing varies")
