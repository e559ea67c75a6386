"""Paper 16: an encoder that reads a query together with its first hits."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class FeedbackEncoderSettings(ExperimentSettings):
    """What is searched, and how the encoder is trained."""

    collection: str = Field(
        default="wordnet-hyponyms", description="A collection with many relevant documents for each query"
    )
    documents: int = Field(default=3600, ge=50, description="Documents, the relevant ones included")
    train: int = Field(default=200, ge=4, description="Queries of the training")
    queries: int = Field(default=80, ge=4, description="Queries of the test")
    encoder: str = Field(default="minilm", description="The query encoder: minilm, a folder, or a hub name")
    weak: int = Field(default=2, ge=1, description="Blocks of the weaker encoder, the lowest of the same model")
    passages: int = Field(default=3, ge=1, description="First hits that are read")
    trained: int = Field(default=1, ge=1, description="Blocks that are trained, from the top")
    longest: int = Field(default=128, ge=16, description="Tokens that are read of a query with its hits")
    steps: int = Field(default=60, ge=1, description="Steps of a training")
    batch: int = Field(default=16, ge=2, description="Queries of a step")
    hard: int = Field(default=8, ge=1, description="Hard negatives of each query in a step")
    rate: float = Field(default=5e-5, gt=0, description="Learning rate")
    depth: int = Field(default=200, ge=2, description="Best documents of the base among which negatives are drawn")
    temperature: float = Field(default=0.05, gt=0, description="What cosines are divided by")
    seeds: int = Field(default=3, ge=1, description="Trainings of each encoder")
    rates: tuple[float, ...] = Field(default=(1e-6, 1e-5, 5e-5), description="Learning rates that are compared")
    depths: tuple[int, ...] = Field(default=(200, 1000), description="Depths of the negatives that are compared")
    numbers: tuple[int, ...] = Field(default=(1, 3, 5), description="Numbers of passages that are compared")

    @classmethod
    def quick(cls) -> Self:
        """Train a few steps on a small collection."""
        return cls(
            documents=100,
            train=6,
            queries=4,
            longest=48,
            steps=3,
            batch=4,
            hard=2,
            depth=40,
            seeds=1,
            rates=(1e-5, 5e-5),
            depths=(40,),
            numbers=(3,),
        )


@experiment(paper=16, slug="feedback-encoder", room="embeddings", needs=("methods", "minilm", "wordnet"))
def run(settings: FeedbackEncoderSettings, context: Context) -> Report:
    """Train encoders of queries with their first hits against a frozen index, beside feedback without training."""
    from seme.experiments.feedback_encoder import claims, measuring

    report = Report(paper=16, slug="feedback-encoder", title="A query encoder that reads the first hits")
    found = measuring.measure(settings, context)
    claims.add(report, found, settings)
    return report
