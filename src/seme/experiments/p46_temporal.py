"""Paper 46: the other mind, or whether a language model sees years as people see time."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class TemporalSettings(ExperimentSettings):
    """Which years, which models, and how fine the grids are."""

    model: str = Field(default="smollm2-135m", description="A language model of Seme's, a folder, or a hub name")
    encoder: str = Field(default="minilm", description="A sentence encoder of Seme's, a folder, or a hub name")
    first: int = Field(default=1525, ge=1000, le=9000, description="First year")
    last: int = Field(default=2524, ge=1100, le=9999, description="Last year")
    judged: int = Field(default=40, ge=1, description="Steps between the years that are judged in pairs")
    read: int = Field(default=1, ge=1, description="Steps between the years whose neurons and states are read")
    grid: int = Field(default=10, ge=1, description="Steps between the years whose states are compared by layer")
    encoded: int = Field(default=5, ge=1, description="Steps between the years that are embedded")
    scan: int = Field(default=5, ge=1, description="Steps between the references that are tried")
    top: float = Field(default=0.01, gt=0, lt=0.5, description="Share of the neurons whose activation is described")
    draws: int = Field(default=200, ge=10, description="Samples of years for intervals, and groups of control neurons")
    divisions: int = Field(default=5, ge=1, description="Divisions of the judged years into folds")
    seeds: int = Field(default=5, ge=3, description="Planted truths of each kind")

    @classmethod
    def quick(cls) -> Self:
        """Take few years and samples."""
        return cls(judged=180, read=100, grid=100, encoded=50, scan=25, draws=20, divisions=2, seeds=3)


@experiment(
    paper=46,
    slug="temporal",
    room="interp",
    needs=("methods", "smollm2-135m", "minilm", "glove-6b-50d", "wordllama-256"),
)
def run(settings: TemporalSettings, context: Context) -> Report:
    """Hold judgements, neurons, layers and embeddings of years against a logarithmic line of time."""
    from seme.experiments.clear import note_late_rule
    from seme.experiments.temporal import exposure, judging, layers, neurons, reading, simulating

    report = Report(paper=46, slug="temporal", title="Years and numbers in models of language")
    simulating.add(report, settings, context)
    loaded = reading.load(settings, context)
    judging.add(report, loaded, settings, context)
    read = reading.read(loaded, settings, context)
    neurons.add(report, read, settings, context)
    layers.add(report, read, settings, context)
    exposure.add(report, settings, context)
    note_late_rule(report)
    return report
