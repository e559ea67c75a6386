"""Locality-centric sampling: batches whose queries and documents are hard for each other (BiDR, 2022, stage 2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Indices = npt.NDArray[np.int64]
BatchGenerator = Literal["random", "random_walk", "snow_sample"]
GENERATORS: tuple[BatchGenerator, ...] = get_args(BatchGenerator)


@dataclass(frozen=True)
class Proximity:
    """The bipartite graph of queries and the candidates that the codes find for them.

    Parameters
    ----------
    candidates
        Of each query the rows of the documents that are near it and not right; a list may be short or empty.
    documents
        How many documents there are.

    Raises
    ------
    InputError
        If there is no query, or a row is out of range (as -1 of faiss is).
    """

    candidates: Sequence[Indices]
    documents: int
    queries_of: list[list[int]] = field(init=False, repr=False)
    """Of each document the queries that it is a candidate of."""

    def __post_init__(self) -> None:
        """Check, and turn the lists around."""
        if not len(self.candidates):
            raise InputError("candidates is empty, expected a list for each query")
        queries: list[list[int]] = [[] for _ in range(self.documents)]
        for query, rows in enumerate(self.candidates):
            if len(rows) and not 0 <= rows.min() <= rows.max() < self.documents:
                raise InputError(f"query {query} has candidates {rows.min()} to {rows.max()}, of {self.documents}")
            for row in rows.tolist():
                queries[row].append(query)
        object.__setattr__(self, "queries_of", queries)


@dataclass(slots=True)
class Batch:
    """Queries of a step (b,), a right document of each (b,), and negatives of all (b · n,)."""

    queries: list[int] = field(default_factory=list)
    positives: list[int] = field(default_factory=list)
    negatives: list[int] = field(default_factory=list)


def epoch_batches(
    graph: Proximity,
    positives: Sequence[Indices],
    *,
    size: int,
    negatives: int = 1,
    method: BatchGenerator = "random_walk",
    local: bool = True,
    rng: np.random.Generator,
) -> Iterator[Batch]:
    """Yield batches in which every query occurs once; the last may be short.

    Parameters
    ----------
    graph
        What the walk goes over.
    positives
        Of each query the rows of what is right for it, at least one.
    size
        Queries of a batch.
    negatives
        Of each query, among its candidates that the batch does not have yet; documents at random where they are few.
    method
        `random_walk` goes on from the query that was found last, `snow_sample` from that found first; `random` takes
        queries at random.
    local
        Whether negatives are candidates at all; with `random`, False gives training without locality.
    rng
        What is drawn from.

    Raises
    ------
    InputError
        If a setting cannot be used, or a query has nothing that is right.
    """
    if method not in GENERATORS:
        raise InputError(f"method is {method!r}, expected one of {', '.join(GENERATORS)}")
    if size < 1 or negatives < 0:
        raise InputError(f"size is {size} and negatives {negatives}, expected at least 1 and 0")
    if len(positives) != len(graph.candidates):
        raise InputError(f"there are positives of {len(positives)} queries, expected {len(graph.candidates)}")
    for query, rows in enumerate(positives):
        if not len(rows):
            raise InputError(f"query {query} has no positive document", hint="Leave it out")
    yield from _Walk(graph, positives, size, negatives, method, local, rng).batches()


class _Walk:
    """One epoch."""

    def __init__(
        self,
        graph: Proximity,
        positives: Sequence[Indices],
        size: int,
        negatives: int,
        method: BatchGenerator,
        local: bool,
        rng: np.random.Generator,
    ) -> None:
        self._graph, self._positives, self._size, self._negatives = graph, positives, size, negatives
        self._method, self._local, self._rng = method, local, rng
        self._unused = [True] * len(positives)
        self._fresh: Iterator[int] = iter(rng.permutation(len(positives)).tolist())

    def batches(self) -> Iterator[Batch]:
        left = len(self._positives)
        while left:
            batch = self._batch(min(self._size, left))
            left -= len(batch.queries)
            yield batch

    def _batch(self, size: int) -> Batch:
        batch, waiting, taken = Batch(), deque[int](), set[int]()
        while len(batch.queries) < size:
            query = self._next(waiting)
            self._unused[query] = False
            right = self._positives[query]
            positive = int(right[self._rng.integers(len(right))])
            taken.add(positive)
            wrong = self._wrong(query, taken)
            taken.update(wrong)
            batch.queries.append(query)
            batch.positives.append(positive)
            batch.negatives.extend(wrong)
            if self._method != "random":
                waiting.extend(other for row in wrong for other in self._graph.queries_of[row] if self._unused[other])
        return batch

    def _next(self, waiting: deque[int]) -> int:
        """Return an unused query: a neighbour where there is one, else the next in a random order."""
        while waiting:
            query = waiting.pop() if self._method == "random_walk" else waiting.popleft()
            if self._unused[query]:
                return query
        # The component is used up, or the batch begins.
        return next(query for query in self._fresh if self._unused[query])

    def _wrong(self, query: int, taken: set[int]) -> list[int]:
        found: list[int] = []
        avoided = taken.union(self._positives[query].tolist())
        if self._local:
            near = [row for row in self._graph.candidates[query].tolist() if row not in avoided]
            chosen = self._rng.permutation(len(near))[: self._negatives]
            found = [near[i] for i in chosen.tolist()]
        free = self._graph.documents - len(avoided) - len(found)
        while len(found) < self._negatives:
            row = int(self._rng.integers(self._graph.documents))
            # Where all documents are in the batch, one of them stands twice; the mask keeps what is right out.
            if free <= 0 or (row not in avoided and row not in found):
                found.append(row)
                free -= 1
        return found
