"""All pipelines over all collections and pairs of retrievers: weights by validation, figures by test queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from seme.assets.collections import Split
from seme.experiment import Context
from seme.experiments.collecting import Asked, Corpus, gather
from seme.experiments.interpolation.cell import MIXED, SYSTEMS, Cell, Values
from seme.experiments.interpolation.encoders import dense_retriever, load_encoder, sparse_retriever, with_vectors
from seme.experiments.interpolation.keeping import kept_cell
from seme.retrieval.evaluation import Measure, average_precision, ndcg, per_query, recall
from seme.retrieval.feedback import Average, Rocchio, interpolated_feedback
from seme.retrieval.pipelines import Dense, Step, run

if TYPE_CHECKING:
    from seme.experiments.p28_interpolation import InterpolationSettings

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "nDCG@10": ndcg(10),
        "MAP": average_precision,
        "recall@100": recall(100),
    }
)
_FIRST = 3
"""Hits whose precision says how good the documents of the feedback are."""


def measure(settings: InterpolationSettings, context: Context) -> list[Cell]:
    """Measure every system in every cell."""
    encoders = {name: load_encoder(name, settings) for name in settings.dense}
    cells = []
    for name in context.progress(settings.collections, "Collections"):
        asked: dict[Split, int] = {"validation": settings.queries, "test": settings.queries}
        corpus = gather(name, documents=settings.documents, queries=asked)
        dense = {one: dense_retriever(corpus, encoder, settings, context) for one, encoder in encoders.items()}
        sparse = {one: sparse_retriever(one, corpus, settings, context) for one in settings.sparse}
        pairs = list(product(settings.sparse, settings.dense))
        for first, second in context.progress(pairs, f"Mixing on {name}"):
            make = partial(_cell, corpus, (first, sparse[first]), (second, dense[second]), settings)
            cells.append(kept_cell(corpus, (first, second), settings, context.cache, make))
    return cells


def systems(sparse: Step, dense: Dense, settings: InterpolationSettings) -> dict[str, Callable[[float], Step]]:
    """Return each system by name, made with a weight of the sparse scores."""
    feedback = Rocchio(dense, k=settings.k) if settings.feedback == "rocchio" else Average(dense, k=settings.k)
    return {
        "sparse": lambda _: sparse,
        "dense": lambda _: dense,
        "hybrid": lambda alpha: alpha * sparse + (1 - alpha) * dense,
        "PRF only": lambda _: interpolated_feedback(sparse, dense, feedback, where="none"),
        "pre": lambda alpha: interpolated_feedback(sparse, dense, feedback, where="pre", alpha=alpha),
        "post": lambda alpha: interpolated_feedback(sparse, dense, feedback, where="post", alpha=alpha),
        "both": lambda alpha: interpolated_feedback(sparse, dense, feedback, where="both", alpha=alpha),
    }


def _cell(corpus: Corpus, sparse: tuple[str, Step], dense: tuple[str, Dense], settings: InterpolationSettings) -> Cell:
    made = systems(sparse[1], dense[1], settings)
    weights = [float(alpha) for alpha in np.linspace(0, 1, settings.alphas).round(6)]
    sweep = {
        system: {
            alpha: _mean(_found(corpus.parts["validation"], made[system](alpha), dense[1], settings))
            for alpha in weights
        }
        for system in MIXED
    }
    alphas = {system: _best(found) for system, found in sweep.items()}
    values, precision, test = {}, {}, corpus.parts["test"]
    for system in SYSTEMS:
        step = made[system](alphas.get(system, 0.0))
        ranked = run(step, with_vectors(test.queries, dense[1]), k=settings.depth)
        values[system] = {name: per_query(test.judgements, ranked, one) for name, one in MEASURES.items()}
        if system in ("dense", "hybrid"):
            precision[system] = per_query(test.judgements, ranked, _precision)
    return Cell(corpus.name, sparse[0], dense[0], values, alphas, sweep, precision)


def _found(asked: Asked, step: Step, dense: Dense, settings: InterpolationSettings) -> Values:
    ranked = run(step, with_vectors(asked.queries, dense), k=min(10, settings.depth))
    return per_query(asked.judgements, ranked, MEASURES["nDCG@10"])


def _precision(ranked: Sequence[int], _: Sequence[int]) -> float:
    return sum(grade > 0 for grade in ranked[:_FIRST]) / _FIRST


def _mean(values: Values) -> float:
    return float(np.mean(list(values.values())))


def _best(sweep: Mapping[float, float]) -> float:
    """Return the best weight; of equally good ones the one in the middle, which is the safest."""
    top = max(sweep.values())
    tied = [alpha for alpha, value in sweep.items() if value >= top - 1e-12]
    return tied[len(tied) // 2]
