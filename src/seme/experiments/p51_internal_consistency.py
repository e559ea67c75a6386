"""Paper 51: internal consistency, or whether a model's middle layers agree with what its last one answers."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class InternalConsistencySettings(ExperimentSettings):
    """Which tasks, how many questions and paths, and how the small models are trained."""

    model: str = Field(default="smollm2-135m", description="A language model of Seme's, a folder, or a hub name")
    tasks: tuple[str, ...] = Field(
        default=("coin", "kind", "parity", "comparison", "review"),
        min_length=1,
        description="Tasks of the language model: coin, kind, parity, comparison, review",
    )
    forms: tuple[str, ...] = Field(
        default=("statement", "question", "choice"),
        min_length=1,
        description="How questions may be put, the best of which is taken: statement, question, choice",
    )
    development: int = Field(default=32, ge=0, description="Other questions of each task, to choose tasks and forms")
    above: float = Field(default=0.6, ge=0, le=1, description="Accuracy there from which on a task is taken")
    questions: int = Field(default=32, ge=4, description="Questions of each task of the language model")
    paths: int = Field(default=5, ge=2, description="Sampled rationales of each question")
    longest: int = Field(default=24, ge=4, description="Most tokens of a rationale")
    temperature: float = Field(default=0.7, gt=0, description="Of the language model's rationales")
    top_p: float = Field(default=0.95, gt=0, le=1, description="Nucleus of the language model's rationales")
    seeds: int = Field(default=3, ge=1, description="Small models that are trained on deduction")
    depth: int = Field(default=8, ge=2, description="Blocks of a small model")
    width: int = Field(default=48, ge=16, multiple_of=16, description="Width of a small model")
    steps: int = Field(default=300, ge=1, description="Steps of training of a small model")
    deductions: int = Field(default=200, ge=4, description="Questions for a small model")
    deduction_paths: int = Field(default=10, ge=2, description="Sampled rationales of each of those, at temperature 1")
    analysed: int = Field(default=100, ge=6, description="Paths of each task whose modules are looked into")
    random_weights: int = Field(default=100, ge=2, description="Random weights of the layers, to compare with")
    resamples: int = Field(default=1000, ge=50, description="Resamples of the questions for the intervals")

    @classmethod
    def quick(cls) -> Self:
        """Take one task, few questions, and one model that has hardly learned."""
        return cls(
            tasks=("parity",),
            forms=("statement",),
            development=0,
            questions=4,
            paths=2,
            longest=12,
            seeds=1,
            depth=4,
            width=32,
            steps=40,
            deductions=30,
            deduction_paths=4,
            analysed=8,
            random_weights=20,
            resamples=50,
        )


@experiment(
    paper=51,
    slug="internal-consistency",
    room="interp",
    needs=("methods", "smollm2-135m", "glove-6b-50d", "wordnet", "film-reviews"),
)
def run(settings: InternalConsistencySettings, context: Context) -> Report:
    """Weigh sampled rationales by how far a model's layers agree, and hold that against plain votes."""
    from seme.experiments.internal_consistency import (
        benches,
        layers,
        looking,
        planted,
        separation,
        voting,
    )

    report = Report(paper=51, slug="internal-consistency", title="Whether layers agree")
    found = benches.measure(report, settings, context)
    separation.add(report, found, settings, context)
    voting.add(report, found, settings, context)
    layers.add(report, found, settings, context)
    looking.add(report, found, settings, context)
    planted.add(report, settings, context)
    return report
