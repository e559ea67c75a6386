"""Feedback in the space of the vectors (Li et al. 2021, "Vector-PRF"; Rocchio 1971)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.hits import Hits
from seme.retrieval.pipelines import Dense, Query, Results, Step

Vectors = npt.NDArray[np.float32]


def rocchio(query: Vectors, documents: Vectors, *, alpha: float = 0.4, beta: float = 0.6) -> Vectors:
    """Return `alpha · query + beta · mean(documents)`, (d,); the query where there are no documents.

    Parameters
    ----------
    query
        (d,).
    documents
        (k, d).
    alpha, beta
        Weights of the query and of the mean.
    """
    if not len(documents):
        return query
    moved: Vectors = (alpha * query + beta * documents.mean(axis=0)).astype(np.float32)
    return moved


class Rocchio(Step):
    """The query's vector moved towards the mean of the first hits' vectors; the hits stay.

    Parameters
    ----------
    dense
        Whose index has the documents' vectors, and whose query is moved. The first hits may come from any retriever.
    k
        Hits that are taken; 0 changes nothing.
    alpha, beta
        As in `rocchio`.
    unit
        Whether the vector has unit norm afterwards, as cosines want it. Within a query that changes no order, but it
        does change what raw scores weigh beside others.

    Raises
    ------
    InputError
        If `k` is negative, or a weight is negative or not finite.
    """

    def __init__(self, dense: Dense, *, k: int = 5, alpha: float = 0.4, beta: float = 0.6, unit: bool = False) -> None:
        if k < 0:
            raise InputError(f"k is {k}, it must be 0 (no feedback) or more")
        for name, weight in (("alpha", alpha), ("beta", beta)):
            if not 0 <= weight < math.inf:
                raise InputError(f"{name} is {weight}, expected a number >= 0")
        self.dense, self.k, self.alpha, self.beta, self.unit = dense, k, alpha, beta, unit

    def apply(self, results: Results) -> Results:
        """Return the same hits, with queries that have moved."""
        if not self.k:
            return results
        queries = self.dense.encoded(results.queries)
        return results.with_queries([self._moved(q, hits) for q, hits in zip(queries, results.hits, strict=True)])

    def weights(self, documents: int) -> tuple[float, float]:
        """Return the weights of the query and of the mean of so many documents."""
        del documents
        return self.alpha, self.beta

    def _moved(self, query: Query, hits: Hits) -> Query:
        if not len(hits):
            return query
        name, documents = self.dense.index.encoder, self.dense.index.vectors(hits.ids[: self.k])
        alpha, beta = self.weights(len(documents))
        vector = rocchio(query.vectors[name], documents, alpha=alpha, beta=beta)
        length = float(np.linalg.norm(vector))
        return query.with_vector(name, vector / np.float32(length) if self.unit and length > 0 else vector)


class Average(Rocchio):
    """The mean of the query's vector and those of the first hits, each counting alike (Li et al. 2021).

    Parameters
    ----------
    dense, k, unit
        As of `Rocchio`.
    """

    def __init__(self, dense: Dense, *, k: int = 3, unit: bool = False) -> None:
        super().__init__(dense, k=k, unit=unit)

    def weights(self, documents: int) -> tuple[float, float]:
        """Return 1 / (n + 1) and n / (n + 1)."""
        return 1 / (documents + 1), documents / (documents + 1)
