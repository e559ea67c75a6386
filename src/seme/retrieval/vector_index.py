"""What the indexes over one float32 vector a document share: additions, vectors by id, the best of all segments."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from seme.errors import InputError, NotFoundError
from seme.retrieval.dense.codes import checked
from seme.retrieval.hits import Hits
from seme.retrieval.identifiers import decode_id, encode_ids, unique_ids
from seme.retrieval.segmented import AnySegment, SegmentedIndex

Float32 = npt.NDArray[np.float32]
Part = tuple[npt.NDArray[np.integer], Float32]
"""Rows of one segment, and their scores."""


class VectorIndex(SegmentedIndex[AnySegment]):
    """An index over vectors (n, dim), each with an id.

    Parameters
    ----------
    dim
        Width of the vectors.
    encoder
        Name of what made the vectors; an index refuses to be opened for another.
    """

    def __init__(self, dim: int, *, encoder: str) -> None:
        super().__init__()
        if dim < 1:
            raise InputError(f"dim is {dim}, it must be at least 1")
        self.dim, self.encoder = dim, encoder

    def add(self, ids: Sequence[str], vectors: npt.ArrayLike) -> None:
        """Add vectors (n, dim); one whose id is known replaces the former.

        Raises
        ------
        InputError
            If numbers or widths do not fit, a value is not finite, or an id stands twice.
        """
        self._must_be_writable()
        array = checked(vectors, self.dim)
        if len(ids) != len(array):
            raise InputError(f"there are {len(ids)} ids and {len(array)} vectors, they must be as many")
        unique_ids(ids)
        encoded = encode_ids(ids)
        self._drop(ids)
        if len(ids):
            self._segments.append(self._built(encoded, array))

    def vectors(self, ids: Sequence[str]) -> Float32:
        """Return the float32 vectors (n, dim) of some ids.

        Raises
        ------
        NotFoundError
            If one is not there.
        """
        found = np.empty((len(ids), self.dim), dtype=np.float32)
        for i, (number, row) in enumerate(self._places(ids)):
            if number < 0:
                raise NotFoundError(f"the index has no vector {ids[i]!r}")
            found[i] = self._vectors_of(self._segments[number], np.array([row]))[0]
        return found

    def _best(self, parts: Iterable[Part], k: int) -> Hits:
        """Return the k best of what each segment found; equals stand in the order of their ids."""
        ids: list[str] = []
        scores: list[float] = []
        for s, (rows, part) in zip(self._segments, parts, strict=True):
            ids += [decode_id(i) for i in s.arrays["ids"][rows].tolist()]
            scores += part.tolist()
        best = sorted(range(len(ids)), key=lambda i: (-scores[i], ids[i]))[:k]
        return Hits(tuple(ids[i] for i in best), np.array([scores[i] for i in best], dtype=np.float32))

    @abstractmethod
    def _built(self, ids: npt.NDArray[np.bytes_], vectors: Float32) -> AnySegment:
        """Return a segment of vectors (n, dim)."""

    @abstractmethod
    def _vectors_of(self, segment: AnySegment, rows: npt.NDArray[np.integer]) -> Float32:
        """Return the vectors (m, dim) of some rows of a segment."""
