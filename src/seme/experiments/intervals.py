"""95 % intervals: of samples, of means, of differences of means, and of rank correlations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr, ttest_1samp, ttest_ind

from seme.errors import InputError

Interval = tuple[float, float]
_LEVEL = 0.95


def interval(draws: npt.ArrayLike) -> Interval:
    """Return what holds 95 % of the draws, as many of the others on each side; draws that are NaN are left out."""
    low, high = np.nanquantile(np.asarray(draws, dtype=np.float64), [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def mean_interval(values: npt.ArrayLike) -> Interval:
    """Return the 95 % interval of a mean by Student's t, of two or more independent values.

    For a difference of paired values, give the differences.

    Raises
    ------
    InputError
        If there are fewer than two values, or one is not finite.
    """
    array = _checked("values", values)
    if np.ptp(array) == 0:
        return float(array[0]), float(array[0])
    low, high = ttest_1samp(array, 0.0).confidence_interval(_LEVEL)
    return float(low), float(high)


def difference_interval(larger: npt.ArrayLike, smaller: npt.ArrayLike) -> Interval:
    """Return the 95 % interval of the difference of two means whose values are not paired (Welch 1947).

    Raises
    ------
    InputError
        If there are fewer than two values of either, or one is not finite.
    """
    first, second = _checked("larger", larger), _checked("smaller", smaller)
    if np.ptp(first) == 0 and np.ptp(second) == 0:
        return float(first[0] - second[0]), float(first[0] - second[0])
    low, high = ttest_ind(first, second, equal_var=False).confidence_interval(_LEVEL)
    return float(low), float(high)


def rank_interval(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, Interval]:
    """Return Spearman's correlation and its 95 % interval, by Fisher's transform with the variance 1.06 / (n - 3).

    The variance is that of Fieller, Hartley and Pearson (1957).

    Raises
    ------
    InputError
        If there are fewer than four values, or one is not finite.
    """
    first, second = _checked("x", x, fewest=4), _checked("y", y, fewest=4)
    rho = float(spearmanr(first, second).statistic)
    away = 1.96 * float(np.sqrt(1.06 / (len(first) - 3)))
    middle = float(np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12)))
    return rho, (float(np.tanh(middle - away)), float(np.tanh(middle + away)))


def _checked(name: str, values: npt.ArrayLike, *, fewest: int = 2) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    if len(array) < fewest or not np.isfinite(array).all():
        raise InputError(f"{name} has {len(array)} values, expected at least {fewest}, all finite")
    return array
