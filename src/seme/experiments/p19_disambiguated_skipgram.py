"""Paper 19, second half: Disambiguated Skip-gram, vectors of senses and what tells the senses apart."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class DisambiguatedSkipgramSettings(ExperimentSettings):
    """How large the corpus is, what is hidden in it, and how long each model is trained."""

    texts: tuple[str, ...] = Field(
        default=("wordnet-glosses",), description="Texts of `seme.assets.load_texts`, or files"
    )
    limit: int = Field(default=20_000, ge=100, description="Most texts of each kind")
    pairs: int = Field(default=6, ge=1, description="Pseudo-words of each of the four settings")
    frequent: int = Field(default=200, ge=10, description="Places of a frequent pseudo-word")
    rare: int = Field(default=50, ge=10, description="Places of a rare pseudo-word")
    share: float = Field(default=0.7, gt=0.5, lt=1, description="Of the first word in an unbalanced pseudo-word")
    least: int = Field(default=8, ge=1, description="Places of a word that is known")
    dim: int = Field(default=48, ge=2, description="Width of the vectors")
    senses: int = Field(default=5, ge=2, description="Senses of a word before pruning, and clusters of the rivals")
    window: int = Field(default=5, ge=1, description="Words on each side")
    batch: int = Field(default=1024, ge=8, description="Places of a step")
    first: int = Field(default=1, ge=1, description="Epochs of the first stage")
    second: int = Field(default=3, ge=1, description="Epochs of the second stage")
    entropy: float = Field(default=-0.1, description="Weight of the senses' entropy in the first stage's loss")
    rate: float = Field(default=0.1, gt=0, description="Rate of AdaGrad")
    floor: float = Field(default=0.05, ge=0, lt=1, description="Prior below which a sense is pruned")
    seeds: int = Field(default=3, ge=1, description="Trainings of each model")

    @classmethod
    def quick(cls) -> Self:
        """Train once on few glosses."""
        return cls(
            texts=("wordnet-glosses",),
            limit=1500,
            pairs=2,
            frequent=30,
            rare=14,
            least=4,
            dim=16,
            senses=3,
            batch=256,
            first=1,
            second=1,
            seeds=1,
        )


@experiment(paper=19, slug="disambiguated-skipgram", room="embeddings", needs=("methods", "wordnet", "glove-6b-50d"))
def run(settings: DisambiguatedSkipgramSettings, context: Context) -> Report:
    """Find the two words that were joined to each pseudo-word."""
    from seme.experiments.disambiguated_skipgram import claims, corpus, gradients, measuring

    report = Report(paper=19, slug="disambiguated-skipgram", title="Disambiguated Skip-gram")
    hidden = corpus.make(settings, context)
    found = [measuring.of_seed(seed, hidden, settings, context) for seed in range(settings.seeds)]
    claims.add(report, found, hidden, settings)
    gradients.add(report, hidden, settings, context)
    return report
