"""Paper 29: two-dimensional Matryoshka sentence embeddings, one encoder at any depth and width."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class Matryoshka2dSettings(ExperimentSettings):
    """How long each encoder is trained, and what it is judged by."""

    encoder: str = Field(default="minilm", description="A sentence encoder of Seme's, a folder, or a hub name")
    dims: tuple[int, ...] = Field(default=(8, 32, 128), description="Widths below the full one, rising")
    steps: int = Field(default=300, ge=1, description="Steps of each training")
    batch: int = Field(default=32, ge=2, description="Pairs of a step")
    rates: tuple[float, ...] = Field(
        default=(3e-5, 1e-4, 3e-4), min_length=1, description="Learning rates, of which validation pairs choose one"
    )
    longest: int = Field(default=16, ge=4, description="Tokens that are read of a text")
    compressed: int = Field(default=32, ge=1, description="Narrow width of ESE, at most the texts of a step")
    seeds: int = Field(default=3, ge=1, description="Trainings of each method")
    pairs: int = Field(default=1000, ge=20, description="Pairs of definitions that are held out for the correlation")
    validation: int = Field(default=300, ge=20, description="Other pairs, by which the rate is chosen")
    repeats: int = Field(default=7, ge=1, description="Measurements of time, of which the median counts")

    @classmethod
    def quick(cls) -> Self:
        """Train for a few steps, once."""
        return cls(
            steps=2, batch=4, rates=(2e-4,), compressed=8, seeds=1, pairs=24, validation=20, repeats=2, longest=10
        )


@experiment(paper=29, slug="matryoshka-2d", room="embeddings", needs=("methods", "minilm", "wordnet"))
def run(settings: Matryoshka2dSettings, context: Context) -> Report:
    """Train one encoder for the last layer, for widths, and for layers and widths, and read it at all of them."""
    from seme.experiments.matryoshka_2d import judging, tables, texts, timing, training

    report = Report(paper=29, slug="matryoshka-2d", title="Sentence embeddings of any depth and width")
    material = texts.make(settings, context)
    bench = training.Bench(material, settings, context)
    rate, searched = bench.choose()
    judge = judging.Judge(bench.readings(rate), material.test.likeness, context)
    judging.add(report, judge, settings)
    timing.add(report, bench.original, settings, context)
    tables.add(report, judge.grids, searched, settings)
    tables.explain(report, material, rate, settings)
    return report
