"""Wrong documents that look right: what an encoder, as it is or as it was moved, ranks high for a query."""

from __future__ import annotations

import numpy as np

from seme.embeddings.adapters.pairs import Indices, Pairs, Vectors
from seme.embeddings.adapters.ranking import best_rows
from seme.errors import InputError

_SAME = 0.9995
"""Cosine from which two documents are one text, told apart by rounding and padding at most."""


def hard_negatives(pairs: Pairs, queries: Vectors, documents: Vectors, *, count: int) -> Indices:
    """Return the rows of the nearest documents that are not right, (n, count); -1 where there are too few.

    Documents that are the same as a right one, by their own vectors, are left out.

    Parameters
    ----------
    pairs
        What is right, and the vectors by which documents are the same.
    queries, documents
        The vectors by which they are near: those of `pairs`, or as an adapter moved them.
    count
        How many for each query, >= 1.

    Raises
    ------
    InputError
        If `count` is not positive.
    """
    if count < 1:
        raise InputError(f"count is {count}, expected at least 1")
    most = max(map(len, pairs.positives))
    near = best_rows(queries, documents, count + 2 * most)
    right = pairs.right(np.arange(len(near)), near)
    found = np.full((len(near), count), -1, dtype=np.int64)
    for row, (rows, hit) in enumerate(zip(near, right, strict=True)):
        wrong = rows[~hit]
        alike = pairs.documents[wrong] @ pairs.documents[list(pairs.positives[row])].T
        kept = wrong[alike.max(axis=1) < _SAME][:count]
        found[row, : len(kept)] = kept
    return found
