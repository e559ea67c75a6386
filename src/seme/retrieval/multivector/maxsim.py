"""The score of one set of vectors for another: every query vector takes the best that a text has for it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.retrieval.multivector.packed import Float32, Offsets, blocks


def maxsim(query: Float32, vectors: npt.NDArray[np.floating], offsets: Offsets) -> Float32:
    """Return `sum_q max_x <q, x>` for every text (n,), float32.

    MaxSim of ColBERT (Khattab and Zaharia 2020, eq. 3), also called Chamfer similarity. It is not symmetric.

    Parameters
    ----------
    query
        Vectors of the query (q, d), float32.
    vectors
        Vectors of all texts (t, d); float16 is widened block by block.
    offsets
        Where each text's vectors begin (n + 1,); each has one at least.
    """
    scores = np.empty(len(offsets) - 1, dtype=np.float32)
    for first, last in blocks(offsets):
        part = vectors[offsets[first] : offsets[last]]
        scores[first:last] = best_sum(part.astype(np.float32, copy=False) @ query.T, offsets[first : last + 1])
    return scores


def best_sum(products: Float32, offsets: Offsets) -> Float32:
    """Return each text's sum over the query of the largest product (n,), from the products (t, q) of its vectors."""
    best = np.maximum.reduceat(products, offsets[:-1] - offsets[0], axis=0)
    total: Float32 = best.sum(axis=1)
    return total
