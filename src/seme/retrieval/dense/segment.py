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
_SURE = 2.5
"""Standard deviations of an estimate that count as possible: 0.6 % of the rows at the edge are missed."""


class _Buffers(local):
    """Room for the scores of each thread, so that a search need not clear new memory."""

    def __init__(self) -> None:
        self.scores: Float32 = np.empty(0, dtype=np.float32)

    def room(self, rows: int) -> Float32:
        if len(self.scores) < rows:
            self.scores = np.empty(rows, dtype=np.float32)
        return self.scores[:rows]


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
    """`vectors` (n, d) float32; with them `codes8` and `scales8`, or `signs`, `scales` and `errors`."""

    def top(self, query: Float32, k: int, allowed: Mask | None, scan: Scan) -> tuple[Rows, Float32]:
        """Return the rows of the k largest inner products and those; equals of the k-th are all returned."""
        if "signs" in self.arrays:
            return self._by_signs(query, k, allowed, scan)
        if "codes8" in self.arrays:
            packed, scales = self.arrays["codes8"], self.arrays["scales8"]
            asked, step = codes.int_query(query)
            scores = self._scores(
                lambda part, out: kernels.dot_int8(packed[part], scales[part], asked, step, out), scan
            )
            return self._rescored(_best(scores, scan.rescore or 20 * k, allowed)[0], query, k)
        vectors = self.arrays["vectors"]
        scores = self._scores(lambda part, out: kernels.dot_float32(vectors[part], query, out), scan)
        return _best(scores, k, allowed)

    def _scores(self, write: Callable[[slice, Float32], None], scan: Scan) -> Float32:
        scores = _buffers.room(self.rows)
        scan.over(self.rows, lambda start, stop: write(slice(start, stop), scores[start:stop]))
        return scores

    def _rescored(self, rows: Rows, query: Float32, k: int) -> tuple[Rows, Float32]:
        scores = kernels.dot_rows(self.arrays["vectors"], rows, query)
        kept = scores >= _kth(scores, k)
        return rows[kept], scores[kept]

    def _by_signs(self, query: Float32, k: int, allowed: Mask | None, scan: Scan) -> tuple[Rows, Float32]:
        """Re-score what the signs leave in doubt: rows whose estimate may reach the k-th best score found first."""
        signs, scales = self.arrays["signs"], self.arrays["scales"]
        planes, factors = codes.sign_query(query)
        padded = _buffers.room(len(scales))

        def estimate(start: int, stop: int) -> None:
            rows = slice(8 * start, 8 * stop)
            kernels.sign_products(signs[start:stop], scales[rows], planes, factors, padded[rows])

        scan.over(len(signs), estimate)
        estimates = padded[: self.rows]
        first = _best(estimates, scan.rescore or max(20 * k, 200), allowed)[0]
        rows, scores = self._rescored(first, query, k)
        if scan.rescore or len(rows) < k:
            return rows, scores
        edge, reach = float(scores.min()), _SURE * float(np.linalg.norm(query))
        more = kernels.rows_within(estimates, self.arrays["errors"][: self.rows], reach, allowed, edge)
        return self._rescored(np.union1d(rows, more), query, k)


def _kth(scores: Float32, k: int) -> np.float32:
    return np.partition(scores, len(scores) - k)[len(scores) - k] if len(scores) > k else _SMALLEST


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
        arrays["signs"], arrays["scales"], arrays["errors"] = codes.to_signs(vectors)
    return DenseSegment(arrays, np.ones(len(ids), dtype=np.bool_))


def merge(segments: Sequence[DenseSegment], precision: str) -> DenseSegment:
    """Build one segment of the living rows of several."""
    width = max(s.arrays["ids"].dtype.itemsize for s in segments)
    ids = np.concatenate([s.arrays["ids"][s.alive].astype(f"S{width}") for s in segments])
    return build(ids, np.concatenate([s.arrays["vectors"][s.alive] for s in segments]), precision)
