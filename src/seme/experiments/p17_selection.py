"""Paper 17: data for a task, selected by the monosemantic units that samples activate (MONA)."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class SelectionSettings(ExperimentSettings):
    """Which pool, which model and dictionaries, and what is tuned."""

    model: str = Field(
        default="smollm2-135m",
        description="A Llama-like model of Seme's, a Hugging Face folder or a hub name; 'tiny' trains one here",
    )
    topics: tuple[str, ...] = Field(
        default=(
            "python:asyncio",
            "python:email",
            "python:importlib",
            "python:logging",
            "python:multiprocessing",
            "python:tkinter",
            "python:turtle",
            "python:unittest",
            "wordnet:noun.animal",
            "wordnet:noun.body",
            "wordnet:noun.feeling",
            "wordnet:noun.food",
            "wordnet:noun.location",
            "wordnet:noun.person",
            "wordnet:noun.plant",
            "wordnet:verb.motion",
        ),
        min_length=2,
        description="Topics of instructions that make up the pool; each is the task in turn",
    )
    each: int = Field(default=115, ge=4, description="Samples of each topic in the pool")
    examples: int = Field(default=15, ge=1, description="Examples that a task is given by")
    draws: int = Field(default=3, ge=1, description="Times that the examples of each task are drawn")
    budget: float = Field(default=0.05, gt=0, lt=1, description="Share of the pool that is selected")
    longest: int = Field(default=80, ge=16, description="Tokens of the longest sample; longer ones are left out")
    layer: int | None = Field(
        default=None, description="Layer whose residual stream is read; the last but one by default"
    )
    other_layers: tuple[int, ...] = Field(default=(9, 19), description="Layers to compare it with")
    expansion: int = Field(default=8, ge=1, description="Units of a dictionary, in multiples of the width")
    k: int = Field(default=192, ge=1, description="Active units per token, K")
    others: tuple[int, ...] = Field(default=(1, 8, 32, 64), description="Other K to compare it with")
    steps: int = Field(default=300, ge=1, description="Steps of training of each dictionary")
    batch_size: int = Field(default=512, ge=2, description="Activations of a step")
    learning_rate: float = Field(default=1e-3, gt=0, description="Of Adam, for the dictionaries")
    seeds: int = Field(default=2, ge=1, description="Dictionaries with the main K, of different seeds")
    encoder: str = Field(default="minilm", description="Sentence encoder to compare with, or 'none'")
    near: float = Field(
        default=0.9, gt=0, le=1, description="Jaccard similarity from which samples are near duplicates"
    )
    tuned: tuple[str, ...] = Field(
        default=("python:tkinter", "wordnet:noun.animal"),
        description="Topics that the model is tuned for",
    )
    tuning_seeds: int = Field(default=2, ge=0, description="Tuning runs of each method and topic; 0 for none")
    epochs: int = Field(default=1, ge=1, description="Times that the selected samples are learned from")
    rate: float = Field(
        default=1e-3, gt=0, description="Learning rate of the tuning (LoRA of the last third of layers)"
    )
    held_out: int = Field(default=30, ge=2, description="Samples of a tuned topic that perplexity is measured on")

    @classmethod
    def quick(cls) -> Self:
        """Train a small model here and select from a pool of five topics of the standard library."""
        return cls(
            model="tiny",
            topics=("python:asyncio", "python:email", "python:logging", "python:turtle", "python:unittest"),
            each=40,
            examples=8,
            draws=1,
            budget=0.1,
            layer=0,
            other_layers=(1,),
            k=32,
            others=(1,),
            expansion=4,
            steps=60,
            batch_size=256,
            learning_rate=3e-3,
            seeds=1,
            encoder="none",
            tuned=("python:turtle",),
            tuning_seeds=1,
            rate=1e-2,
            held_out=12,
        )


@experiment(paper=17, slug="selection", room="interp", needs=("methods", "smollm2-135m", "minilm"))
def run(settings: SelectionSettings, context: Context) -> Report:
    """Select instructions for a task by the units they activate, hold that against other selections, and tune on it."""
    from seme.experiments.selection import ablations, comparing, embedding, exact, pooling, tuning, viewing

    report = Report(paper=17, slug="selection", title="Data selection by monosemantic activations")
    exact.add(report, context)
    language_model, pool = pooling.make_pool(settings, context)
    embedded = embedding.embed(report, language_model, pool, settings, context)
    compared = comparing.add(report, pool, embedded, settings, context)
    ablations.add(report, pool, embedded, settings, context)
    viewing.add(report, pool, embedded, settings)
    tuning.add(report, language_model, pool, compared, settings, context)
    return report
