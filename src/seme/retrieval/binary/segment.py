"""A part of a binary index that never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.retrieval import kernels
from seme.retrieval.binary.codes import Bytes, from_lanes, ones, to_lanes
from seme.retrieval.dense.codes import LANES
from seme.retrieval.identifiers import sorted_order
from seme.retrieval.segmented import Segment

_NEGATIVE = np.array([0, -1], dtype=np.float32)


@dataclass(slots=True)
class BinarySegment(Segment):
    """`lanes` (ceil(n / 32), bytes, 32) uint8: the codes as the kernel scans them (`codes.to_lanes`)."""

    def nearness(self, tables: Bytes) -> npt.NDArray[np.float32]:
        """Return the distances (n,) of all rows from a query (`codes.tables_of`), negated, as scores."""
        lanes = self.arrays["lanes"]
        scores = np.empty(LANES * len(lanes), dtype=np.float32)
        kernels.sign_products(lanes, ones(len(scores)), tables, _NEGATIVE, scores)
        return scores[: self.rows]

    def codes(self, rows: npt.NDArray[np.integer]) -> Bytes:
        """Return the packed codes (m, bytes) of some rows."""
        return from_lanes(self.arrays["lanes"], rows)


def build(ids: npt.NDArray[np.bytes_], codes: Bytes) -> BinarySegment:
    """Build a segment of packed codes (n, bytes)."""
    arrays = {"ids": ids, "order": sorted_order(ids), "lanes": to_lanes(codes)}
    return BinarySegment(arrays, np.ones(len(ids), dtype=np.bool_))


def merge(segments: Sequence[BinarySegment]) -> BinarySegment:
    """Build one segment of the living rows of several."""
    width = max(s.arrays["ids"].dtype.itemsize for s in segments)
    ids = np.concatenate([s.arrays["ids"][s.alive].astype(f"S{width}") for s in segments])
    return build(ids, np.concatenate([s.codes(np.flatnonzero(s.alive)) for s in segments]))
