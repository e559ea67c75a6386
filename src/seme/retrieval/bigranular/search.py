"""The search of a bi-granular index: candidates by codes, then scores by vectors (BiDR, 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seme.retrieval import kernels
from seme.retrieval.bigranular.quantiser import Float32, ProductQuantiser
from seme.retrieval.bigranular.scan import Rows, Scan, prepare
from seme.retrieval.bigranular.segment import BigranularSegment
from seme.retrieval.dense.nearest import Part, best, cut, room

Mask = npt.NDArray[np.bool_]


class Verified(NamedTuple):
    """Rows of one segment with their final scores, and the pages that were read for them."""

    rows: Rows
    scores: Float32
    pages: int


def candidates(
    segments: Sequence[BigranularSegment],
    masks: Sequence[Mask | None],
    quantiser: ProductQuantiser,
    query: Float32,
    k: int,
) -> list[Part]:
    """Return, for each segment, the rows (ascending) of the k best code scores of all, with all equals of the k-th."""
    scan = Scan(prepare(quantiser, query))
    estimates = _estimates(segments, scan)
    first = best(estimates, masks, k)
    if not scan.tables.error:
        return first
    # The k-th best true score is no lower than the lowest of any k rows, and a row that reaches it has an estimate that
    # is lower by the error at most. Where there are k or fewer rows, all of them are in `first`.
    packed = [s.arrays["codes"] for s in segments]
    known = [scan.of(codes, rows, one) for codes, (rows, _), one in zip(packed, first, estimates, strict=True)]
    lowest = min((float(scores.min()) for scores in known if len(scores)), default=0.0)
    edge = float(np.nextafter(np.float32(lowest - scan.tables.error), np.float32(-np.inf)))
    parts = []
    for codes, mask, found in zip(packed, masks, estimates, strict=True):
        rows = kernels.rows_from(found, mask, edge)
        parts.append((rows, scan.of(codes, rows, found)))
    return cut(parts, k)


def verify(
    segments: Sequence[BigranularSegment], parts: Sequence[Part], query: Float32, weight: float
) -> list[Verified]:
    """Score candidates by `<q, v> + weight · code score`, reading vectors in the order of the file."""
    found = []
    for s, (rows, light) in zip(segments, parts, strict=True):
        scores, pages = s.verify(rows, query)
        found.append(Verified(rows, scores + np.float32(weight) * light, pages))
    return found


def _estimates(segments: Sequence[BigranularSegment], scan: Scan) -> list[Float32]:
    outs = room.parts([scan.rows_needed(s.arrays["codes"], s.rows) for s in segments])
    for s, out in zip(segments, outs, strict=True):
        scan.over(s.arrays["codes"], out)
    return [out[: s.rows] for s, out in zip(segments, outs, strict=True)]
