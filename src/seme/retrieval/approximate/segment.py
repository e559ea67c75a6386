"""A part of an approximate index that never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError
from seme.retrieval import store
from seme.retrieval.approximate import graphs
from seme.retrieval.approximate.graphs import Float32, Form
from seme.retrieval.identifiers import sorted_order
from seme.retrieval.segmented import Segment, read_parts
from seme.retrieval.vector_index import Part

_FEW = 50
"""One row in so many that may be found, or fewer: going through them all is faster, and finds them all."""


@dataclass(slots=True)
class ApproximateSegment(Segment):
    """What faiss holds, the vectors within; on disk it is `graph` and its `digest`, bytes."""

    faiss: Any = None

    def write(self, folder: Path, generation: int, number: int) -> dict[str, Any]:
        """Write what the folder does not have yet; return the entry for the manifest."""
        kept = self.arrays
        if self.entry is None:
            body, digest = graphs.written(self.faiss)
            self.arrays = {**kept, "graph": body, "digest": digest}
        try:
            return Segment.write(self, folder, generation, number)
        finally:
            self.arrays = kept

    def search(self, query: Float32, k: int, effort: int, allowed: npt.NDArray[np.bool_] | None) -> Part:
        """Return the k rows nearest to a query (d,); all of the rows are compared where few may be found."""
        mask = self.mask(allowed)
        left = self.rows if mask is None else int(np.count_nonzero(mask))
        if left == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        if mask is None or left > max(graphs.FLAT_BELOW, self.rows // _FEW):
            rows, scores = graphs.ask(self.faiss, query, k, effort, mask)
            if len(rows) >= min(k, left):
                return rows, scores
        rows = np.arange(self.rows) if mask is None else np.flatnonzero(mask)
        scores = graphs.vectors_of(self.faiss, rows) @ query
        best = np.argsort(-scores, kind="stable")[:k]
        return rows[best], scores[best]

    def vectors(self, rows: npt.NDArray[np.integer]) -> Float32:
        """Return the vectors (m, d) of some rows."""
        return graphs.vectors_of(self.faiss, rows)


def build(ids: npt.NDArray[np.bytes_], vectors: Float32, form: Form) -> ApproximateSegment:
    """Build a segment of vectors (n, d)."""
    arrays = {"ids": ids, "order": sorted_order(ids)}
    return ApproximateSegment(arrays, np.ones(len(ids), dtype=np.bool_), faiss=graphs.build(vectors, form))


def merge(segments: Sequence[ApproximateSegment], form: Form) -> ApproximateSegment:
    """Build one segment of the living rows of several."""
    width = max(s.arrays["ids"].dtype.itemsize for s in segments)
    ids = np.concatenate([s.arrays["ids"][s.alive].astype(f"S{width}") for s in segments])
    return build(ids, np.concatenate([s.vectors(np.flatnonzero(s.alive)) for s in segments]), form)


def read(folder: Path, entry: Mapping[str, Any], dim: int) -> ApproximateSegment:
    """Read the segment that a manifest names.

    Raises
    ------
    CorruptionError
        If a file is missing or was changed.
    """
    arrays, alive, dead = read_parts(folder, entry)
    if not {"ids", "order", "graph", "digest"} <= set(arrays):
        raise CorruptionError(f"a segment of {folder} lacks files", hint=store.REBUILD)
    made = graphs.read(arrays.pop("graph"), arrays.pop("digest"), len(alive), dim)
    return ApproximateSegment(arrays, alive, dict(entry), dead=dead, faiss=made)
