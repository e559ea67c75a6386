"""Measures of rankings in which many are equal: the mean over all orders of the equals, in closed form.

Hamming distances of B bits have B + 1 values, so that a rank is mostly a matter of how ties are broken. These measures
do not depend on it (McSherry and Najork 2008, "Computing information retrieval performance measures efficiently in the
presence of tied scores").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Float64 = npt.NDArray[np.float64]


def tied_average_precision(scores: npt.ArrayLike, relevant: npt.ArrayLike) -> float:
    """Return the mean average precision over all orders of documents with equal scores (section 2.5).

    Parameters
    ----------
    scores
        Of all documents (n,), the larger the better.
    relevant
        Which are relevant (n,).

    Raises
    ------
    InputError
        If shapes differ, a score is NaN, or no document is relevant.
    """
    sizes, hits = _groups(scores, relevant)
    before, found = np.cumsum(sizes) - sizes, np.cumsum(hits) - hits
    harmonic = _harmonic(int(sizes.sum()))
    part = harmonic[before + sizes] - harmonic[before]
    # Of the group's other relevant documents, a share (i - 1) / (n - 1) stands before its i-th place.
    share = np.divide(hits - 1, sizes - 1, out=np.zeros_like(part), where=sizes > 1)
    gained = (found + 1) * part + share * (sizes - (before + 1) * part)
    return float((hits / sizes * gained).sum() / hits.sum())


def tied_ndcg(scores: npt.ArrayLike, relevant: npt.ArrayLike, k: int) -> float:
    """Return the mean nDCG@k over all orders of documents with equal scores; a relevant document gains 1 (section 2.6).

    Raises
    ------
    InputError
        As `tied_average_precision`, and if `k` is not positive.
    """
    if k < 1:
        raise InputError(f"k is {k}, it must be at least 1")
    sizes, hits = _groups(scores, relevant)
    discounts = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    ends = np.minimum(np.cumsum(sizes), k)
    starts = np.minimum(np.cumsum(sizes) - sizes, k)
    gained = (hits / sizes * (discounts[ends] - discounts[starts])).sum()
    return float(gained / discounts[min(k, int(hits.sum()))])


def tied_precision(scores: npt.ArrayLike, relevant: npt.ArrayLike, depths: Sequence[int]) -> Float64:
    """Return the mean precision at each depth over all orders of documents with equal scores.

    Raises
    ------
    InputError
        As `tied_average_precision`, and if a depth is not positive.
    """
    wanted = np.asarray(depths, dtype=np.float64)
    if wanted.ndim != 1 or not (wanted >= 1).all():
        raise InputError(f"depths are {list(depths)}, each must be at least 1")
    sizes, hits = _groups(scores, relevant)
    ends, found = np.cumsum([0, *sizes]), np.cumsum([0, *hits])
    means: Float64 = np.interp(wanted, ends, found) / wanted
    return means


def _groups(scores: npt.ArrayLike, relevant: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return how many documents have each score, the best first, and how many of them are relevant."""
    values, right = np.asarray(scores), np.asarray(relevant, dtype=np.bool_)
    if values.ndim != 1 or values.shape != right.shape:
        raise InputError(f"scores are {values.shape} and relevant {right.shape}, expected (n,) both")
    if not right.any():
        raise InputError("no document is relevant", hint="Leave such queries out")
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise InputError("a score is NaN")
    order = np.argsort(values, kind="stable")[::-1]
    ordered = values[order]
    starts = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1])
    sizes = np.diff(np.concatenate([starts, [len(values)]]))
    return sizes, np.add.reduceat(right[order].astype(np.int64), starts)


def _harmonic(n: int) -> Float64:
    """Return the sums of 1 / i for i up to 0..n."""
    return np.concatenate([[0.0], np.cumsum(1 / np.arange(1, n + 1))])
