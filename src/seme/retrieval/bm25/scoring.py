"""Scoring one segment: term by term, and no further than the k best can still change.

The rarest terms come first. Once the k-th best score so far exceeds what the terms that are left can add, a document
without any of the terms so far cannot enter, and only documents within reach go on (the idea of MaxScore, Turtle and
Flood 1995, term at a time). The result is exactly that of scoring every posting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import local
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seme.retrieval import kernels

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
_FEW = 8
"""Touched rows are collected, rather than all scores read, where postings are fewer than 1 in `_FEW` rows."""
_ABOVE_ZERO = float(np.nextafter(np.float32(0), np.float32(1)))
_MARGIN = np.float32(1e-4)
"""Relative slack of the bound: float32 sums may round up past it."""


class Term(NamedTuple):
    """A term of the query in one segment: where its postings are, its weight, and the most it can add to a score."""

    start: int
    stop: int
    weight: float
    most: float
    packed: bytes
    """The same for the kernel."""

    @classmethod
    def of(cls, start: int, stop: int, weight: float, most: float) -> Term:
        """Make a term, packed."""
        return cls(start, stop, weight, most, kernels.pack_term(start, stop, weight, most))

    def times(self, count: float) -> Term:
        """Return the term as a query has it that says it `count` times, or weighs it so."""
        return self if count == 1 else Term.of(self.start, self.stop, count * self.weight, count * self.most)


@dataclass(frozen=True, slots=True)
class _List:
    docs: Rows
    tfs: npt.NDArray[np.uint16]
    weight: float
    most: float


class _Buffers(local):
    """Scores of each thread, all zero between two searches."""

    def __init__(self) -> None:
        self.scores: Scores = np.zeros(0, dtype=np.float32)

    def zeros(self, rows: int) -> Scores:
        if len(self.scores) < rows:
            self.scores = np.zeros(rows, dtype=np.float32)
        return self.scores[:rows]


_buffers = _Buffers()


def top_places(
    table: kernels.PostingsTable,
    terms: Sequence[Sequence[Term]],
    k: int,
    allowed: Sequence[npt.NDArray[np.bool_] | None] | None,
) -> tuple[Rows, Rows, Scores]:
    """Return segments, rows and scores of the k best scores above 0, with all equals of the k-th.

    Parameters
    ----------
    table
        What is searched.
    terms
        The query's terms in each segment, ordered as they are to be added up, which decides the last bits of the sums.
    k
        How many.
    allowed
        Rows of each segment that may be found; `None` for all.
    """
    if kernels.COMPILED:
        packed = [b"".join([term.packed for term in here]) for here in terms]
        return kernels.bm25_top(table, packed, allowed, k, _ABOVE_ZERO)
    parts = [
        _top_rows(postings, here, k, None if allowed is None else allowed[number])
        for number, (postings, here) in enumerate(zip(table.segments, terms, strict=True))
    ]
    where = np.repeat(np.arange(len(parts), dtype=np.int32), [len(rows) for rows, _ in parts])
    rows = np.concatenate([rows for rows, _ in parts] or [where])
    scores = np.concatenate([scores for _, scores in parts] or [np.empty(0, dtype=np.float32)])
    if len(scores) > k:
        kept = scores >= np.partition(scores, len(scores) - k)[len(scores) - k]
        where, rows, scores = where[kept], rows[kept], scores[kept]
    return where, rows, scores


def _top_rows(
    postings: kernels.Postings, terms: Sequence[Term], k: int, allowed: npt.NDArray[np.bool_] | None
) -> tuple[Rows, Scores]:
    docs, tfs = postings.docs, postings.tfs
    slices = [slice(term.start, term.stop) for term in terms]
    lists = [_List(docs[s], tfs[s], term.weight, term.most) for s, term in zip(slices, terms, strict=True)]
    return _top_rows_in_steps(postings.norms, lists, k, allowed)


def _top_rows_in_steps(
    norms: Scores, terms: Sequence[_List], k: int, allowed: npt.NDArray[np.bool_] | None
) -> tuple[Rows, Scores]:
    scores = _buffers.zeros(len(norms))
    try:
        candidates = _accumulate(scores, norms, terms, k, allowed)
        if candidates is None:
            edge = kernels.kth_best(scores, allowed, k, 0.0)
            rows = kernels.rows_from(scores, allowed, _ABOVE_ZERO if edge is None else edge)
            return rows, scores[rows].copy()
        return _best_of(candidates, scores[candidates], k, allowed)
    finally:
        _clear(scores, terms)


def _accumulate(
    scores: Scores, norms: Scores, terms: Sequence[_List], k: int, allowed: npt.NDArray[np.bool_] | None
) -> Rows | None:
    """Add up the terms; return the only rows that count, or `None` if every row does."""
    left = sum(len(term.docs) for term in terms)
    if left * _FEW < len(scores):
        for term in terms:
            kernels.bm25_add(term.docs, term.tfs, norms, term.weight, scores)
        return np.unique(np.concatenate([term.docs for term in terms])) if terms else np.empty(0, np.int32)
    reach = np.cumsum([term.most for term in reversed(terms)])[::-1].tolist()
    for i, term in enumerate(terms):
        if i and left > len(scores) // _FEW:
            edge = kernels.kth_best(scores, allowed, k, 0.0)
            bound = None if edge is None else edge - reach[i] - float(_MARGIN) * (edge + reach[i])
            if bound is not None and bound > 0:
                rows = kernels.rows_from(scores, allowed, bound)
                if len(rows) * 4 < left:
                    _finish(scores, norms, terms[i:], rows)
                    return rows
        kernels.bm25_add(term.docs, term.tfs, norms, term.weight, scores)
        left -= len(term.docs)
    return None


def _finish(scores: Scores, norms: Scores, terms: Sequence[_List], rows: Rows) -> None:
    for term in terms:
        kernels.bm25_add_to(term.docs, term.tfs, norms, term.weight, rows, scores)


def _best_of(rows: Rows, scores: Scores, k: int, allowed: npt.NDArray[np.bool_] | None) -> tuple[Rows, Scores]:
    kept = scores > 0 if allowed is None else (scores > 0) & allowed[rows]
    rows, scores = rows[kept], scores[kept]
    if len(rows) > k:
        edge = np.partition(scores, len(scores) - k)[len(scores) - k]
        kept = scores >= edge
        rows, scores = rows[kept], scores[kept]
    return rows, scores


def _clear(scores: Scores, terms: Sequence[_List]) -> None:
    if sum(len(term.docs) for term in terms) * 2 > len(scores):
        scores.fill(0)
        return
    for term in terms:
        scores[term.docs] = 0
