"""Paper 40: from tokens to thoughts, or what embeddings compress away of the categories that people make."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class ConceptsSettings(ExperimentSettings):
    """Which things, which embeddings, and how many partitions of chance."""

    categories: str = Field(default="wordnet", description="wordnet, or a CSV file: item, category, typicality")
    per_category: int = Field(default=30, ge=5, description="Most frequent words that are taken of each category")
    rank: int = Field(default=60_000, ge=1000, description="Words beyond this rank of frequency in GloVe are left out")
    model: str = Field(default="smollm2-135m", description="A language model of Seme's, a folder, or a hub name")
    encoder: str = Field(default="minilm", description="A sentence encoder of Seme's, a folder, or a hub name")
    starts: int = Field(default=100, ge=1, description="Starts of k-means for the agreement with categories")
    layer_starts: int = Field(default=20, ge=1, description="Starts of k-means at each layer")
    sizes: tuple[int, ...] = Field(
        default=(2, 4, 6, 8, 10, 15, 20, 25, 30, 40, 50), description="Numbers of clusters of the curves"
    )
    curve_starts: int = Field(default=10, ge=1, description="Starts of k-means at each point of the curves")
    chance: int = Field(default=300, ge=10, description="Random partitions as large as people's")
    untrained: int = Field(default=3, ge=0, description="Models of random weights to hold the language model against")
    betas: tuple[float, ...] = Field(
        default=(1.0, 4.0, 16.0, 64.0), description="Weights of distance for soft clusters"
    )
    beta: float = Field(default=1.0, ge=0, description="Bits that all variance within clusters costs")

    @classmethod
    def quick(cls) -> Self:
        """Take fewer words, starts and sizes."""
        return cls(
            per_category=5,
            starts=10,
            layer_starts=2,
            sizes=(4, 20, 40),
            curve_starts=2,
            chance=30,
            untrained=0,
            betas=(4.0,),
        )


@experiment(
    paper=40,
    slug="concepts",
    room="interp",
    needs=("methods", "smollm2-135m", "minilm", "glove-6b-50d", "wordnet"),
)
def run(settings: ConceptsSettings, context: Context) -> Report:
    """Hold clusters of words' embeddings against people's categories, in agreement, typicality and bits."""
    from seme.experiments.concepts import categories, embedding, items, order, tradeoffs

    report = Report(paper=40, slug="concepts", title="Compression and meaning in embeddings")
    things = items.choose(settings, report)
    spaces = embedding.embed(things, settings, context)
    named = categories.add(report, things, spaces, settings, context)
    order.add(report, things, named, context)
    tradeoffs.add(report, things, named, settings, context)
    return report
