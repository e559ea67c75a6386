"""An exact index over binary codes by Hamming distance, in memory-mapped files, with deletes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError, InputError, NotFoundError
from seme.retrieval import kernels, store
from seme.retrieval.binary.codes import Bytes, checked, tables_of
from seme.retrieval.binary.segment import BinarySegment, build, merge
from seme.retrieval.dense.codes import LANES
from seme.retrieval.hits import Hits
from seme.retrieval.identifiers import decode_id, encode_ids, unique_ids
from seme.retrieval.segmented import Masks, SegmentedIndex, checked_config, read_parts

Part = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]
"""Rows of one segment, and their scores."""

_LAYOUT = 1


class BinaryIndex(SegmentedIndex[BinarySegment]):
    """The codes nearest to a query's by Hamming distance, exactly.

    A score is a distance negated, so that the nearest is the largest; equal ones come in the order of their ids.

    Parameters
    ----------
    bits
        Length of a code.
    encoder
        Name of what made the codes; an index refuses to be opened for another.

    Examples
    --------
    >>> from seme.retrieval.binary import pack
    >>> index = BinaryIndex(3, encoder="example")
    >>> index.add(["all", "none"], pack([[1, 1, 1], [0, 0, 0]]))
    >>> hits = index.search(pack([[1, 0, 1]]), 1)[0]
    >>> hits.ids, hits.scores.tolist()
    (('all',), [-1.0])
    """

    kind = "hamming"

    def __init__(self, bits: int, *, encoder: str) -> None:
        super().__init__()
        if bits < 1:
            raise InputError(f"bits is {bits}, it must be at least 1")
        self.bits, self.encoder = bits, encoder

    def add(self, ids: Sequence[str], codes: npt.ArrayLike) -> None:
        """Add packed codes (n, ceil(bits / 8)) uint8; one whose id is known replaces the former.

        Raises
        ------
        InputError
            If numbers or widths do not fit, a bit beyond the last is set, or an id stands twice.
        """
        self._must_be_writable()
        array = checked(codes, self.bits)
        if len(ids) != len(array):
            raise InputError(f"there are {len(ids)} ids and {len(array)} codes, they must be as many")
        unique_ids(ids)
        encoded = encode_ids(ids)
        self._drop(ids)
        if len(ids):
            self._segments.append(build(encoded, array))

    def codes(self, ids: Sequence[str]) -> Bytes:
        """Return the packed codes (n, ceil(bits / 8)) of some ids.

        Raises
        ------
        NotFoundError
            If one is not there.
        """
        found = np.empty((len(ids), -(-self.bits // 8)), dtype=np.uint8)
        for i, code_id in enumerate(ids):
            place = self._find(code_id)
            if place is None:
                raise NotFoundError(f"the index has no code {code_id!r}")
            found[i] = place[0].codes(np.array([place[1]]))[0]
        return found

    def search(self, codes: npt.ArrayLike, k: int, *, allowed: Masks | None = None) -> list[Hits]:
        """Return the k codes nearest to each query.

        Parameters
        ----------
        codes
            Packed queries (m, ceil(bits / 8)) uint8.
        k
            Most hits of a query, >= 1.
        allowed
            Codes that may be found (`mask`); `None` for all.

        Raises
        ------
        InputError
            If `k` is not positive or the width is another one.
        """
        if k < 1:
            raise InputError(f"k is {k}, it must be at least 1")
        return [self._hits(self._nearest(query, k, allowed), k) for query in checked(codes, self.bits)]

    def within(self, codes: npt.ArrayLike, radius: int, *, allowed: Masks | None = None) -> list[Hits]:
        """Return all codes that differ from each query in at most `radius` bits, the nearest first.

        Raises
        ------
        InputError
            If `radius` is negative or the width is another one.
        """
        if radius < 0:
            raise InputError(f"radius is {radius}, it must be at least 0")
        return [self._hits(self._from(query, -radius, allowed), None) for query in checked(codes, self.bits)]

    @classmethod
    def open(cls, path: Path | str, *, writable: bool = False, encoder: str | None = None) -> Self:
        """Open an index that `save` wrote, memory-mapped.

        Raises
        ------
        InputError
            If there is none, or it was built with another encoder.
        CorruptionError
            If its files were cut or changed.
        """
        folder = Path(path)
        manifest = store.read_manifest(folder, cls.kind)
        config = checked_config(folder, manifest, layout=_LAYOUT, encoder=encoder)
        index = cls(config["bits"], encoder=config["encoder"])
        segments = [_read(folder, entry, index.bits) for entry in manifest.segments]
        index._adopt(folder, manifest, segments, writable=writable)
        return index

    def _scored(
        self, query: Bytes, allowed: Masks | None
    ) -> Iterator[tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_] | None]]:
        """Yield the scores of each segment's rows, and which of them may be found."""
        tables = tables_of(query)
        given = [None] * len(self._segments) if allowed is None else allowed
        for s, mask in zip(self._segments, given, strict=True):
            yield s.nearness(tables), s.mask(mask)

    def _nearest(self, query: Bytes, k: int, allowed: Masks | None) -> list[Part]:
        """Return, for each segment, its k nearest rows with all equals of the k-th."""
        parts = []
        for scores, mask in self._scored(query, allowed):
            edge = kernels.kth_best(scores, mask, min(k, len(scores)), -self.bits - 1)
            rows = kernels.rows_from(scores, mask, -self.bits if edge is None else edge)
            parts.append((rows, scores[rows]))
        return parts

    def _from(self, query: Bytes, edge: float, allowed: Masks | None) -> list[Part]:
        """Return, for each segment, the rows with a score of at least `edge`."""
        found = []
        for scores, mask in self._scored(query, allowed):
            rows = kernels.rows_from(scores, mask, edge)
            found.append((rows, scores[rows]))
        return found

    def _hits(self, parts: Sequence[Part], k: int | None) -> Hits:
        if not parts:
            return Hits((), np.empty(0, dtype=np.float32))
        ids = np.concatenate([s.arrays["ids"][rows] for s, (rows, _) in zip(self._segments, parts, strict=True)])
        scores = np.concatenate([one for _, one in parts])
        order = np.lexsort((ids, -scores))[:k]
        return Hits(tuple(decode_id(i) for i in ids[order].tolist()), scores[order])

    def _config(self) -> dict[str, Any]:
        return {"bits": self.bits, "encoder": self.encoder, "layout": _LAYOUT}

    def _merge(self, segments: Sequence[BinarySegment]) -> BinarySegment:
        return merge(segments)


def _read(folder: Path, entry: Mapping[str, Any], bits: int) -> BinarySegment:
    arrays, alive, dead = read_parts(folder, entry)
    segment = BinarySegment(arrays, alive, dict(entry), dead=dead)
    lanes, width = arrays["lanes"], -(-bits // 8)
    if lanes.dtype != np.uint8 or lanes.shape != (-(-len(alive) // LANES), width, LANES):
        raise CorruptionError(f"a segment of {folder} has codes of the shape {lanes.shape}", hint=store.REBUILD)
    return segment
