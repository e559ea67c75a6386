"""Paper 25: Revela, a retriever that a language model trains by reading the other chunks of its batch."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class RevelaSettings(ExperimentSettings):
    """The language model, how its retriever is trained, and what is asked."""

    model: str = Field(
        default="tiny", description="tiny (trained here first), smollm2-135m, a folder, or a name on the hub"
    )
    layers: int = Field(default=2, ge=1, description="Layers of the tiny model")
    width: int = Field(default=128, ge=16, multiple_of=16, description="Its width; heads have 32 dimensions or fewer")
    vocabulary: int = Field(default=4096, ge=300, description="Its tokens, by byte pair encoding of the training code")
    pretraining: int = Field(default=800, ge=1, description="Steps of its training as a language model")
    window: int = Field(default=128, ge=8, description="Tokens of a text in that training")
    modules: int | None = Field(default=None, ge=8, description="Modules of the standard library; all by default")
    documents: int = Field(default=2000, ge=16, description="Functions and classes that retrievers are trained on")
    chunk: int = Field(default=48, ge=8, description="Tokens of a chunk")
    batch: int = Field(default=8, ge=4, multiple_of=4, description="Chunks of a batch; pairs of neighbours")
    steps: int = Field(default=96, ge=4, multiple_of=2, description="Steps of a training")
    temperature: float = Field(default=0.02, gt=0, description="What cosines are divided by, in Revela's weights")
    rate: float = Field(default=5e-4, gt=0, description="Learning rate of retrievers")
    rate_model: float = Field(default=1e-3, gt=0, description="Learning rate of the language model")
    rank: int = Field(default=0, ge=0, description="Rank of low-rank corrections (LoRA); 0 trains all weights")
    seeds: int = Field(default=3, ge=1, description="Trainings of Revela and of contrastive cropping")
    variants: int = Field(default=1, ge=1, description="Seeds of each ablation and batch size, at most `seeds`")
    longest: int = Field(default=96, ge=16, description="Tokens that are read of what is searched")
    queries: int | None = Field(default=None, ge=10, description="Queries of each collection; all by default")
    terms: int = Field(default=1000, ge=10, description="Documents of wordnet-terms")
    probes: int = Field(default=12, ge=1, description="Batches of unseen modules on which losses are compared")

    @classmethod
    def quick(cls) -> Self:
        """Take few modules and a few steps of everything."""
        return cls(
            layers=1,
            width=32,
            vocabulary=600,
            pretraining=12,
            window=48,
            modules=60,
            documents=120,
            chunk=32,
            steps=4,
            seeds=1,
            longest=48,
            queries=60,
            terms=80,
            probes=2,
        )


@experiment(paper=25, slug="revela", room="embeddings", needs=("methods",))
def run(settings: RevelaSettings, context: Context) -> Report:
    """Train retrievers by a language model's in-batch attention, and hold them against cropping and BM25."""
    from seme.experiments.revela import claims, corpus, measuring, pretraining

    report = Report(paper=25, slug="revela", title="A retriever that a language model trains")
    texts = corpus.make(settings, context)
    base = pretraining.load(texts, settings, context)
    claims.add(report, measuring.measure(base, texts, settings, context), settings)
    return report
