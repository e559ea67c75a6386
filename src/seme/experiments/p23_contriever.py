"""Paper 23: Contriever, retrievers trained without a label."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class ContrieverSettings(ExperimentSettings):
    """What is searched, and how students are trained."""

    collections: tuple[str, ...] = Field(
        default=("library-docs", "wordnet-examples", "wordnet-terms", "wordnet-glosses", "film-plots"),
        description="Collections whose documents are trained on and whose test queries are asked",
    )
    documents: int = Field(default=500, ge=20, description="Documents of each, at most")
    queries: int = Field(default=100, ge=5, description="Test queries of each, at most")
    labelled: int = Field(default=160, ge=5, description="Training queries of each for fine-tuning, at most")
    width: int = Field(default=128, ge=8, description="Width of the student, a multiple of its heads (2)")
    layers: int = Field(default=2, ge=1, description="Blocks of the student")
    chunk: int = Field(default=32, ge=4, description="Tokens of a chunk")
    longest: int = Field(default=40, ge=8, description="Tokens that are read of a text when it is searched")
    batch: int = Field(default=32, ge=2, description="Pairs of a step")
    steps: int = Field(default=400, ge=2, description="Steps of a training without labels")
    tuned: int = Field(default=100, ge=2, description="Steps of a fine-tuning")
    crossed: int = Field(default=400, ge=2, description="Steps of a training in two scripts")
    rate: float = Field(default=2e-3, gt=0, description="Learning rate")
    rate_tuned: float = Field(default=5e-4, gt=0, description="Learning rate of fine-tuning")
    temperature: float = Field(default=0.05, gt=0, description="What inner products are divided by")
    momentum: float = Field(default=0.99, ge=0, le=1, description="Of the key encoder")
    queue: int = Field(default=256, ge=2, description="Keys of the queue, a multiple of the batch")
    short: int = Field(default=64, ge=2, description="Keys of the short queue it is compared with")
    filled: bool = Field(default=True, description="Whether the queue begins with keys of texts, not random ones")
    seeds: int = Field(default=3, ge=1, description="Trainings of each main variant; the others are trained once")
    encoder: str = Field(default="minilm", description="Whose tokenizer is used, and which one variant begins as")
    continued: int = Field(default=12, ge=0, description="Steps of the variant that begins as that encoder; 0: none")

    @classmethod
    def quick(cls) -> Self:
        """Train for a few steps, once, on one small collection."""
        return cls(
            collections=("film-plots",),
            documents=156,
            queries=16,
            labelled=16,
            width=16,
            layers=1,
            chunk=16,
            longest=16,
            batch=8,
            steps=4,
            tuned=2,
            crossed=4,
            queue=32,
            short=16,
            seeds=1,
            continued=0,
        )


@experiment(paper=23, slug="contriever", room="embeddings", needs=("methods", "minilm", "wordnet"))
def run(settings: ContrieverSettings, context: Context) -> Report:
    """Train small encoders on crops of unlabelled texts, and set them beside BM25, fine-tuning and another script."""
    from seme.experiments.contriever import claims, material, measuring

    report = Report(paper=23, slug="contriever", title="Retrievers that learn from texts alone")
    texts = material.make(settings)
    claims.add(report, measuring.measure(texts, settings, context), texts, settings)
    return report
