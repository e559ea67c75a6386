"""Paper 53: LexSemBridge, a gate over query vectors that the query's own tokens decide."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class LexSemBridgeSettings(ExperimentSettings):
    """How many passages and queries, and how the gates are trained."""

    encoder: str = Field(default="minilm", description="A sentence encoder of Seme's, a folder, or a hub name")
    passages: int = Field(default=500, ge=20, description="Docstrings that are searched")
    train: int = Field(default=300, ge=10, description="Passages that training queries are made of; the others test")
    queries: int = Field(default=200, ge=10, description="Queries of each task")
    spans: tuple[int, ...] = Field(default=(8, 16, 32), description="Words of the spans that are cut out, rising")
    longest: int = Field(default=48, ge=8, description="Tokens that are read of a query")
    seeds: int = Field(default=3, ge=1, description="Trainings of each paradigm")
    steps: int = Field(default=60, ge=1, description="Steps of a training")
    batch: int = Field(default=64, ge=2, description="Queries of a step, each with its passage")
    rate: float = Field(default=3e-3, gt=0, description="Learning rate")
    rate_contextual: float = Field(
        default=3e-5,
        gt=0,
        description="Learning rate of CLR, whose weights are dense: each step moves thousands of them",
    )
    temperature: float = Field(default=0.02, gt=0, le=0.5, description="What cosines are divided by")
    directions: int = Field(default=10_000, ge=100, description="Random vectors of the check on directions")

    @classmethod
    def quick(cls) -> Self:
        """Take few passages, and train once."""
        return cls(
            passages=36, train=18, queries=18, spans=(8, 16), longest=24, seeds=1, steps=4, batch=16, directions=1000
        )


@experiment(paper=53, slug="lexsembridge", room="embeddings", needs=("methods", "minilm"))
def run(settings: LexSemBridgeSettings, context: Context) -> Report:
    """Ask for details with plain vectors, BM25, and vectors whose dimensions the query's tokens weigh."""
    from seme.experiments.lexsembridge import corpus, directions, features, measuring

    report = Report(paper=53, slug="lexsembridge", title="Token-aware gates over query vectors")
    texts = corpus.make(settings, context)
    encoded = features.encode(texts, settings, context)
    measuring.add(report, texts, encoded, settings, context)
    directions.add(report, encoded, settings, context)
    return report
