"""What flows through a pipeline: queries, each with what was found for it so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.hits import Hits

NONE = Hits((), np.empty(0, dtype=np.float32))
"""Nothing found."""
_NO_VECTORS: Mapping[str, npt.NDArray[np.float32]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Query:
    """A query in the forms in which retrievers want it.

    Parameters
    ----------
    text
        As it was asked.
    terms
        Weights of the terms by which a lexical retriever searches; those of the text if `None`.
    vectors
        By the name of an encoder: a vector (d,), or several (m, d) for retrievers with a vector for each token. What
        is missing is encoded from the text.
    """

    text: str
    terms: Mapping[str, float] | None = None
    vectors: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=lambda: _NO_VECTORS)

    def with_terms(self, terms: Mapping[str, float]) -> Self:
        """Return the query with other terms."""
        return replace(self, terms=terms)

    def with_vector(self, encoder: str, vector: npt.NDArray[np.float32]) -> Self:
        """Return the query with another vector of an encoder."""
        return replace(self, vectors={**self.vectors, encoder: vector})


@dataclass(frozen=True, slots=True)
class Results:
    """Queries and the hits of each; hits are empty before the first retriever.

    Raises
    ------
    InputError
        If there are not as many lists of hits as queries.
    """

    queries: tuple[Query, ...]
    hits: tuple[Hits, ...]

    def __post_init__(self) -> None:
        if len(self.queries) != len(self.hits):
            raise InputError(f"there are {len(self.queries)} queries and {len(self.hits)} lists of hits")

    @classmethod
    def of(cls, queries: Sequence[str | Query]) -> Self:
        """Return queries for which nothing was searched yet."""
        asked = tuple(one if isinstance(one, Query) else Query(one) for one in queries)
        return cls(asked, (NONE,) * len(asked))

    def with_hits(self, hits: Sequence[Hits]) -> Self:
        """Return the same queries with other hits."""
        return replace(self, hits=tuple(hits))

    def with_queries(self, queries: Sequence[Query]) -> Self:
        """Return the same hits with other queries."""
        return replace(self, queries=tuple(queries))
