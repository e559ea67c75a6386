"""Paper 24: CRISP, multi-vector retrieval that is trained through clusters of its own tokens."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report
from seme.retrieval.multivector.clustering import Start


class CrispSettings(ExperimentSettings):
    """How many texts, and how each reduction is trained."""

    encoder: str = Field(default="minilm", description="A sentence encoder of Seme's, a folder, or a hub name")
    collections: tuple[str, ...] = Field(
        default=("python-functions", "library-docs"), description="Collections of `seme.assets.load_collection`"
    )
    shortest: int = Field(default=400, ge=0, description="Characters that a document has at least")
    documents: int = Field(default=1000, ge=20, description="Documents of each collection that are searched")
    queries: int = Field(default=500, ge=4, description="Test queries of each collection")
    validation: int = Field(
        default=250, ge=2, description="Validation queries of each collection, over twice as many documents"
    )
    train: int = Field(default=1200, ge=4, description="Training pairs of each collection, at most")
    longest: int = Field(default=88, ge=16, description="Tokens that are read of a document")
    longest_query: int = Field(default=48, ge=8, description="Tokens that are read of a query")
    layer: int = Field(default=3, ge=0, description="Blocks up to this one are frozen, and run once over the texts")
    reductions: tuple[str, ...] = Field(
        default=("C4x8", "C8x30", "C8x32", "C25", "C50"), description="Clusters that are trained through (CRISP)"
    )
    simpler: tuple[str, ...] = Field(
        default=("Tail4x8", "Tail8x32", "K2", "K4", "SV"), description="Reductions that are trained to compare with"
    )
    steps_first: int = Field(default=150, ge=1, description="Steps of the plain multi-vector model, where all begin")
    steps: int = Field(default=100, ge=1, description="Steps of each reduction from there, and of the plain model")
    batch: int = Field(default=16, ge=2, description="Pairs of a step")
    hard: int = Field(
        default=30, ge=0, description="Nearest training documents of a query, of which a step takes one; 0 for none"
    )
    rate: float = Field(default=2e-4, gt=0, description="Learning rate of the plain model, falling to 0")
    rates: tuple[float, ...] = Field(
        default=(5e-5, 2e-4),
        min_length=1,
        description="Learning rates from there; each system takes the one best for the validation queries",
    )
    temperature: float = Field(default=0.05, gt=0, description="What scores per query vector are divided by")
    start: Start = Field(default="farthest", description="What k-means begins with: strided or farthest")
    unit_means: bool = Field(default=True, description="Bring the means of clusters to unit length, as tokens are")
    seeds: int = Field(default=3, ge=1, description="Trainings of the plain model and of each clustering")
    simpler_seeds: int = Field(default=3, ge=1, description="Trainings of each simpler reduction, at most `seeds`")

    @classmethod
    def quick(cls) -> Self:
        """Take few short texts, and train once."""
        return cls(
            collections=("film-plots",),
            documents=24,
            queries=8,
            validation=4,
            train=16,
            longest=32,
            longest_query=24,
            reductions=("C4x8", "C50"),
            simpler=("Tail4x8",),
            steps_first=3,
            steps=3,
            batch=8,
            seeds=1,
        )


@experiment(paper=24, slug="crisp", room="embeddings", needs=("methods", "minilm", "film-reviews"))
def run(settings: CrispSettings, context: Context) -> Report:
    """Train multi-vector models with and without clusters of their tokens, and search with each."""
    from seme.experiments.crisp import claims, measuring, tables

    report = Report(paper=24, slug="crisp", title="Multi-vector retrieval trained through clusters")
    found = measuring.measure(settings, context)
    claims.add(report, found, settings)
    tables.add(report, found, settings)
    return report
