"""Paper 19, first half: Binary Paragraph Vector, short codes of documents for search by Hamming distance."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class BinaryParagraphsSettings(ExperimentSettings):
    """How many documents, and how long each model is trained."""

    documents: int = Field(default=6000, ge=50, description="Glosses of WordNet that are learned from and searched")
    queries: int = Field(default=400, ge=10, description="Other glosses whose codes are inferred and searched for")
    shortest: int = Field(default=8, ge=1, description="Least known terms of a gloss or docstring")
    bits: int = Field(default=32, ge=4, description="Length of the short code")
    long_bits: int = Field(default=128, ge=8, description="Length of the long code of semantic hashing")
    hash_bits: int = Field(default=28, ge=4, description="Length of Real-Binary's code")
    dim: int = Field(default=100, ge=4, description="Width of real vectors")
    epochs: int = Field(default=25, ge=1, description="Passes of paragraph vectors over the documents")
    rate: float = Field(default=0.05, gt=0, description="Rate of paragraph vectors' AdaGrad")
    hidden: int = Field(default=128, ge=4, description="Width of semantic hashing's layers")
    hashing_epochs: int = Field(default=20, ge=1, description="Passes of semantic hashing over the documents")
    shortlist: int = Field(default=100, ge=10, description="Documents that the ball around a code must hold")
    transferred: int = Field(default=250, ge=10, description="Docstrings of each library, to which codes are carried")
    seeds: int = Field(default=3, ge=1, description="Trainings of each model")
    rows: int = Field(default=100_000, ge=1000, description="Codes and vectors that are searched for the clock")

    @classmethod
    def quick(cls) -> Self:
        """Train once on few glosses."""
        return cls(
            documents=300,
            queries=30,
            shortest=5,
            dim=16,
            epochs=8,
            rate=0.2,
            hidden=32,
            hashing_epochs=3,
            shortlist=10,
            transferred=12,
            seeds=1,
            rows=20_000,
        )


@experiment(paper=19, slug="binary-paragraphs", room="embeddings", needs=("methods", "wordnet"))
def run(settings: BinaryParagraphsSettings, context: Context) -> Report:
    """Learn short codes of glosses, search by them, and carry them over to docstrings."""
    from seme.experiments.binary_paragraphs import claims, corpora, measuring, timing

    report = Report(paper=19, slug="binary-paragraphs", title="Binary Paragraph Vector")
    material = corpora.make(settings)
    found = [measuring.of_seed(seed, material, settings, context) for seed in range(settings.seeds)]
    claims.add(report, found, material, settings)
    timing.add(report, settings, context)
    return report
