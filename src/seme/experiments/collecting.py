"""Small collections that keep all that is right for their queries."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from seme.assets.collections import Collection, Split, load_collection
from seme.errors import InputError


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries of a split and what is right for them."""

    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents by id, and the queries of each split."""

    name: str
    documents: Mapping[str, str]
    parts: Mapping[Split, Asked]


def gather(name: str, *, documents: int | None, queries: Mapping[Split, int | None]) -> Corpus:
    """Take some queries of each split, everything that is right for them, and other documents up to a number.

    Taking documents first would leave no query whole where many are right for it. Which are taken follows from the
    hashes of their ids.

    Parameters
    ----------
    name
        As `load_collection` takes it.
    documents
        How many there are to be, more where more are right; `None` for all.
    queries
        How many of each split; `None` for all.

    Raises
    ------
    InputError
        If a number is not positive.
    """
    for what, number in (("documents", documents), *((f"{split} queries", n) for split, n in queries.items())):
        if number is not None and number < 1:
            raise InputError(f"{what} is {number}, expected at least 1")
    whole = load_collection(name)
    parts = {split: _first(load_collection(name, split=split), count) for split, count in queries.items()}
    right = {one for asked in parts.values() for grades in asked.judgements.values() for one in grades}
    others = sorted((one for one in whole.documents if one not in right), key=digest)
    kept = right.union(others if documents is None else others[: max(0, documents - len(right))])
    return Corpus(name, {one: text for one, text in whole.documents.items() if one in kept}, parts)


def digest(text: str) -> bytes:
    """Return what ids are ordered by."""
    return hashlib.sha256(text.encode()).digest()


def _first(part: Collection, queries: int | None) -> Asked:
    kept = sorted(part.judgements, key=digest)[:queries]
    return Asked({one: part.queries[one] for one in kept}, {one: part.judgements[one] for one in kept})
