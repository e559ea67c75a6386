"""Paper 06: learned feature representations are biased by complexity, learning order, position, and more."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class FeatureBiasSettings(ExperimentSettings):
    """How large the data and the networks are, and how long they are trained."""

    seeds: int = Field(default=5, ge=3, description="Networks of each kind, with starts and samples of their own")
    bits: int = Field(default=32, ge=8, description="Bits of an input; those without a feature are noise")
    parity: int = Field(default=4, ge=2, le=6, description="Bits of the hard feature, a parity")
    widths: tuple[int, ...] = Field(default=(256, 128, 64, 64), description="Hidden layers of the MLP")
    depths: tuple[int, ...] = Field(default=(1, 2, 4, 6), description="Numbers of hidden layers that are compared")
    prevalences: tuple[float, ...] = Field(default=(1.0, 0.5, 0.1), description="Shares of samples with a label")
    counts: tuple[int, ...] = Field(default=(2, 4), description="Numbers of easy and of hard features in one network")
    steps: int = Field(default=6000, ge=10, description="Most updates, where a feature is not learned before")
    size: int = Field(default=128, ge=1, description="Samples per network and update")
    rate: float = Field(default=1e-3, gt=0, description="Learning rate of Adam")
    until: float = Field(default=0.995, gt=0.5, le=1, description="Accuracy of every feature that ends the training")
    chunk: int = Field(default=250, ge=1, description="Updates between looks at the accuracy")
    samples: int = Field(default=4096, ge=256, description="Samples for the maps, and as many for the shares")
    pictures: int = Field(default=3000, ge=0, description="Most updates of the networks for pictures; 0 for none")
    words: int = Field(default=400, ge=10, description="Most updates of the transformers")

    @classmethod
    def quick(cls) -> Self:
        """Take few bits, narrow layers and short training."""
        return cls(
            seeds=3,
            bits=8,
            parity=2,
            widths=(64, 32),
            depths=(1, 2),
            prevalences=(1.0, 0.3),
            counts=(2,),
            steps=75,
            size=64,
            rate=5e-3,
            chunk=25,
            samples=512,
            pictures=0,
            words=50,
        )


@experiment(paper=6, slug="feature-bias", room="interp", needs=("methods",))
def run(settings: FeatureBiasSettings, context: Context) -> Report:
    """Measure how much of a layer easy and hard features explain that a network computes equally well."""
    from seme.experiments.feature_bias import consequences, joint, manipulations, numbers, others

    report = Report(paper=6, slug="feature-bias", title="Which of its features a network shows")
    report.note(
        "Sizes of layers, bits and rates are not known from the paper. Before they were fixed, three networks each "
        "were looked at with He's and with LeCun's initialisation (ratios of easy to hard 1.2 to 3.3, and 1.0 to 7.4); "
        "LeCun's, a common default, was kept. With at most 2500 updates, and 1000 for pictures, not all networks had "
        "learned all features in a first full run; so the most of both were raised, which changes nothing of networks "
        "that stop before. Differences are judged by the lower end of their 95 % interval over networks."
    )
    first = joint.add(report, settings, context)
    consequences.add(report, first, settings)
    manipulations.add(report, first, settings, context)
    numbers.add(report, settings, context)
    others.add(report, settings, context)
    return report
