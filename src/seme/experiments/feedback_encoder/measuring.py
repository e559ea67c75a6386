"""All systems over both bases: what each query gets, judged deeply and sparsely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.assets.collections import Split
from seme.experiment import Context
from seme.experiments.collecting import Corpus, digest, gather
from seme.experiments.feedback_encoder.bases import DEPTH, Base, make_base
from seme.experiments.feedback_encoder.training import Variant, lower_states, new_encoder, train, vectors
from seme.retrieval.evaluation import ndcg, per_query, recall, reciprocal_rank_at
from seme.retrieval.feedback import Average, Rocchio
from seme.retrieval.pipelines import Query, Step, run

if TYPE_CHECKING:
    from seme.experiments.p16_feedback_encoder import FeedbackEncoderSettings

UNTRAINED = ("base", "average", "Rocchio", "text, untrained")
STRONG, WEAK = "strong", "weak"
RECALLED = 100
"""Depth of the recall: the paper's 1000 of millions of passages would be a good part of these collections."""
Values = dict[str, dict[str, float]]
"""Measure -> query -> value."""


@dataclass
class Found:
    """Values of each base: of systems without training, of the trained encoders by seed, and of variants (strong)."""

    systems: dict[str, dict[str, Values]] = field(default_factory=dict)
    trained: dict[str, list[Values]] = field(default_factory=dict)
    variants: dict[Variant, Values] = field(default_factory=dict)


def mean(values: Values, measure: str) -> float:
    """Return the mean of a measure over the queries."""
    return float(np.mean(list(values[measure].values())))


def measure(settings: FeedbackEncoderSettings, context: Context) -> Found:
    """Search by everything, and train what is to be trained."""
    asked: dict[Split, int] = {"train": settings.train, "test": settings.queries}
    corpus = gather(settings.collection, documents=settings.documents, queries=asked)
    strong = make_base(STRONG, corpus, settings, context)
    weak = make_base(WEAK, corpus, settings, context, layers=min(settings.weak, strong.encoder.depth))
    found = Found()
    for base in (strong, weak):
        found.systems[base.name] = _untrained(base, corpus, settings, context)
        default = [Variant(settings.passages, settings.rate, settings.depth, seed) for seed in range(settings.seeds)]
        found.trained[base.name] = [
            _trained(base, corpus, one, settings, context)
            for one in context.progress(default, f"Training, {base.name} base")
        ]
    found.variants = _variants(strong, corpus, found.trained[STRONG][0], settings, context)
    return found


def _untrained(base: Base, corpus: Corpus, settings: FeedbackEncoderSettings, context: Context) -> dict[str, Values]:
    dense = base.dense
    steps: dict[str, Step] = {
        "base": dense,
        "average": dense >> Average(dense, k=settings.passages, unit=True) >> dense,
        "Rocchio": dense >> Rocchio(dense, k=5, unit=True) >> dense,
    }
    found = {name: _judged(base, corpus, step, base.queries) for name, step in steps.items()}
    kept = lower_states(base, corpus, corpus.parts["test"], settings.passages, settings, context)
    plain = vectors(new_encoder(base, settings.passages, settings).eval(), kept)
    return {**found, "text, untrained": _judged(base, corpus, dense, _moved(base, corpus, plain))}


def _trained(
    base: Base, corpus: Corpus, variant: Variant, settings: FeedbackEncoderSettings, context: Context
) -> Values:
    parts = {
        split: lower_states(base, corpus, asked, variant.passages, settings, context)
        for split, asked in corpus.parts.items()
    }
    encoder = train(base, corpus, parts["train"], variant, settings, context)
    return _judged(base, corpus, base.dense, _moved(base, corpus, vectors(encoder, parts["test"])))


def _variants(
    base: Base, corpus: Corpus, default: Values, settings: FeedbackEncoderSettings, context: Context
) -> dict[Variant, Values]:
    """Vary one thing at a time."""
    middle = Variant(settings.passages, settings.rate, settings.depth, 0)
    asked = [Variant(settings.passages, rate, settings.depth, 0) for rate in settings.rates]
    asked += [Variant(settings.passages, settings.rate, depth, 0) for depth in settings.depths]
    asked += [Variant(number, settings.rate, settings.depth, 0) for number in settings.numbers]
    others = [one for one in dict.fromkeys(asked) if one != middle]
    return {middle: default} | {
        one: _trained(base, corpus, one, settings, context) for one in context.progress(others, "Training variants")
    }


def _moved(base: Base, corpus: Corpus, made: npt.NDArray[np.float32]) -> dict[str, Query]:
    name = base.dense.index.encoder
    queries = corpus.parts["test"].queries
    return {
        one: Query(text).with_vector(name, vector) for (one, text), vector in zip(queries.items(), made, strict=True)
    }


def _judged(base: Base, corpus: Corpus, step: Step, queries: Mapping[str, Query]) -> Values:
    """Rank for the test queries, and judge by all that is right, and by one document that is."""
    test = corpus.parts["test"]
    ranked = run(step, {one: queries[one] for one in test.queries}, k=base.dense.k)
    sparse = {one: {min(grades, key=digest): 1} for one, grades in test.judgements.items()}
    return {
        "nDCG@10": per_query(test.judgements, ranked, ndcg(10)),
        f"recall@{RECALLED}": per_query(test.judgements, ranked, recall(RECALLED)),
        "MRR@10, one judged": per_query(sparse, ranked, reciprocal_rank_at(10)),
        "MRR, one judged": per_query(sparse, ranked, reciprocal_rank_at(DEPTH)),
    }
