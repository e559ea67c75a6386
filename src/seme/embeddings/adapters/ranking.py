"""How well queries find their documents: nDCG and recall over rows of a matrix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.embeddings.adapters.pairs import Indices, Pairs, Vectors
from seme.errors import InputError

_CELLS = 20_000_000
"""Similarities that are held at once."""


def best_rows(queries: Vectors, documents: Vectors, k: int) -> Indices:
    """Return the rows of the k documents with the largest inner products, best first, (n, min(k, m)); ties by row.

    Raises
    ------
    InputError
        If `k` is not positive.
    """
    if k < 1:
        raise InputError(f"k is {k}, expected at least 1")
    k, size = min(k, len(documents)), max(1, _CELLS // len(documents))
    found = np.empty((len(queries), k), dtype=np.int64)
    for start in range(0, len(queries), size):
        scores = queries[start : start + size] @ documents.T
        # The kth score, so that all that tie with it are sorted too, and the lowest rows of them are kept.
        bounds = np.partition(scores, -k, axis=1)[:, -k]
        for row, bound in enumerate(bounds):
            near = np.flatnonzero(scores[row] >= bound)
            found[start + row] = near[np.argsort(-scores[row, near], kind="stable")][:k]
    return found


def ndcg_values(pairs: Pairs, found: Indices, k: int) -> npt.NDArray[np.float64]:
    """Return nDCG@k of each query, (n,), of the rows that `best_rows` found for it."""
    right = pairs.right(np.arange(len(found)), found)[:, :k]
    discounts = 1 / np.log2(np.arange(k) + 2)
    ideal = np.cumsum(discounts)[[min(k, len(set(one))) - 1 for one in pairs.positives]]
    values: npt.NDArray[np.float64] = (right @ discounts[: right.shape[1]]) / ideal
    return values


def recall_values(pairs: Pairs, found: Indices, k: int) -> npt.NDArray[np.float64]:
    """Return the share of each query's documents among its k best, (n,)."""
    counts = np.array([len(set(one)) for one in pairs.positives])
    values: npt.NDArray[np.float64] = pairs.right(np.arange(len(found)), found)[:, :k].sum(axis=1) / counts
    return values


def quality(pairs: Pairs, queries: Vectors, documents: Vectors, *, ks: tuple[int, ...] = (1, 3, 5)) -> float:
    """Return the mean of nDCG@k over the ks and the queries, of the pairs' vectors as they were moved."""
    found = best_rows(queries, documents, max(ks))
    return float(np.mean([ndcg_values(pairs, found, k).mean() for k in ks]))
