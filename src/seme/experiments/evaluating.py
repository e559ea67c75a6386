"""How good a retriever is on collections, and whether it is better than another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seme.assets.collections import COLLECTIONS, Split
from seme.errors import InputError
from seme.experiments.collecting import gather
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
        How many at most, the same each time (`collecting.gather`: whatever is right for a query stays); `None` for all.

    Raises
    ------
    NotFoundError
        If there is no such retriever.
    AssetError
        If there is no such collection, or what it or the encoder needs is not installed.
    InputError
        If the split has no query, or a number is not positive.
    """
    steps = [find_retriever(name) for name in (retriever, against) if name is not None]
    corpus = gather(collection, documents=documents, queries={split: queries})
    asked = corpus.parts[split]
    if not asked.queries:
        raise InputError(f"{collection} has no {split} queries", hint="Take another split")
    indexed = Indexed(corpus.documents, home, progress)
    runs = [run(step.make(indexed), asked.queries, k=_DEPTH) for step in steps]
    values = [{name: per_query(asked.judgements, one, measure) for name, measure in MEASURES.items()} for one in runs]
    means = [{name: sum(found.values()) / len(found) for name, found in each.items()} for each in values]
    compared = None
    if against is not None:
        first = next(iter(MEASURES))
        compared = means[1], paired_randomisation(values[1][first], values[0][first])
    return Evaluation(collection, retriever, len(corpus.documents), len(asked.queries), means[0], compared, runs[0])


def named_collections(names: Sequence[str]) -> list[str]:
    """Return the names, or all where `all` is among them; each once."""
    return list(dict.fromkeys(one for name in names for one in (COLLECTIONS if name == "all" else (name,))))
