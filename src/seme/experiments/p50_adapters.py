"""Paper 50: adapters, low-rank corrections that a task teaches the vectors of a frozen encoder (ADDER)."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class AdaptersSettings(ExperimentSettings):
    """Which tasks and encoders, how many pairs, and what is chosen from."""

    encoders: tuple[str, ...] = Field(
        default=("minilm", "wordllama-256", "glove-6b-50d"),
        description="minilm, or word vectors by name (their mean); the first is looked at closely",
    )
    tasks: tuple[str, ...] = Field(
        default=(
            "python-functions",
            "wordnet-terms",
            "wordnet-glosses",
            "library-examples",
            "wordnet-examples",
            "library-docs",
        ),
        description="Collections: heterogeneous and homogeneous ones",
    )
    documents: int = Field(default=3000, ge=20, description="Documents that are searched, right ones included")
    pairs: int = Field(default=1500, ge=8, description="Most queries to train on")
    queries: int = Field(default=400, ge=8, description="Most queries in validation, and in the test")
    rank: int = Field(default=32, ge=1, description="Keys of an adapter")
    ranks: tuple[int, ...] = Field(default=(8, 32, 128), description="Keys to compare with the full rank")
    few: int = Field(default=500, ge=8, description="Training queries where ranks are compared")
    epochs: int = Field(default=60, ge=1, description="Most epochs of a training")
    seeds: int = Field(default=5, ge=1, description="Trainings of each adapter of the first encoder")
    compared: int = Field(
        default=3, ge=1, description="Trainings of the other encoders' adapters, of each rank and of the free map"
    )

    @classmethod
    def quick(cls) -> Self:
        """Adapt two tasks of WordNet for a few epochs, once."""
        return cls(
            encoders=("minilm",),
            tasks=("wordnet-terms", "wordnet-examples"),
            documents=200,
            pairs=100,
            queries=40,
            rank=16,
            ranks=(16,),
            few=60,
            epochs=6,
            seeds=1,
            compared=1,
        )


@experiment(
    paper=50,
    slug="adapters",
    room="embeddings",
    needs=("methods", "minilm", "wordllama-256", "glove-6b-50d", "wordnet"),
)
def run(settings: AdaptersSettings, context: Context) -> Report:
    """Adapt the vectors of frozen encoders to tasks of retrieval, and compare ranks, forms and sides."""
    from seme.experiments.adapters import comparing, judging, measuring, tasks

    report = Report(paper=50, slug="adapters", title="Adapters for the vectors of frozen encoders")
    for name in settings.encoders:
        encoder = tasks.encoder_of(name)
        made = [tasks.make(one, encoder, settings, context) for one in settings.tasks]
        found = [measuring.measure(task, name, settings, context) for task in made]
        judging.add(report, name, found)
        if name == settings.encoders[0]:
            comparing.add(report, name, made, settings, context)
    judging.add_notes(report, settings)
    return report
