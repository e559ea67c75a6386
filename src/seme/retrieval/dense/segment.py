"""A part of a dense index that never changes: vectors, and their cheaper forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import local

import numpy as np
import numpy.typing as npt

from seme.retrieval import kernels
from seme.retrieval.dense import codes
from seme.retrieval.identifiers import sorted_order
from seme.retrieval.segmented import Segment
from seme.retrieval.store import Arrays

Float32 = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
_SMALLEST = np.finfo(np.float32).min
_BLOCK = 16_384
"""Fewest rows that are worth a thread."""


class _Buffers(local):
    """Room for the scores of each thread, so that a search need not clear new memory."""

    def __init__(self) -> None:
        self.scores: Float32 = np.empty(0, dtype=np.float32)
        self.distances: npt.NDArray[np.uint16] = np.empty(0, dtype=np.uint16)

    def room(self, rows: int) -> None:
        if len(self.scores) < rows:
            self.scores, self.distances = np.empty(rows, dtype=np.float32), np.empty(rows, dtype=np.uint16)


_buffers = _Buffers()


@dataclass(slots=True)
class Scan:
    """How a search goes over the rows: re-scored rows, and the threads to share them out to."""

    rescore: int | None
    pool: ThreadPoolExecutor | None
    threads: int

    def over(self, rows: int, work: Callable[[int, int], None]) -> None:
        """Do the work on ranges of rows (start, stop), one for each thread."""
        parts = min(self.threads, max(1, rows // _BLOCK))
        edges = [rows * i // parts for i in range(parts + 1)]
        if self.pool is None or parts == 1:
            work(0, rows)
            return
        for done in [self.pool.submit(work, edges[i], edges[i + 1]) for i in range(parts)]:
            done.result()


@dataclass(slots=True)
class DenseSegment(Segment):
    """`vectors` (n, d) float32; with them `codes8` and `scales8`, or `bits`."""

    def top(self, query: Float32, k: int, allowed: Mask | None, scan: Scan) -> tuple[Rows, Float32]:
        """Return the rows of the k largest inner products and those; equals of the k-th are all returned."""
        if "vectors" in self.arrays and not {"bits", "codes8"} & set(self.arrays):
            return self._exact(query, k, allowed, scan)
        rows = self._near(query, k, allowed, scan)
        scores = np.empty(len(rows), dtype=np.float32)
        kernels.dot_float32(np.ascontiguousarray(self.arrays["vectors"][rows]), query, scores)
        edge = np.partition(scores, len(scores) - k)[len(scores) - k] if len(scores) > k else _SMALLEST
        return rows[scores >= edge], scores[scores >= edge]

    def _exact(self, query: Float32, k: int, allowed: Mask | None, scan: Scan) -> tuple[Rows, Float32]:
        _buffers.room(self.rows)
        scores, vectors = _buffers.scores[: self.rows], self.arrays["vectors"]

        def work(start: int, stop: int) -> None:
            kernels.dot_float32(vectors[start:stop], query, scores[start:stop])

        scan.over(self.rows, work)
        return _best(scores, k, allowed)

    def _near(self, query: Float32, k: int, allowed: Mask | None, scan: Scan) -> Rows:
        _buffers.room(self.rows)
        if "codes8" in self.arrays:
            scores, packed, scales = _buffers.scores[: self.rows], self.arrays["codes8"], self.arrays["scales8"]

            def work(start: int, stop: int) -> None:
                kernels.dot_int8(packed[start:stop], scales[start:stop], query, scores[start:stop])

            scan.over(self.rows, work)
            return _best(scores, scan.rescore or 20 * k, allowed)[0]
        distances, bits = _buffers.distances[: self.rows], self.arrays["bits"]
        signs = codes.to_bits(query[None, :])[0]

        def compare(start: int, stop: int) -> None:
            kernels.hamming(bits[start:stop], signs, distances[start:stop])

        scan.over(self.rows, compare)
        wanted = scan.rescore or max(100 * k, self.rows // 100)
        return kernels.nearest_codes(distances, allowed, bits.shape[1] * 64, wanted)


def _best(scores: Float32, k: int, allowed: Mask | None) -> tuple[Rows, Float32]:
    edge = kernels.kth_best(scores, allowed, k, float(_SMALLEST))
    rows = kernels.rows_from(scores, allowed, float(_SMALLEST) if edge is None else edge)
    return rows, scores[rows].copy()


def build(ids: npt.NDArray[np.bytes_], vectors: Float32, precision: str) -> DenseSegment:
    """Build a segment, with the form of the vectors that a search scans."""
    arrays: Arrays = {"ids": ids, "order": sorted_order(ids), "vectors": vectors}
    if precision == "int8":
        arrays["codes8"], arrays["scales8"] = codes.to_int8(vectors)
    elif precision == "binary":
        arrays["bits"] = codes.to_bits(vectors)
    return DenseSegment(arrays, np.ones(len(ids), dtype=np.bool_))


def merge(segments: Sequence[DenseSegment], precision: str) -> DenseSegment:
    """Build one segment of the living rows of several."""
    width = max(s.arrays["ids"].dtype.itemsize for s in segments)
    ids = np.concatenate([s.arrays["ids"][s.alive].astype(f"S{width}") for s in segments])
    return build(ids, np.concatenate([s.arrays["vectors"][s.alive] for s in segments]), precision)
