"""How well each retriever finds what is asked for, and what it is to its language model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seme.embeddings.revela import DecoderRetriever
from seme.experiment import Context
from seme.experiments.revela.corpus import Asked, Texts
from seme.experiments.revela.pretraining import Base
from seme.experiments.revela.probing import Probe, gradient_norm, probe, probe_batches
from seme.experiments.revela.training import GROUP, Variant, chunked, start, train_crops, train_revela
from seme.retrieval import BM25Index
from seme.retrieval.evaluation import ndcg, per_query

if TYPE_CHECKING:
    from seme.experiments.p25_revela import RevelaSettings

K = 10
Values = dict[str, dict[str, float]]
"""Collection -> query -> nDCG@10."""


@dataclass(frozen=True, slots=True)
class Measured:
    """nDCG@10 of each system over its seeds; probes before training and of each seed; the gradient's norm."""

    values: dict[str, list[Values]]
    before: Probe
    probes: list[Probe]
    gradient: float
    sizes: dict[str, tuple[int, int]]


def measure(base: Base, texts: Texts, settings: RevelaSettings, context: Context) -> Measured:
    """Train and measure everything."""
    learned = texts.seen[: settings.documents]
    documents, unseen = chunked(learned, base, settings), chunked(texts.unseen, base, settings)
    batches = probe_batches(
        unseen,
        base.tokenizer,
        size=settings.batch,
        group=GROUP,
        longest=settings.chunk,
        count=settings.probes,
        seed=context.seed,
        device=base.model.device,
    )
    fresh = start(base, settings, Variant(settings.batch, 0))
    fresh.eval()
    before, gradient = probe(fresh, batches, unseen, context.seed), gradient_norm(fresh, batches[0])
    values = {"BM25": [_lexical(texts.collections)], "start": [_dense(fresh.retriever, texts.collections)]}
    probes = []
    for seed in range(settings.seeds):
        model = train_revela(base, documents, Variant(settings.batch, seed), settings, context)
        values.setdefault("Revela", []).append(_dense(model.retriever, texts.collections))
        probes.append(probe(model, batches, unseen, context.seed))
        crops = train_crops(base, learned, seed, settings, context)
        values.setdefault("crops", []).append(_dense(crops, texts.collections))
    for name, variant in variants(settings.batch).items():
        for seed in range(min(settings.variants, settings.seeds)):
            one = Variant(**{"batch": settings.batch, **variant}, seed=seed)  # type: ignore[arg-type]
            model = train_revela(base, documents, one, settings, context)
            values.setdefault(name, []).append(_dense(model.retriever, texts.collections))
    sizes = {name: (len(one.documents), len(one.queries)) for name, one in texts.collections.items()}
    return Measured(values, before, probes, gradient, sizes)


def variants(batch: int) -> dict[str, dict[str, int | bool]]:
    """Return what is varied, by name."""
    return {
        f"batch {batch // 2}": {"batch": batch // 2},
        f"batch {batch * 2}": {"batch": batch * 2},
        "no value norm": {"value_norm": False},
        "frozen model": {"frozen": True},
        "dual loss": {"dual": True},
    }


def means(values: Values) -> dict[str, float]:
    """Return the mean over queries of each collection."""
    return {name: float(np.mean(list(one.values()))) for name, one in values.items()}


def _dense(retriever: DecoderRetriever, collections: Mapping[str, Asked]) -> Values:
    found = {}
    for name, one in collections.items():
        documents = retriever.encode(list(one.documents.values()), "passage")
        scores = retriever.encode(list(one.queries.values()), "query") @ documents.T
        keys = list(one.documents)
        run = {
            query: {keys[i]: float(row[i]) for i in np.argsort(-row, kind="stable")[:K]}
            for query, row in zip(one.queries, scores, strict=True)
        }
        found[name] = per_query(one.judgements, run, ndcg(K))
    return found


def _lexical(collections: Mapping[str, Asked]) -> Values:
    found = {}
    for name, one in collections.items():
        index = BM25Index()
        index.add(list(one.documents), list(one.documents.values()))
        hits = index.search(list(one.queries.values()), K)
        run = {
            query: dict(zip(hit.ids, hit.scores.tolist(), strict=True))
            for query, hit in zip(one.queries, hits, strict=True)
        }
        found[name] = per_query(one.judgements, run, ndcg(K))
    return found
