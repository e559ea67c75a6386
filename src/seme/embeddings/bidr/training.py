"""What is trained on: frozen vectors, what is right, and batches that can be taken up at any number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from seme.embeddings.bidr.sampling import Batch, BatchGenerator, Indices, Proximity, epoch_batches
from seme.errors import InputError

Float32 = npt.NDArray[np.float32]
Step = dict[str, torch.Tensor]
"""`queries` (b, d), `documents` (c, d) of which the first b are right for the queries in order, `ignored` (b, c)."""


@dataclass(frozen=True)
class Pool:
    """Vectors of a frozen encoder and what is right.

    Parameters
    ----------
    queries, documents
        Float32 (n, d) and (m, d).
    positives
        Of each query the rows of its documents, at least one.

    Raises
    ------
    InputError
        If shapes do not fit, or a query has no document.
    """

    queries: Float32
    documents: Float32
    positives: Sequence[Indices]

    def __post_init__(self) -> None:
        """Check what was given."""
        if self.queries.ndim != 2 or self.documents.ndim != 2 or self.queries.shape[1] != self.documents.shape[1]:
            raise InputError(f"queries are {self.queries.shape} and documents {self.documents.shape}")
        if len(self.positives) != len(self.queries):
            raise InputError(f"there are positives of {len(self.positives)} queries, expected {len(self.queries)}")
        for query, rows in enumerate(self.positives):
            if not len(rows) or rows.min() < 0 or rows.max() >= len(self.documents):
                raise InputError(f"query {query} has the positives {rows}, expected rows below {len(self.documents)}")

    def step(self, batch: Batch) -> Step:
        """Return the vectors of a batch, and which columns are right for a query besides its own (false negatives)."""
        columns = np.array([*batch.positives, *batch.negatives], dtype=np.int64)
        ignored = np.stack([np.isin(columns, self.positives[query]) for query in batch.queries])
        return {
            "queries": torch.from_numpy(self.queries[batch.queries]),
            "documents": torch.from_numpy(self.documents[columns]),
            "ignored": torch.from_numpy(ignored),
        }


class BidrBatches:
    """Steps without end, epoch after epoch; step k is the same in every process.

    Parameters
    ----------
    pool
        Vectors and what is right.
    graph
        Candidates of each query; `None` draws all negatives at random.
    size, negatives, method
        As `epoch_batches` takes them.
    seed
        Of all that is drawn.

    Raises
    ------
    InputError
        As `epoch_batches`, and if a walk has no graph.
    """

    def __init__(
        self,
        pool: Pool,
        graph: Proximity | None = None,
        *,
        size: int,
        negatives: int = 1,
        method: BatchGenerator = "random",
        seed: int = 0,
    ) -> None:
        if graph is None and method != "random":
            raise InputError(f"method is {method!r}, but there is no graph to walk over")
        empty = np.empty(0, dtype=np.int64)
        self._pool, self._local = pool, graph is not None
        self._graph = graph or Proximity([empty] * len(pool.queries), len(pool.documents))
        self._size, self._negatives, self._method, self._seed = size, negatives, method, seed
        next(self._epoch(0))

    def starting_at(self, number: int) -> Iterator[Step]:
        """Yield the steps from that number on."""
        each = -(-len(self._pool.queries) // self._size)
        epoch, skipped = divmod(number, each)
        while True:
            for place, batch in enumerate(self._epoch(epoch)):
                if place >= skipped:
                    yield self._pool.step(batch)
            epoch, skipped = epoch + 1, 0

    def _epoch(self, number: int) -> Iterator[Batch]:
        rng = np.random.default_rng([self._seed, number])
        return epoch_batches(
            self._graph,
            self._pool.positives,
            size=self._size,
            negatives=self._negatives,
            method=self._method,
            local=self._local,
            rng=rng,
        )
