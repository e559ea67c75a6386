"""An inverted index over weights that a model gave to terms (learned sparse retrieval)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.hits import Hits
from seme.retrieval.identifiers import decode_id, encode_ids, unique_ids
from seme.retrieval.kernels import kth_best, rows_from

_ABOVE_ZERO = float(np.nextafter(np.float32(0), np.float32(1)))


class ImpactIndex:
    """Documents by the sum of `query weight · document weight` over shared terms (DeepImpact, uniCOIL, SPLADE).

    The documents are given once, as a sparse matrix in compressed rows (CSR) of three arrays.

    Parameters
    ----------
    ids
        Of the documents.
    offsets
        Where each document's terms start, and the end of the last, (n + 1,).
    terms
        Numbers of the terms, (m,).
    weights
        Their weights, > 0, (m,).
    bits
        Weights are rounded to `2 ** bits - 1` steps of the largest, as impacts are stored (Mallia et al. 2021); `None`
        keeps them as they are.

    Raises
    ------
    InputError
        If the arrays do not fit each other, a weight is not a positive finite number, or an id stands twice.

    Examples
    --------
    >>> index = ImpactIndex(["a", "b"], [0, 2, 3], [7, 9, 9], [1.0, 0.5, 2.0])
    >>> index.search({9: 1.0}, 2).ids
    ('b', 'a')
    """

    def __init__(
        self,
        ids: Sequence[str],
        offsets: npt.ArrayLike,
        terms: npt.ArrayLike,
        weights: npt.ArrayLike,
        *,
        bits: int | None = None,
    ) -> None:
        unique_ids(ids)
        starts, columns = np.asarray(offsets, dtype=np.int64), np.asarray(terms, dtype=np.int64)
        values = np.asarray(weights, dtype=np.float32)
        _check(len(ids), starts, columns, values)
        if bits is not None:
            values = _rounded(values, bits)
        names = encode_ids(ids)
        by_name = np.argsort(names, kind="stable")  # rows in the order of ids, so that equal scores are, too
        place = np.empty(len(ids), dtype=np.int64)
        place[by_name] = np.arange(len(ids))
        rows = place[np.repeat(np.arange(len(ids)), np.diff(starts))]
        order = np.lexsort((rows, columns))
        self._ids = names[by_name]
        self._rows, self._weights = rows[order].astype(np.int32), values[order]
        width = int(columns.max()) + 1 if len(columns) else 0
        self._starts = np.searchsorted(columns[order], np.arange(width + 1))

    def __len__(self) -> int:
        return len(self._ids)

    def search(self, weights: Mapping[int, float], k: int) -> Hits:
        """Return the k documents with the highest scores above 0; equal ones in the order of their ids.

        Parameters
        ----------
        weights
            Of the query's terms; unknown terms add nothing.
        k
            Most hits, >= 1.

        Raises
        ------
        InputError
            If `k` is not positive, or a weight is not finite.
        """
        if k < 1:
            raise InputError(f"k is {k}, it must be at least 1")
        scores = np.zeros(len(self._ids), dtype=np.float32)
        for term, weight in weights.items():
            if not np.isfinite(weight):
                raise InputError(f"the weight of term {term} is {weight}, expected a finite number")
            if 0 <= term < len(self._starts) - 1:
                part = slice(self._starts[term], self._starts[term + 1])
                scores[self._rows[part]] += np.float32(weight) * self._weights[part]  # a row stands once in a list
        edge = kth_best(scores, None, min(k, len(scores)), 0.0) if len(scores) else None
        rows = rows_from(scores, None, edge if edge is not None else _ABOVE_ZERO)
        best = rows[np.argsort(-scores[rows], kind="stable")][:k]
        return Hits(tuple(decode_id(one) for one in self._ids[best].tolist()), scores[best])


def _check(
    documents: int, starts: npt.NDArray[np.int64], terms: npt.NDArray[np.int64], weights: npt.NDArray[np.float32]
) -> None:
    if starts.shape != (documents + 1,) or terms.shape != weights.shape or terms.ndim != 1:
        raise InputError(
            f"offsets is {starts.shape}, terms {terms.shape} and weights {weights.shape} for {documents} documents, "
            f"expected ({documents + 1},), and two of equal length"
        )
    if starts[0] != 0 or starts[-1] != len(terms) or (np.diff(starts) < 0).any():
        raise InputError(f"offsets must rise from 0 to {len(terms)}, the number of weights")
    if len(terms) and (terms.min() < 0 or not np.isfinite(weights).all() or weights.min() <= 0):
        raise InputError("terms must be numbers from 0, and weights finite and above 0")
    rows = np.repeat(np.arange(documents), np.diff(starts))
    if len(terms) and len(np.unique(rows * (int(terms.max()) + 1) + terms)) != len(terms):
        raise InputError("a term stands twice in one document")


def _rounded(weights: npt.NDArray[np.float32], bits: int) -> npt.NDArray[np.float32]:
    if not 1 <= bits <= 16:
        raise InputError(f"bits is {bits}, it must be from 1 to 16")
    if not len(weights):
        return weights
    step = float(weights.max()) / (2**bits - 1)
    levels = np.maximum(np.rint(weights / step), 1)  # what was there does not vanish
    rounded: npt.NDArray[np.float32] = (levels * step).astype(np.float32)
    return rounded
