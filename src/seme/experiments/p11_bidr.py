"""Paper 11: BiDR, codes in memory that find candidates and dense vectors on disk that are trained for them."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class BidrSettings(ExperimentSettings):
    """What is searched, how long the codes are, and how both granularities are trained."""

    encoder: str = Field(default="minilm", description="The frozen encoder: minilm, a folder, or a hub name")
    collection: str = Field(default="wordnet-glosses", description="A collection of `seme.assets.load_collection`")
    documents: int = Field(default=13_000, ge=50, description="Documents, the relevant ones included")
    train: int = Field(default=3000, ge=8, description="Queries of the training")
    queries: int = Field(default=800, ge=4, description="Queries of the test")
    longest: int = Field(default=48, ge=8, description="Tokens that are read of a text")
    parts: tuple[int, ...] = Field(default=(8, 16), description="Bytes of a code; the last serves the second stage")
    centroids: int = Field(default=256, ge=2, le=256, description="Codewords of each part, a power of two")
    fitted_on: int = Field(default=4000, ge=2, description="Documents that OPQ is fitted to, at most")
    iterations: int = Field(default=3, ge=1, description="Iterations of OPQ's rotation")
    batch: int = Field(default=128, ge=2, description="Queries of a step")
    negatives: int = Field(default=1, ge=0, description="Negatives of each query, besides those of the batch")
    steps_initial: int = Field(default=60, ge=1, description="Steps of the encoder that both stages begin with")
    steps_codes: int = Field(default=100, ge=1, description="Steps of the codes")
    steps_dense: int = Field(default=100, ge=1, description="Steps of the dense vectors")
    rate: float = Field(default=1e-3, gt=0, description="Learning rate")
    near: int = Field(default=200, ge=1, description="Best documents by codes, the graph of the walks")
    candidates: int = Field(default=200, ge=10, description="Documents that dense vectors verify")
    weight: float = Field(default=0.3, description="Of the code score in the final one")
    seeds: int = Field(default=3, ge=1, description="Trainings of each system")

    @classmethod
    def quick(cls) -> Self:
        """Train a few steps on a small collection."""
        return cls(
            collection="wordnet-examples",
            documents=200,
            train=60,
            queries=30,
            longest=24,
            parts=(8,),
            centroids=16,
            iterations=2,
            batch=32,
            steps_initial=3,
            steps_codes=6,
            steps_dense=6,
            near=30,
            candidates=30,
            seeds=1,
        )


@experiment(paper=11, slug="bidr", room="embeddings", needs=("methods", "minilm", "wordnet"))
def run(settings: BidrSettings, context: Context) -> Report:
    """Train codes for the ranking, then vectors for the candidates that they find, beside OPQ and joint training."""
    from seme.experiments.bidr import claims, collection, measuring

    report = Report(paper=11, slug="bidr", title="Bi-granular documents: codes in memory, vectors on disk")
    given = collection.make(settings, context)
    runs = [measuring.measure(given, seed, settings, context) for seed in range(settings.seeds)]
    claims.add(report, runs, given, settings)
    return report
