"""How good a retriever is on collections, and whether it is better than another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seme.assets.collections import COLLECTIONS, Collection, Split, load_collection
from seme.errors import InputError
from seme.experiments.retrievers import Bar, Indexed, find_retriever
from seme.retrieval.evaluation import Measure, ndcg, per_query, recall, reciprocal_rank_at
from seme.retrieval.pipelines import run
from seme.retrieval.significance import PairedTest, paired_randomisation

MEASURES: Mapping[str, Measure] = {"nDCG@10": ndcg(10), "MRR@10": reciprocal_rank_at(10), "Recall@100": recall(100)}
"""Measures by their names; the first is the one that is tested."""
_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A retriever on a collection.

    Parameters
    ----------
    collection, retriever
        Their names.
    documents, queries
        How many there were.
    means
        By measure.
    against
        The other retriever's means, and the difference of the first measure (this one's less the other's) with its
        p-value; `None` if there was no other.
    run
        What was found, as `evaluation.write_run` takes it.
    """

    collection: str
    retriever: str
    documents: int
    queries: int
    means: Mapping[str, float]
    against: tuple[Mapping[str, float], PairedTest] | None
    run: Mapping[str, Mapping[str, float]]


def evaluate_retriever(
    retriever: str,
    collection: str,
    *,
    home: Path,
    split: Split = "test",
    documents: int | None = 20_000,
    queries: int | None = 1_000,
    against: str | None = None,
    progress: Bar | None = None,
) -> Evaluation:
    """Measure a retriever on the queries of a split.

    Parameters
    ----------
    retriever, against
        Names of `RETRIEVERS`.
    collection
        A name of `COLLECTIONS`, or a folder in BEIR's form.
    home
        Where vectors are kept.
    documents, queries
        How many at most, taken by the hashes of their ids, the same each time; `None` for all.

    Raises
    ------
    NotFoundError
        If there is no such retriever.
    AssetError
        If there is no such collection, or what it or the encoder needs is not installed.
    InputError
        If no query is left, or a number is not positive.
    """
    steps = [find_retriever(name) for name in (retriever, against) if name is not None]
    chosen = _limited(load_collection(collection, split=split, documents=documents), queries)
    if not chosen.queries:
        raise InputError(f"{collection} has no {split} queries left", hint="Take more documents, or another split")
    indexed = Indexed(chosen, home, progress)
    runs = [run(step.make(indexed), chosen.queries, k=_DEPTH) for step in steps]
    values = [{name: per_query(chosen.judgements, one, measure) for name, measure in MEASURES.items()} for one in runs]
    means = [{name: sum(found.values()) / len(found) for name, found in each.items()} for each in values]
    compared = None
    if against is not None:
        first = next(iter(MEASURES))
        compared = means[1], paired_randomisation(values[1][first], values[0][first])
    return Evaluation(collection, retriever, len(chosen.documents), len(chosen.queries), means[0], compared, runs[0])


def named_collections(names: Sequence[str]) -> list[str]:
    """Return the names, or all where `all` is among them; each once."""
    return list(dict.fromkeys(one for name in names for one in (COLLECTIONS if name == "all" else (name,))))


def _limited(collection: Collection, queries: int | None) -> Collection:
    if queries is None:
        return collection
    if queries < 1:
        raise InputError(f"queries is {queries}, expected at least 1")
    kept = sorted(collection.queries, key=lambda one: hashlib.sha256(one.encode()).digest())[:queries]
    return collection.with_queries(kept)
