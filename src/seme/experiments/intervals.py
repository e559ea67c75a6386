"""Claims about means and their differences that must exceed their spread."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr, ttest_1samp, ttest_ind

from seme.errors import InputError
from seme.report import Claim

Interval = tuple[float, float]
_LEVEL = 0.95


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


def beyond(
    statement: str, mean: float, interval: Interval, *, floor: float = 0.0, paper_value: str = "", note: str = ""
) -> Claim:
    """State that a mean is larger than `floor` by more than its spread: the lower end of its interval is judged."""
    said = f"Mean {mean:.3g}; the spread is its 95 % interval."
    return Claim.at_least(
        f"{statement}; lower end of the 95 % interval", measured=interval[0], floor=floor, spread=interval,
        paper_value=paper_value, note=f"{said} {note}".strip(),
    )  # fmt: skip


def paired(statement: str, differences: npt.ArrayLike, *, paper_value: str = "", note: str = "") -> Claim:
    """State that a mean of paired differences is above 0 by more than its spread."""
    mean = float(np.mean(np.asarray(differences, dtype=np.float64)))
    return beyond(statement, mean, mean_interval(differences), paper_value=paper_value, note=note)


def unpaired(
    statement: str, larger: npt.ArrayLike, smaller: npt.ArrayLike, *, paper_value: str = "", note: str = ""
) -> Claim:
    """State that one mean is above another by more than the spread of both."""
    mean = float(np.mean(np.asarray(larger)) - np.mean(np.asarray(smaller)))
    return beyond(statement, mean, difference_interval(larger, smaller), paper_value=paper_value, note=note)


def _checked(name: str, values: npt.ArrayLike, *, fewest: int = 2) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    if len(array) < fewest or not np.isfinite(array).all():
        raise InputError(f"{name} has {len(array)} values, expected at least {fewest}, all finite")
    return array
