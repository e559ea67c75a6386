"""Texts to be found, what is asked, and what is right: the form of every collection, and how it is divided."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from seme.errors import InputError

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
_SHARES = (6, 8, 10)
"""Tenths at which train, validation and test end."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection for retrieval.

    Parameters
    ----------
    name
        Its name.
    documents, queries
        Texts by id.
    judgements
        Query -> document -> grade, all > 0.
    """

    name: str
    documents: Mapping[str, str]
    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]

    def part(self, split: Split) -> Collection:
        """Return the queries of a split, over all documents.

        What was right in training is never right in the test: queries that share a relevant document, or are joined by
        others that do, go together.

        Raises
        ------
        InputError
            If there is no such split.
        """
        if split not in SPLITS:
            raise InputError(f"split is {split!r}, expected one of {', '.join(SPLITS)}")
        group = _joined(self.judgements)
        kept = {query for query, grades in self.judgements.items() if _split_of(group(next(iter(grades)))) == split}
        return self.with_queries(kept)

    def first(self, documents: int) -> Collection:
        """Return the first documents in the order of the hashes of their ids, and the queries that are left whole.

        Raises
        ------
        InputError
            If `documents` is not positive.
        """
        if documents < 1:
            raise InputError(f"documents is {documents}, expected at least 1")
        # Not by the hash that splits are made by: the first documents would all be of training.
        kept = set(sorted(self.documents, key=lambda one: _digest(f"first {one}"))[:documents])
        queries = {query for query, grades in self.judgements.items() if kept.issuperset(grades)}
        return replace(
            self.with_queries(queries), documents={one: text for one, text in self.documents.items() if one in kept}
        )

    def with_queries(self, queries: Iterable[str]) -> Collection:
        """Return some of the queries, by their ids, over all documents."""
        kept = set(queries)
        return replace(
            self,
            queries={one: text for one, text in self.queries.items() if one in kept},
            judgements={one: grades for one, grades in self.judgements.items() if one in kept},
        )


def collect(name: str, pairs: Iterable[tuple[str, str]]) -> Collection:
    """Make a collection of queries and documents that are right for them.

    Texts that differ in case or white space alone are one; ids follow from the texts, so that they are the same on
    every machine that has them. A query that occurs with several documents asks for all of them.
    """
    documents: dict[str, str] = {}
    queries: dict[str, str] = {}
    judgements: dict[str, dict[str, int]] = {}
    for query, document in pairs:
        if query.strip() and document.strip():
            asked, right = text_id(query, "q"), text_id(document, "d")
            queries.setdefault(asked, query.strip())
            documents.setdefault(right, document.strip())
            judgements.setdefault(asked, {})[right] = 1
    return Collection(name, MappingProxyType(documents), MappingProxyType(queries), MappingProxyType(judgements))


def text_id(text: str, kind: str) -> str:
    """Return an id that texts have in common if they differ in case or white space alone."""
    return kind + _digest(" ".join(text.split()).casefold()).hex()[:16]


def _joined(judgements: Mapping[str, Mapping[str, int]]) -> Callable[[str], str]:
    """Return what names the group of a document: two are in one if a query has both."""
    above: dict[str, str] = {}

    def top(one: str) -> str:
        while (higher := above.setdefault(one, one)) != one:
            above[one] = above[higher]
            one = higher
        return one

    for grades in judgements.values():
        first, *others = map(top, grades)
        for other in others:
            low, high = sorted((top(first), top(other)))
            above[high] = low
    return top


def _split_of(document_id: str) -> Split:
    place = _digest(document_id)[0] * 10 // 256
    return SPLITS[next(i for i, end in enumerate(_SHARES) if place < end)]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
