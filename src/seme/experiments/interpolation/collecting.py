"""Small collections that keep all that is right for their queries."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from seme.assets.collections import Collection, load_collection


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries of a split and what is right for them."""

    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents, and the queries on which weights are chosen and systems are measured."""

    name: str
    documents: Mapping[str, str]
    validation: Asked
    test: Asked


def gather(name: str, *, documents: int, queries: int) -> Corpus:
    """Take some queries of both splits, everything that is right for them, and other documents up to a number.

    Taking documents first would leave no query whole where many are right for it.
    """
    whole = load_collection(name)
    validation, test = (_first(load_collection(name, split=split), queries) for split in ("validation", "test"))
    right = {one for asked in (validation, test) for grades in asked.judgements.values() for one in grades}
    others = sorted((one for one in whole.documents if one not in right), key=_digest)
    kept = right.union(others[: max(0, documents - len(right))])
    return Corpus(name, {one: text for one, text in whole.documents.items() if one in kept}, validation, test)


def _first(part: Collection, queries: int) -> Asked:
    kept = sorted(part.judgements, key=_digest)[:queries]
    return Asked({one: part.queries[one] for one in kept}, {one: part.judgements[one] for one in kept})


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
