"""Vectors of queries and documents, and which are right for which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.adapter import checked_vectors, unit

Vectors = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Queries, the documents that are searched, and the rows of those that are right for each query.

    Vectors are brought to unit length.

    Parameters
    ----------
    queries
        Vectors (n, D).
    documents
        Vectors (m, D).
    positives
        For each query the rows of its documents, at least one.

    Raises
    ------
    InputError
        If widths differ, a value is not finite, a vector is zero, or a query has no right document.
    """

    queries: Vectors
    documents: Vectors
    positives: Sequence[Sequence[int]]
    _keys: Indices = field(init=False, repr=False)
    """`query * m + document` of all right pairs, sorted."""

    def __post_init__(self) -> None:
        """Check, bring to unit length and sort."""
        for name in ("queries", "documents"):
            given = checked_vectors(getattr(self, name))
            if not len(given):
                raise InputError(f"{name} is empty, expected at least one vector")
            object.__setattr__(self, name, unit(given))
        if self.queries.shape[1] != self.documents.shape[1]:
            raise InputError(f"queries have {self.queries.shape[1]} dimensions and documents {self.documents.shape[1]}")
        if len(self.positives) != len(self.queries):
            raise InputError(f"there are positives for {len(self.positives)} queries, expected {len(self.queries)}")
        count = len(self.documents)
        for row, right in enumerate(self.positives):
            if not len(right):
                raise InputError(f"query {row} has no right document", hint="Leave it out")
            if min(right) < 0 or max(right) >= count:
                raise InputError(f"query {row} names the documents {list(right)}, expected rows below {count}")
        keys = {row * count + one for row, right in enumerate(self.positives) for one in right}
        object.__setattr__(self, "_keys", np.array(sorted(keys), dtype=np.int64))

    @property
    def dim(self) -> int:
        """Width D of the vectors."""
        return int(self.queries.shape[1])

    def right(self, rows: Indices, columns: Indices) -> npt.NDArray[np.bool_]:
        """Return which documents are right for which queries, (n, k).

        Parameters
        ----------
        rows
            Queries, (n,).
        columns
            Documents: of all queries, (k,), or of each, (n, k).
        """
        wanted = rows[:, None] * len(self.documents) + np.atleast_2d(columns)
        places = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        found: npt.NDArray[np.bool_] = self._keys[places] == wanted
        return found

    def some(self, rows: Indices) -> Pairs:
        """Return some of the queries, over all documents."""
        return Pairs(self.queries[rows], self.documents, [self.positives[row] for row in rows.tolist()])
