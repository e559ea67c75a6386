"""Fine-tuning on labelled queries, whose negatives are random documents and, now and then, hard ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seme.embeddings.contriever.batches import ViewPair, padded
from seme.embeddings.contriever.cropping import Tokens
from seme.errors import InputError

_ROWS = 256
"""Queries that are scored at once."""


class FineTuneBatches:
    """Endless batches of queries, a document that is right for each, and one that is wrong; batch k is always the same.

    The wrong one is of the hard negatives with a probability and else any document that is not right (Izacard et al.
    2022, section 4.3). `InBatchContrast` takes the batches.

    Parameters
    ----------
    queries, documents
        Their tokens without special ones.
    relevant
        Rows of the documents that are right for each query; one of them is drawn each time.
    tokenizer
        A BERT tokenizer, for the special tokens.
    hard
        Rows of the hard negatives of each query, of which some may have none; None for the first round, before there
        is a model to mine with.
    hard_share
        How often a hard one is taken where there is one.
    size
        Queries of a batch.
    longest
        Tokens that are read of a text.
    seed
        Of all that is drawn.

    Raises
    ------
    InputError
        If the parts do not fit each other, a query or document has no token, or all documents are right for a query.
    """

    def __init__(
        self,
        queries: Sequence[Tokens],
        documents: Sequence[Tokens],
        relevant: Sequence[npt.NDArray[np.int64]],
        tokenizer: Any,
        *,
        hard: Sequence[npt.NDArray[np.int64]] | None = None,
        hard_share: float = 0.1,
        size: int = 64,
        longest: int = 256,
        seed: int = 0,
    ) -> None:
        given = [np.empty(0, dtype=np.int64)] * len(queries) if hard is None else list(hard)
        if not queries or not len(queries) == len(relevant) == len(given):
            raise InputError(
                f"there are {len(queries)} queries, {len(relevant)} lists of right documents and {len(given)} of hard "
                "negatives, expected as many of each, at least one"
            )
        if size < 1 or longest < 1 or not 0 <= hard_share <= 1:
            raise InputError(
                f"size is {size}, longest {longest} and hard_share {hard_share}, expected size and longest >= 1 and a "
                "share from 0 to 1"
            )
        for row, right in enumerate(relevant):
            if not 0 < len(np.unique(right)) < len(documents):
                raise InputError(f"query {row} has {len(right)} right documents of {len(documents)}, expected some")
        for name, texts in (("query", queries), ("document", documents)):
            bare = next((i for i, one in enumerate(texts) if not len(one)), None)
            if bare is not None:
                raise InputError(f"{name} {bare} has no token", hint="Leave it out of the training")
        self.queries, self.documents, self.relevant, self.hard = queries, documents, relevant, given
        self.size, self.longest, self.hard_share, self.seed = min(size, len(queries)), longest, hard_share, seed
        self._tokenizer = tokenizer

    def starting_at(self, number: int) -> Iterator[ViewPair]:
        """Yield the batches from that number on."""
        while True:
            rng = np.random.default_rng([self.seed, number])
            rows = rng.choice(len(self.queries), self.size, replace=False)
            right = [int(rng.choice(self.relevant[row])) for row in rows]
            wrong = [self._wrong(int(row), rng) for row in rows]
            yield {
                "query": self._padded([self.queries[row] for row in rows]),
                "key": self._padded([self.documents[row] for row in right]),
                "negative": self._padded([self.documents[row] for row in wrong]),
            }
            number += 1

    def _wrong(self, query: int, rng: np.random.Generator) -> int:
        if rng.random() < self.hard_share and len(self.hard[query]):
            return int(rng.choice(self.hard[query]))
        while True:
            drawn = int(rng.integers(len(self.documents)))
            if drawn not in self.relevant[query]:
                return drawn

    def _padded(self, texts: Sequence[Tokens]) -> dict[str, Any]:
        return padded([one[: self.longest] for one in texts], self._tokenizer)


def mine_negatives(
    queries: npt.NDArray[np.float32],
    documents: npt.NDArray[np.float32],
    relevant: Sequence[npt.NDArray[np.int64]],
    *,
    depth: int = 100,
) -> list[npt.NDArray[np.int64]]:
    """Return, of each query's `depth` best documents by inner product, those that are not right, the best first.

    Parameters
    ----------
    queries, documents
        Vectors (q, d) and (n, d).
    relevant
        Rows of the documents that are right for each query.

    Raises
    ------
    InputError
        If shapes do not fit, a number is not finite, or `depth` is not positive.
    """
    if queries.ndim != 2 or documents.ndim != 2 or queries.shape[1] != documents.shape[1]:
        raise InputError(f"queries is {queries.shape} and documents {documents.shape}, expected (q, d) and (n, d)")
    if len(relevant) != len(queries) or depth < 1:
        raise InputError(
            f"there are {len(queries)} queries and {len(relevant)} lists of right documents, and depth is {depth}; "
            "expected as many lists, and depth >= 1"
        )
    if not np.isfinite(queries).all() or not np.isfinite(documents).all():
        raise InputError("a vector is not finite")
    mined: list[npt.NDArray[np.int64]] = []
    for start in range(0, len(queries), _ROWS):
        scores = queries[start : start + _ROWS] @ documents.T
        best = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
        mined += [row[~np.isin(row, relevant[start + i])] for i, row in enumerate(best)]
    return mined
