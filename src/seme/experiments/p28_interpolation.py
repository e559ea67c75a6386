"""Paper 28: where to mix sparse and dense scores around feedback."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class InterpolationSettings(ExperimentSettings):
    """Which collections and retrievers, and how they are mixed."""

    collections: tuple[str, ...] = Field(
        default=("python-functions", "library-docs", "wordnet-hyponyms"),
        description="Collections of `seme.assets.load_collection`, or folders in BEIR's form",
    )
    documents: int = Field(default=2000, ge=20, description="Documents of each collection, the relevant ones included")
    queries: int = Field(default=100, ge=4, description="Queries of each split: validation (weights) and test")
    dense: tuple[str, ...] = Field(
        default=("minilm", "wordllama-256", "glove-6b-50d"),
        description="Dense retrievers: minilm, or word vectors whose mean is taken",
    )
    sparse: tuple[str, ...] = Field(
        default=("bm25", "splade-tiny"),
        description="Sparse retrievers: bm25 (words), splade-tiny (learned weights of terms)",
    )
    feedback: Literal["rocchio", "average"] = Field(default="rocchio", description="How the query moves")
    k: int = Field(default=5, ge=1, description="Documents that are taken as relevant")
    alphas: int = Field(default=11, ge=3, description="Weights from 0 to 1 that are tried")
    depth: int = Field(default=100, ge=10, description="Length of the lists that are mixed")
    longest: int = Field(default=64, ge=8, description="Tokens that are read of a text by minilm and splade-tiny")

    @classmethod
    def quick(cls) -> Self:
        """Search two small collections by few retrievers."""
        return cls(
            collections=("wordnet-examples", "wordnet-hyponyms"),
            documents=100,
            queries=6,
            dense=("minilm", "glove-6b-50d"),
            sparse=("bm25",),
            alphas=3,
            longest=24,
        )


@experiment(
    paper=28,
    slug="interpolation",
    room="retrieval",
    needs=("methods", "wordllama-256", "glove-6b-50d", "splade-tiny", "wordnet"),
)
def run(settings: InterpolationSettings, context: Context) -> Report:
    """Mix sparse and dense scores before feedback, after it, and at both places."""
    from seme.experiments.interpolation import claims, measuring, tables

    report = Report(paper=28, slug="interpolation", title="To interpolate or not to interpolate")
    cells = measuring.measure(settings, context)
    claims.add(report, cells, settings)
    tables.add(report, cells, settings)
    return report
