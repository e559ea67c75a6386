"""Adapters of a task, chosen in validation, and what they do to the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seme.embeddings.adapters import (
    AdapterSettings,
    Pairs,
    RetrievalAdapter,
    best_rows,
    ndcg_values,
    recall_values,
    select_adapter,
)
from seme.embeddings.adapters.pairs import Vectors
from seme.experiment import Context
from seme.experiments.adapters.tasks import Task
from seme.experiments.keeping import kept
from seme.retrieval.adapter import Activation

if TYPE_CHECKING:
    from seme.experiments.p50_adapters import AdaptersSettings

MEASURES = ("Recall@1", "nDCG@1", "nDCG@3", "nDCG@5", "nDCG@10")
RATES: Mapping[Activation, float] = MappingProxyType({"identity": 2e-4, "relu": 2e-4, "softmax": 3e-3})
"""Learning rates by activation: a softmax spreads one unit over all keys, so its values have farther to go."""
Values = dict[str, list[float]]
"""Of each query, by measure."""
Row = dict[str, Any]
"""What is kept of a fit."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured for a task.

    `before` is of the encoder as it is, `rotated` with queries turned by an orthogonal map, `after` of each seed's
    adapter, `chosen` says which that was.
    """

    task: str
    heterogeneous: bool
    before: Values
    rotated: Values
    after: list[Values]
    chosen: list[str]

    def gains(self, measure: str) -> npt.NDArray[np.float64]:
        """Return the gain of each seed, means over queries, (seeds,)."""
        after = np.array([float(np.mean(one[measure])) for one in self.after])
        return after - float(np.mean(self.before[measure]))


def candidates(settings: AdaptersSettings) -> list[AdapterSettings]:
    """Return what is chosen from: sides and activations, each at the rate that moves it about as far."""
    base = AdapterSettings(rank=settings.rank, epochs=settings.epochs)
    return [
        replace(base, mode=mode, activation=activation, rate=rate)
        for activation, rate in RATES.items()
        for mode in ("query", "both")
    ]


def measure(task: Task, encoder: str, settings: AdaptersSettings, context: Context) -> Found:
    """Choose an adapter in validation for each seed, and measure all on the test."""
    before = values(task.test, task.test.queries, task.test.documents)
    turned = task.test.queries @ rotation(task.train)
    after, chosen = [], []
    seeds = settings.seeds if encoder == settings.encoders[0] else min(settings.seeds, settings.compared)
    for seed in context.progress(range(seeds), f"Adapting {encoder} to {task.name}"):
        what = [asdict(one) for one in candidates(settings)]
        make = partial(_adapted, task, seed + context.seed, settings)
        row = kept_fit((task.name, encoder, seed, what), make, settings, context)
        after.append(row["values"])
        chosen.append(row["chosen"])
    return Found(task.name, task.heterogeneous, before, values(task.test, turned, task.test.documents), after, chosen)


def kept_fit(what: Sequence[Any], make: Callable[[], Row], settings: AdaptersSettings, context: Context) -> Row:
    """Return what is kept of a fit that `what` tells from others on the same texts; made where there is none."""
    texts = (context.seed, settings.documents, settings.pairs, settings.queries)
    return kept(context.cache / "adapters", (*what, *texts), make)


def moved(adapter: RetrievalAdapter, pairs: Pairs) -> Values:
    """Return the measures of pairs after an adapter."""
    return values(pairs, adapter.transform(pairs.queries, "query"), adapter.transform(pairs.documents, "document"))


def values(pairs: Pairs, queries: Vectors, documents: Vectors) -> Values:
    """Return the measures of each query."""
    found = best_rows(queries, documents, 10)
    made = {"Recall@1": recall_values(pairs, found, 1)}
    made |= {f"nDCG@{k}": ndcg_values(pairs, found, k) for k in (1, 3, 5, 10)}
    return {name: one.tolist() for name, one in made.items()}


def rotation(pairs: Pairs) -> Vectors:
    """Return the orthogonal map (D, D) that brings queries nearest to the means of their documents (Procrustes)."""
    right = np.stack([pairs.documents[list(rows)].mean(axis=0) for rows in pairs.positives])
    u, _, v = np.linalg.svd(pairs.queries.T @ right)
    turn: Vectors = (u @ v).astype(np.float32)
    return turn


def _adapted(task: Task, seed: int, settings: AdaptersSettings) -> dict[str, Any]:
    adapter = select_adapter(candidates(settings), task.train, task.validation, seed=seed).adapter
    name = f"{adapter.settings.mode}, {adapter.settings.activation}" if adapter.epoch_ else "none"
    return {"values": moved(adapter, task.test), "chosen": name}
