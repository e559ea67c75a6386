"""How far two years are from each other: as numbers, as strings of digits, and seen from a year of reference.

The three theories of *The Other Mind* (2025), section "Similarity judgement", and the linear distance beside them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Float = npt.NDArray[np.float64]
_FEWEST = 3


def log_distance(years: npt.ArrayLike) -> Float:
    """Return |log i - log j|, (n, n): years as numbers that are compressed towards zero."""
    return _apart(np.log(checked_years(years)))


def linear_distance(years: npt.ArrayLike) -> Float:
    """Return |i - j|, (n, n)."""
    return _apart(checked_years(years).astype(np.float64))


def edit_distance(years: npt.ArrayLike) -> Float:
    """Return the Levenshtein distance of the years' digits, (n, n): the least insertions, deletions and exchanges."""
    words = [str(year) for year in checked_years(years)]
    lengths, longest = np.array([len(word) for word in words]), max(map(len, words))
    letters = np.array([[ord(one) for one in word.ljust(longest)] for word in words])
    # The table of the textbook, for all pairs at once: rows[b] holds the distance of a's first letters to b's.
    rows = [np.full((len(words), len(words)), place) for place in range(longest + 1)]
    found = np.where(lengths[:, None] == 0, lengths[None], 0)
    for a in range(longest):
        before, rows = rows, [np.full_like(rows[0], a + 1)]
        for b in range(longest):
            other = letters[:, a][:, None] != letters[:, b][None]
            rows.append(np.minimum(np.minimum(before[b + 1], rows[b]) + 1, before[b] + other))
        whole = np.stack(rows)[lengths, :, np.arange(len(words))].T
        found = np.where(lengths[:, None] == a + 1, whole, found)
    return found.astype(np.float64)


def signed_log(years: npt.ArrayLike, reference: float) -> Float:
    """Return log(1 + |R - y|) with the sign of y - R, (n,): where a year lies on a logarithmic line of time around R.

    One is added so that the reference itself lies at zero.
    """
    away = checked_years(years) - _checked_reference(reference)
    return np.asarray(np.sign(away) * np.log1p(np.abs(away)), dtype=np.float64)


def reference_distance(years: npt.ArrayLike, reference: float) -> Float:
    """Return the distance that Weber and Fechner's law gives around a reference R, (n, n).

    On one side of R it is |log(1 + |R - i|) - log(1 + |R - j|)|, and across R their sum: the distance on the line on
    which years lie at `signed_log`.

    Parameters
    ----------
    years
        Whole, positive and distinct, (n,).
    reference
        The year R from which the others are seen.
    """
    return _apart(signed_log(years, reference))


def checked_years(years: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return years as integers (n,).

    Raises
    ------
    InputError
        If they are not whole and positive, are fewer than three, or one is there twice.
    """
    array = np.asarray(years)
    if array.ndim != 1 or array.dtype.kind not in "iuf" or not np.isfinite(array.astype(np.float64)).all():
        raise InputError(f"years has the shape {array.shape} of {array.dtype}, expected finite whole numbers (n,)")
    whole = array.astype(np.int64)
    if (whole != array).any() or (whole < 1).any():
        wrong = array[(whole != array) | (whole < 1)][0]
        raise InputError(f"years holds {wrong}, expected whole numbers from 1")
    distinct = len(np.unique(whole))
    if distinct < _FEWEST or distinct < len(whole):
        raise InputError(
            f"years holds {distinct} distinct years among {len(whole)}, expected at least {_FEWEST}, none twice",
            hint="np.arange(1525, 2525, 10) is a grid of 100",
        )
    return whole


def _checked_reference(reference: float) -> float:
    if not np.isfinite(reference):
        raise InputError(f"reference is {reference}, expected a year")
    return float(reference)


def _apart(line: Float) -> Float:
    apart: Float = np.abs(line[:, None] - line[None])
    return apart
