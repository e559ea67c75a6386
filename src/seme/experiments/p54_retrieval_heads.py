"""Paper 54: retrieval heads, the few attention heads that copy facts from the context to the answer."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class RetrievalHeadsSettings(ExperimentSettings):
    """Which model, which prompts, and which heads are masked."""

    model: str = Field(
        default="smollm2-135m",
        description="A model of Seme's, a Hugging Face folder or a hub name; 'planted' is written here by hand",
    )
    haystack: str = Field(default="stdlib-docs", description="Texts in which facts are hidden")
    lengths: tuple[int, ...] = Field(default=(200, 400, 800, 1600), description="Tokens of the prompts")
    depths: int = Field(default=8, ge=2, description="Places in each text, from its beginning to its end")
    longest: int = Field(default=32, ge=1, description="Tokens of an answer at most")
    threshold: float = Field(default=0.1, gt=0, le=1, description="Mean score of a retrieval head")
    masked_lengths: tuple[int, ...] = Field(default=(200, 400), description="Tokens of prompts answered under masks")
    masked_depths: int = Field(default=5, ge=2, description="Places in each of those texts")
    heads: tuple[int, ...] = Field(default=(5, 10), description="Numbers of heads that are masked")
    draws: int = Field(default=10, ge=2, description="Random sets of as many heads")
    excluded: int = Field(default=100, ge=0, description="Heads of the highest scores that are never drawn at random")
    other_prompts: int = Field(default=5, ge=0, description="Prompts on which heads are made uniform, too")
    questions: int = Field(default=10, ge=0, description="Questions of each kind: memory, look-up, steps, extract")
    tuning_text: str = Field(default="stdlib-source", description="Other text that the model is tuned on")
    tuning_seeds: int = Field(default=3, ge=1, description="Tuning runs")
    tuning_steps: int = Field(default=16, ge=1, description="Steps of each, of one block")
    block: int = Field(default=96, ge=16, description="Tokens of a block")
    rate: float = Field(default=2e-4, gt=0, description="Learning rate of the tuning")
    stretch: float = Field(default=2.0, gt=1, description="How many times as long the context is made before tuning")
    tuned_prompts: int = Field(default=5, ge=2, description="Prompts on which tuned models are held against the first")

    @classmethod
    def quick(cls) -> Self:
        """Find heads that were planted in a small model written by hand."""
        return cls(
            model="planted",
            lengths=(60, 120),
            depths=4,
            longest=6,
            masked_lengths=(80,),
            masked_depths=4,
            heads=(3,),
            draws=10,
            excluded=3,
            other_prompts=2,
            questions=0,
            tuning_steps=5,
            block=32,
            rate=1e-4,
            tuned_prompts=4,
        )


@experiment(paper=54, slug="retrieval-heads", room="interp", needs=("methods", "smollm2-135m"))
def run(settings: RetrievalHeadsSettings, context: Context) -> Report:
    """Find the heads that copy from the context, and show what the model answers without them."""
    from seme.experiments.retrieval_heads import detecting, planting, pruning, recalling, subjects, tuning

    report = Report(paper=54, slug="retrieval-heads", title="Heads that copy from the context")
    planting.add(report, context)
    subject = subjects.choose(settings, context)
    scores = detecting.add(report, subject, settings, context)
    pruning.add(report, subject, scores, settings, context)
    recalling.add(report, subject, scores, settings, context)
    tuning.add(report, subject, settings, context)
    return report
