"""Paper 34: semantic volume, or how much room a question's samples take up says how uncertain the model is."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class SemanticVolumeSettings(ExperimentSettings):
    """Which questions, how many samples, and what is tuned on the validation part."""

    model: str = Field(default="smollm2-135m", description="A language model of Seme's, a folder, or a hub name")
    encoder: str = Field(default="minilm", description="A sentence encoder of Seme's, a folder, or a hub name")
    capitals: int = Field(default=80, ge=2, description="Questions for the capital of a country")
    kinds: int = Field(default=60, ge=2, description="Questions for the kind of thing that a word of WordNet names")
    sums: int = Field(default=40, ge=2, description="Questions for a sum")
    words: int = Field(default=80, ge=3, description="Ambiguous words of WordNet, and as many clear ones")
    samples: int = Field(default=20, ge=6, description="Sampled answers, or clarified requests, of each question")
    longest: int = Field(default=10, ge=1, description="Most tokens of a sample")
    dims: tuple[int, ...] = Field(default=(2, 5, 10, 20, 40, 80), description="Principal components that are tried")
    epsilons: tuple[float, ...] = Field(default=(1e-10, 1e-6, 1e-3), description="Values of epsilon that are tried")
    cosines: tuple[float, ...] = Field(default=(0.6, 0.7, 0.8, 0.9), description="Cosines of the same meaning, tried")
    validation: float = Field(default=0.3, gt=0, lt=1, description="Share of the questions that settings are chosen on")
    resamples: int = Field(default=1000, ge=50, description="Resamples of the questions for the intervals")
    rows: int = Field(default=2000, ge=500, description="Vectors of the Gaussian simulation")

    @classmethod
    def quick(cls) -> Self:
        """Ask fewer questions, with fewer samples."""
        return cls(
            capitals=7,
            kinds=3,
            sums=2,
            words=3,
            samples=6,
            longest=5,
            dims=(2, 5, 10),
            epsilons=(1e-6, 1e-3),
            cosines=(0.7, 0.9),
            resamples=50,
            rows=1000,
        )


@experiment(
    paper=34,
    slug="semantic-volume",
    room="interp",
    needs=("methods", "smollm2-135m", "minilm", "glove-6b-50d", "wordnet"),
)
def run(settings: SemanticVolumeSettings, context: Context) -> Report:
    """Hold the volume of sampled answers and of clarified requests against other scores of uncertainty."""
    from seme.experiments.semantic_volume import drawing, external, figures, internal, theory

    report = Report(paper=34, slug="semantic-volume", title="Uncertainty as the volume of meanings")
    models = drawing.Models(settings, context)
    answers = internal.add(report, models)
    requests = external.add(report, models)
    theory.add(report, settings, context)
    figures.draw(report, answers, requests)
    return report
