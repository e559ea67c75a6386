"""Paper 55: relative representations, by which spaces that were made apart can be used in each other's place."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class RelativeSettings(ExperimentSettings):
    """How many anchors, words, texts and runs."""

    anchors: int = Field(default=300, ge=2, description="Anchors, drawn at random")
    words: int = Field(default=5000, ge=400, description="Shared words whose vectors are compared")
    neighbours: int = Field(default=10, ge=1, description="Neighbours of the Jaccard index")
    seeds: int = Field(default=5, ge=1, description="Runs of the stitching on images")
    texts: int = Field(default=2400, ge=120, description="Texts that are classified; half are for training")
    encoders: tuple[str, ...] = Field(
        default=("minilm", "glove-6b-50d", "wordllama-256", "lsa-100"),
        description="Encoders of texts: minilm, glove-6b-50d, wordllama-256, lsa-N (tf-idf in N dimensions), or the "
        "name of a language model, whose last hidden states are averaged",
    )
    sizes: tuple[int, ...] = Field(default=(2, 8, 32, 128, 300), description="Numbers of anchors to compare, rising")
    proxies: int = Field(default=24, ge=0, description="Networks whose likeness to a good one is held against accuracy")

    @classmethod
    def quick(cls) -> Self:
        """Compare fewer words and texts, without transformers, and stitch once."""
        return cls(
            words=1000,
            seeds=1,
            texts=400,
            encoders=("glove-6b-50d", "lsa-50"),
            sizes=(2, 32, 128),
            proxies=0,
        )


@experiment(
    paper=55,
    slug="relative",
    room="interp",
    needs=("methods", "minilm", "glove-6b-50d", "wordllama-256"),
)
def run(settings: RelativeSettings, context: Context) -> Report:
    """Compare and stitch spaces of words, images and texts, as they are and by their similarities to anchors."""
    from seme.experiments.relative import exact, images, texts, words

    report = Report(paper=55, slug="relative", title="Relative representations")
    exact.add(report, settings, context)
    words.add(report, settings, context)
    images.add(report, settings, context)
    texts.add(report, settings, context)
    return report
