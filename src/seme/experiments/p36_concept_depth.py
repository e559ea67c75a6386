"""Paper 36: concept depth, or at which layer a language model comes to know something."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report

TASKS = (
    "living",
    "keywords",
    "kinds",
    "continents",
    "sentiment",
    "reviews",
    "glosses",
    "coin",
    "order",
    "negation",
)
"""Two lexical, two factual, three emotional, three inferential."""


class ConceptDepthSettings(ExperimentSettings):
    """Which model, which tasks, and how much of each."""

    model: str = Field(default="smollm2-135m", description="A language model of Seme's, a folder, or a hub name")
    tasks: tuple[str, ...] = Field(default=TASKS, description=f"Of {', '.join(TASKS)}")
    texts: int = Field(default=432, ge=20, description="Texts of each task at most")
    main_texts: int = Field(default=432, ge=20, description="Texts of sentiment, continents and coin at most")
    perturbed: int = Field(default=128, ge=20, description="Texts of each that coarser weights are tried on")
    bits: tuple[int, ...] = Field(default=(16, 8, 4), description="Bits of the coarser weights")
    blocks: int = Field(default=0, ge=0, description="First blocks that are recorded; 0 for all")
    penalty: float = Field(default=100.0, gt=0, description="Penalty of the probes (1 is scikit-learn's)")
    splits: int = Field(default=4, ge=1, description="Splits of 60 % and 40 % that keep entities together")
    samples: int = Field(default=1000, ge=50, description="Samples of the bootstrap")
    untrained: bool = Field(default=True, description="Also record the architecture with random weights")
    other_probes: bool = Field(default=True, description="Also fit random forests, ridge and MLP probes")
    trees: int = Field(default=100, ge=1, description="Trees of a random forest")
    asked_tasks: tuple[str, ...] = Field(
        default=("sentiment", "continents", "coin"), description="Those among them about which the model is asked"
    )
    asked: int = Field(default=128, ge=20, description="Texts of each that the model itself is asked about")

    @classmethod
    def quick(cls) -> Self:
        """Take three tasks, few texts, the first blocks, and one coarser set of weights."""
        return cls(
            tasks=("continents", "sentiment", "coin"),
            texts=24,
            main_texts=24,
            perturbed=20,
            asked=20,
            asked_tasks=("sentiment",),
            bits=(4,),
            blocks=4,
            splits=2,
            samples=200,
            untrained=False,
            other_probes=False,
        )


@experiment(paper=36, slug="concept-depth", room="interp", needs=("methods", "smollm2-135m", "wordnet", "film-reviews"))
def run(settings: ConceptDepthSettings, context: Context) -> Report:
    """Find the depth at which facts, feelings and inferences become readable, and what moves it."""
    from seme.experiments.clear import note_late_rule
    from seme.experiments.concept_depth import (
        anchoring,
        controls,
        cost,
        curves,
        forest,
        robustness,
        tasks,
    )
    from seme.experiments.concept_depth.recording import Recorder

    report = Report(paper=36, slug="concept-depth", title="The depth at which concepts become readable")
    chosen = tasks.choose(settings, context, report)
    recorder = Recorder(settings, context)
    found = curves.add(report, chosen, recorder, settings, context)
    cost.add(report, chosen, recorder, found)
    robustness.add(report, chosen, recorder, found, settings, context)
    anchoring.add(report, chosen, recorder, found, settings, context)
    controls.add(report, chosen, recorder, found, settings, context)
    forest.add(report, chosen, found, settings, context)
    note_late_rule(report, "were the numbers of texts, and the second and third wording of questions to the model")
    return report
