"""Long documents of a collection, what is asked about them, and pairs to train on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seme.assets.collections import Split, load_collection
from seme.errors import InputError
from seme.experiments.collecting import digest

if TYPE_CHECKING:
    from seme.experiments.p24_crisp import CrispSettings

Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents by id; queries, the same with an unrelated sentence behind them, and what is right; pairs."""

    name: str
    documents: Texts
    queries: Texts
    noisy: Texts
    judgements: Mapping[str, Mapping[str, int]]
    pairs: list[tuple[str, str]]
    """Query and document of training, as texts."""


def make(name: str, settings: CrispSettings, *, split: Split = "test") -> Corpus:
    """Take queries of a split whose documents are all long, other long documents up to a number, and training pairs.

    Which are taken follows from the hashes of their ids. The unrelated sentences are queries of training.
    """
    queries, documents = settings.queries, settings.documents
    if split == "validation":
        queries, documents = settings.validation, 2 * settings.validation
    train, test = load_collection(name, split="train"), load_collection(name, split=split)
    long = {one: text for one, text in test.documents.items() if len(text) >= settings.shortest}
    asked = [one for one in sorted(test.judgements, key=digest) if long.keys() >= test.judgements[one].keys()]
    asked = asked[:queries]
    right = {one for query in asked for one in test.judgements[query]}
    learned = {one for grades in train.judgements.values() for one in grades}
    others = sorted((one for one in long if one not in right and one not in learned), key=digest)
    kept = right.union(others[: max(0, documents - len(right))])
    pairs = [
        (query, one)
        for query in sorted(train.judgements, key=digest)
        for one in sorted(train.judgements[query])[:1]
        if one in long
    ][: settings.train]
    if len(pairs) < 2 or len(asked) < 2:
        raise InputError(
            f"{name} has {len(asked)} queries and {len(pairs)} pairs with documents of that length",
            hint="Lower --shortest",
        )
    noise = [train.queries[query] for query, _ in reversed(pairs)]
    return Corpus(
        name,
        {one: text for one, text in long.items() if one in kept},
        {one: test.queries[one] for one in asked},
        {one: f"{test.queries[one]} {noise[i % len(noise)]}" for i, one in enumerate(asked)},
        {one: dict(test.judgements[one]) for one in asked},
        [(train.queries[query], long[one]) for query, one in pairs],
    )
