"""A part of a dense index that never changes: vectors, and their cheaper forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.retrieval import kernels
from seme.retrieval.dense import codes
from seme.retrieval.identifiers import sorted_order
from seme.retrieval.segmented import Segment
from seme.retrieval.store import Arrays

Float32 = npt.NDArray[np.float32]
_BLOCK = 16_384
"""Fewest rows that are worth a thread."""


@dataclass(slots=True)
class Scan:
    """How a search goes over the rows: re-scored rows, and the threads to share them out to."""

    rescore: int | None
    pool: ThreadPoolExecutor | None
    threads: int

    def over(self, rows: int, work: Callable[[int, int], None], *, least: int = _BLOCK) -> None:
        """Do the work on ranges of rows (start, stop), one for each thread, of at least `least` rows."""
        parts = min(self.threads, max(1, rows // least))
        edges = [rows * i // parts for i in range(parts + 1)]
        if self.pool is None or parts == 1:
            work(0, rows)
            return
        for done in [self.pool.submit(work, edges[i], edges[i + 1]) for i in range(parts)]:
            done.result()


@dataclass(slots=True)
class DenseSegment(Segment):
    """`vectors` (n, d) float32; with them `codes8`, `scales8` and `errors8`, or `signs`, `scales` and `errors`."""

    @property
    def errors(self) -> Float32:
        """How far the estimates (n,) from bytes or signs may be off, over the query's norm."""
        return self.arrays["errors8" if "errors8" in self.arrays else "errors"][: self.rows]

    def exact(self, query: Float32, out: Float32, scan: Scan) -> None:
        """Write the inner products (n,) with a query."""
        vectors = self.arrays["vectors"]
        scan.over(self.rows, lambda i, j: kernels.dot_float32(vectors[i:j], query, out[i:j]))

    def by_int8(self, asked: npt.NDArray[np.int16], step: float, out: Float32, scan: Scan) -> None:
        """Write estimates (n,) from one byte a number (`codes.int_query`)."""
        packed, scales = self.arrays["codes8"], self.arrays["scales8"]
        scan.over(self.rows, lambda i, j: kernels.dot_int8(packed[i:j], scales[i:j], asked, step, out[i:j]))

    def by_signs(self, tables: codes.Bytes, factors: Float32, out: Float32, scan: Scan) -> None:
        """Write estimates (32 · blocks,) from signs (`codes.sign_query`)."""
        signs, scales = self.arrays["signs"], self.arrays["scales"]

        def estimate(start: int, stop: int) -> None:
            rows = slice(codes.LANES * start, codes.LANES * stop)
            kernels.sign_products(signs[start:stop], scales[rows], tables, factors, out[rows])

        scan.over(len(signs), estimate, least=_BLOCK // codes.LANES)


def build(ids: npt.NDArray[np.bytes_], vectors: Float32, precision: str) -> DenseSegment:
    """Build a segment, with the form of the vectors that a search scans."""
    arrays: Arrays = {"ids": ids, "order": sorted_order(ids), "vectors": vectors}
    if precision == "int8":
        arrays["codes8"], arrays["scales8"], arrays["errors8"] = codes.to_int8(vectors)
    elif precision == "binary":
        arrays["signs"], arrays["scales"], arrays["errors"] = codes.to_signs(vectors)
    return DenseSegment(arrays, np.ones(len(ids), dtype=np.bool_))


def merge(segments: Sequence[DenseSegment], precision: str) -> DenseSegment:
    """Build one segment of the living rows of several."""
    width = max(s.arrays["ids"].dtype.itemsize for s in segments)
    ids = np.concatenate([s.arrays["ids"][s.alive].astype(f"S{width}") for s in segments])
    return build(ids, np.concatenate([s.arrays["vectors"][s.alive] for s in segments]), precision)
