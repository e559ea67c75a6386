"""Paper 48: TruthPrInt, or states that know of a hallucination before it is told, and decoding that turns back."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class TruthprintSettings(ExperimentSettings):
    """How many captioners are trained on what, and what the language model is asked."""

    captioners: int = Field(default=6, ge=2, description="Vision-language models that are trained, a world for each")
    widths: tuple[int, ...] = Field(default=(64, 64, 64, 64, 64, 48), description="Of the captioners, in turn")
    steps: int = Field(default=300, ge=1, description="Steps of each training")
    batch: int = Field(default=32, ge=1, description="Pictures of a step")
    rate: float = Field(default=3e-3, gt=0, description="Learning rate of the captioners")
    fit: int = Field(default=400, ge=20, description="Pictures whose captions a detector is fitted on")
    validation: int = Field(default=150, ge=10, description="Pictures for the layer, the threshold and the way back")
    test: int = Field(default=300, ge=10, description="Pictures for the measurements")
    hidden: int = Field(default=128, ge=1, description="Hidden units of the detector")
    false_alarms: tuple[float, ...] = Field(
        default=(0.01, 0.02, 0.05), description="Shares of truthful mentions that may be flagged, to choose from"
    )
    budget: int = Field(default=4, ge=0, description="Roll-backs in a sentence")
    candidates: int = Field(default=5, ge=2, description="Likeliest tokens that may be taken at a position")
    subspace: int = Field(default=16, ge=1, description="Dimensions of the common subspace")
    permutations: int = Field(default=999, ge=19, description="Shuffles of the labels for the shared direction")
    model: str = Field(default="smollm2-135m", description="A language model of Seme's, a folder, or a hub name")
    depths: tuple[float, ...] = Field(default=(0.5, 0.65, 0.8), description="Layers of it, as shares of its depth")
    contexts: int = Field(default=380, ge=0, description="Places that it describes; 0 leaves it out")
    longest: int = Field(default=28, ge=4, description="Tokens of a description")

    @classmethod
    def quick(cls) -> Self:
        """Train two small captioners for a few steps, and leave the language model out."""
        return cls(
            captioners=2,
            widths=(32,),
            steps=40,
            batch=8,
            fit=24,
            validation=12,
            test=12,
            hidden=16,
            false_alarms=(0.05,),
            subspace=8,
            permutations=49,
            contexts=0,
        )


@experiment(paper=48, slug="truthprint", room="interp", needs=("methods", "smollm2-135m"))
def run(settings: TruthprintSettings, context: Context) -> Report:
    """Find hallucinated objects in the states before them, turn decoding back in time, and move the detector on."""
    from seme.experiments.truthprint import detecting, intervening, listing, transferring, world

    report = Report(paper=48, slug="truthprint", title="Truth before it is told")
    tellers = world.captioners(settings, context)
    found = [detecting.measure(one, settings, context) for one in context.progress(tellers, "Detecting")]
    detecting.add(report, found, "captioners", context.rng("texts"))
    turned = [intervening.measure(one, settings) for one in context.progress(found, "Intervening")]
    intervening.add(report, turned, "captioners")
    transferring.add(report, found, settings, context)
    listing.add(report, settings, context)
    world.note(report, settings)
    return report
