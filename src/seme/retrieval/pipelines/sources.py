"""Retrievers: they search an index by the query, whatever was found before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.bm25 import BM25Index
from seme.retrieval.hits import Hits
from seme.retrieval.impacts import ImpactIndex
from seme.retrieval.pipelines.results import Query, Results
from seme.retrieval.pipelines.steps import Step

Vectors = npt.NDArray[np.float32]
DEPTH = 1000
"""Hits of a retriever, as in the runs that papers compare."""


class VectorIndex(Protocol):
    """What `Dense` searches: a `DenseIndex`, a `FunnelIndex`, or another index with vectors by id."""

    encoder: str

    def search(self, vectors: npt.ArrayLike, k: int) -> list[Hits]:
        """Return the k best for each query (m, d)."""
        ...

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """Return the vectors (n, d) of some ids."""
        ...


class Lexical(Step):
    """BM25 by the query's terms (those that feedback set, or else those of its text).

    Parameters
    ----------
    index
        What is searched.
    k
        Most hits of a query.
    """

    def __init__(self, index: BM25Index, *, k: int = DEPTH) -> None:
        self.index, self.k = index, _positive(k)

    def apply(self, results: Results) -> Results:
        """Return the best documents for each query."""
        return results.with_hits([self._search(query) for query in results.queries])

    def _search(self, query: Query) -> Hits:
        if query.terms is None:
            return self.index.search(query.text, self.k)
        return self.index.search_weighted(query.terms, self.k)


class Dense(Step):
    """Inner products with the query's vector (that which feedback set, or else that of its text).

    Parameters
    ----------
    index
        What is searched; the name of its encoder is that of the queries' vectors.
    encode
        From texts to vectors, float32 (n, d).
    k
        Most hits of a query.
    """

    def __init__(self, index: VectorIndex, encode: Callable[[Sequence[str]], Vectors], *, k: int = DEPTH) -> None:
        self.index, self.encode, self.k = index, encode, _positive(k)

    def apply(self, results: Results) -> Results:
        """Return the nearest documents for each query, whose vector the query keeps."""
        if not results.queries:
            return results
        queries = self.encoded(results.queries)
        vectors = np.stack([query.vectors[self.index.encoder] for query in queries])
        return results.with_queries(queries).with_hits(self.index.search(vectors, self.k))

    def encoded(self, queries: Sequence[Query]) -> list[Query]:
        """Return the queries with the vectors that they lacked, encoded in one call.

        Raises
        ------
        InputError
            If the encoder does not give one vector for each text.
        """
        name = self.index.encoder
        lacking = [query.text for query in queries if name not in query.vectors]
        vectors = self.encode(lacking) if lacking else ()
        if len(vectors) != len(lacking):
            raise InputError(f"encode gave {len(vectors)} vectors for {len(lacking)} texts, they must be as many")
        made = iter(vectors)
        return [query if name in query.vectors else query.with_vector(name, next(made)) for query in queries]

    def score(self, query: Query, ids: Sequence[str]) -> Vectors:
        """Return the inner products (n,) of a query with some documents, for `Rerank`."""
        vector = self.encoded([query])[0].vectors[self.index.encoder]
        scores: Vectors = self.index.vectors(ids) @ vector
        return scores


class Impacts(Step):
    """A learned sparse index by the weights that an encoder gives to a query's terms.

    Parameters
    ----------
    index
        What is searched.
    encode
        From texts to the weights of their terms.
    k
        Most hits of a query.
    """

    def __init__(
        self, index: ImpactIndex, encode: Callable[[Sequence[str]], Sequence[Mapping[int, float]]], *, k: int = DEPTH
    ) -> None:
        self.index, self.encode, self.k = index, encode, _positive(k)

    def apply(self, results: Results) -> Results:
        """Return the best documents for each query's text."""
        weighed = self.encode([query.text for query in results.queries]) if results.queries else ()
        return results.with_hits([self.index.search(one, self.k) for one in weighed])


def _positive(k: int) -> int:
    if k < 1:
        raise InputError(f"k is {k}, it must be at least 1")
    return k
