"""The search over all segments of a dense index: estimates of every row, then exact scores where they matter."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from threading import local

import numpy as np
import numpy.typing as npt

from seme.retrieval import kernels
from seme.retrieval.dense import codes
from seme.retrieval.dense.segment import DenseSegment, Float32, Scan

Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Part = tuple[Rows, Float32]
"""Rows of one segment, and their scores."""

_SMALLEST = float(np.finfo(np.float32).min)
_SURE = 2.5
"""Standard deviations of an estimate from signs that count as possible: 0.6 % of the rows at the edge are missed.
What an estimate from int8 codes can be off by is certain, and none is missed."""


class _Room(local):
    """Memory for the scores of each thread, so that a search need not clear new memory."""

    def __init__(self) -> None:
        self.scores: Float32 = np.empty(0, dtype=np.float32)

    def parts(self, sizes: Sequence[int]) -> list[Float32]:
        if len(self.scores) < sum(sizes):
            self.scores = np.empty(sum(sizes), dtype=np.float32)
        edges = np.cumsum([0, *sizes]).tolist()
        return [self.scores[i:j] for i, j in pairwise(edges)]


room = _Room()


def nearest(
    segments: Sequence[DenseSegment], masks: Sequence[Mask | None], query: Float32, k: int, precision: str, scan: Scan
) -> list[Part]:
    """Return, for each segment, the rows that are among the k best of all, with all equals of the k-th."""
    estimates = _estimates(segments, query, precision, scan)
    if precision == "float32":
        return best(estimates, masks, k)
    first = best(estimates, masks, scan.rescore or max(4 * k, 100))
    found = _exact(segments, [rows for rows, _ in first], query)
    if scan.rescore or sum(len(rows) for rows, _ in found) < k:
        return cut(found, k)
    edge = _kth([scores for _, scores in found], k)
    reach = (1.0 if precision == "int8" else _SURE) * float(np.linalg.norm(query.astype(np.float64)))
    parts = zip(segments, estimates, masks, first, found, strict=True)
    return cut([_with_doubtful(*part, query, edge, reach) for part in parts], k)


def _estimates(segments: Sequence[DenseSegment], query: Float32, precision: str, scan: Scan) -> list[Float32]:
    binary = precision == "binary"
    outs = room.parts([len(s.arrays["scales"]) if binary else s.rows for s in segments])
    if binary:
        tables, factors = codes.sign_query(query)
        for s, out in zip(segments, outs, strict=True):
            s.by_signs(tables, factors, out, scan)
        return [out[: s.rows] for s, out in zip(segments, outs, strict=True)]
    asked, step = codes.int_query(query) if precision == "int8" else (None, 0.0)
    for s, out in zip(segments, outs, strict=True):
        if asked is None:
            s.exact(query, out, scan)
        else:
            s.by_int8(asked, step, out, scan)
    return outs


def _with_doubtful(
    segment: DenseSegment,
    estimates: Float32,
    mask: Mask | None,
    first: Part,
    found: Part,
    query: Float32,
    edge: float,
    reach: float,
) -> Part:
    """Add the rows whose estimate may reach the k-th best score found so far."""
    more = kernels.rows_within(estimates, segment.errors, reach, mask, edge)
    if not len(more):
        return found
    more = more[~np.isin(more, first[0], assume_unique=True)]
    scores = kernels.dot_rows(segment.arrays["vectors"], more, query)
    return np.concatenate([found[0], more]), np.concatenate([found[1], scores])


def _exact(segments: Sequence[DenseSegment], rows: Sequence[Rows], query: Float32) -> list[Part]:
    return [(r, kernels.dot_rows(s.arrays["vectors"], r, query)) for s, r in zip(segments, rows, strict=True)]


def best(estimates: Sequence[Float32], masks: Sequence[Mask | None], k: int) -> list[Part]:
    """Return the rows (ascending) of the k largest scores of all segments; equals of the k-th are all returned."""
    edge, parts = _SMALLEST, []
    for scores, mask in zip(estimates, masks, strict=True):
        if edge == _SMALLEST:  # k rows of one segment score at least as much: no other need be counted for an edge
            found = kernels.kth_best(scores, mask, k, _SMALLEST)
            edge = edge if found is None else found
        rows = kernels.rows_from(scores, mask, edge)
        parts.append((rows, scores[rows]))
    return cut(parts, k)


def cut(parts: Sequence[Part], k: int) -> list[Part]:
    """Return the rows of the k largest scores among parts, in the order they have; equals of the k-th are all kept."""
    edge = _kth([scores for _, scores in parts], k)
    kept = [scores >= edge for _, scores in parts]
    return [(rows[keep], scores[keep]) for (rows, scores), keep in zip(parts, kept, strict=True)]


def _kth(scores: Sequence[Float32], k: int) -> float:
    together = np.concatenate(scores) if scores else np.empty(0, dtype=np.float32)
    return float(np.partition(together, len(together) - k)[len(together) - k]) if len(together) > k else _SMALLEST
