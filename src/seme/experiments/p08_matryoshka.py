"""Paper 8: Matryoshka representation learning, one vector whose prefixes are embeddings."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class MatryoshkaSettings(ExperimentSettings):
    """How classifiers and the head for retrieval are trained, and what is searched."""

    encoder: str = Field(default="minilm", description="A sentence encoder of Seme's, a folder, or a hub name")
    longest: int = Field(default=32, ge=8, description="Tokens that are read of a text")
    documents: int = Field(default=50_000, ge=200, description="Glosses of WordNet that are searched and classified")
    pairs: int = Field(default=8000, ge=10, description="Sentences with their glosses that the head learns from")
    queries: int = Field(default=1000, ge=10, description="Sentences that ask for their synset's gloss")
    dims_digits: tuple[int, ...] = Field(default=(2, 4, 8, 16, 32, 64), description="Nested sizes for digits, rising")
    smallest: int = Field(default=12, ge=1, description="Smallest nested size for texts; halving gives the others")
    hidden: int = Field(default=256, ge=4, description="Hidden units of the digits' network")
    train: int = Field(default=30_000, ge=50, description="Glosses that the classifier learns from")
    test: int = Field(default=4000, ge=20, description="Glosses that it is tested on; half as many set its cascade")
    batch: int = Field(default=256, ge=4, description="Examples or pairs of a step")
    steps: int = Field(default=2000, ge=1, description="Steps of each training on digits")
    rate: float = Field(default=4e-3, gt=0, description="Learning rate for digits (Adam), which falls linearly to 0")
    steps_texts: int = Field(default=3000, ge=1, description="Steps of each training on glosses")
    rate_texts: float = Field(default=1e-3, gt=0, description="Learning rate for glosses (Adam), likewise")
    steps_search: int = Field(default=300, ge=1, description="Steps of each training of the head for search")
    rate_search: float = Field(default=5e-4, gt=0, description="Learning rate for the head (Adam), likewise")
    temperature: float = Field(default=0.05, gt=0, description="What cosines are divided by")
    seeds: int = Field(default=3, ge=1, description="Trainings of each method; digits are divided anew for each")
    shortlist: int = Field(default=2000, ge=10, description="Glosses that the full size scores again after one prefix")
    widest: int = Field(
        default=5000, ge=10, description="Glosses that a funnel's second prefix scores; each later one half as many"
    )
    timed: int = Field(default=100, ge=5, description="Queries of a round of the clock")
    rounds: int = Field(default=5, ge=1, description="Rounds of the clock, of which the median counts")

    @classmethod
    def quick(cls) -> Self:
        """Train for few steps, once, and search few glosses."""
        return cls(
            documents=200,
            pairs=40,
            queries=15,
            train=120,
            test=40,
            steps=40,
            steps_texts=20,
            steps_search=20,
            batch=64,
            seeds=1,
            shortlist=20,
            widest=40,
            timed=10,
            rounds=1,
            longest=16,
            dims_digits=(2, 4, 8, 16),
            smallest=48,
        )


@experiment(paper=8, slug="matryoshka", room="embeddings", needs=("methods", "minilm", "wordnet"))
def run(settings: MatryoshkaSettings, context: Context) -> Report:
    """Train vectors of many sizes at once, classify and search by their prefixes."""
    from seme.experiments.matryoshka import classes, classifying, retrieving, texts, timing

    report = Report(paper=8, slug="matryoshka", title="Matryoshka representation learning")
    material = texts.make(settings, context)
    found = {name: classifying.measure(name, material, settings, context) for name in ("digits", "glosses")}
    classes.add(report, found)
    searched = retrieving.add(report, material, settings, context)
    timing.add(report, searched, settings, context)
    return report
