"""Paper 07: AttentionInfluence, documents selected by what they cost a model without its retrieval heads."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class AttentionInfluenceSettings(ExperimentSettings):
    """Which scorer, which texts, and what is trained on the selection."""

    model: str = Field(
        default="smollm2-135m",
        description="The scorer: a model of Seme's, a Hugging Face folder or a hub name; 'planted' is written by hand",
    )
    samples: int = Field(default=8, ge=2, description="Look-up prompts by which heads are found; the paper has 800")
    pairs: int = Field(default=6, ge=4, description="Keys in each of their lists")
    needles: int = Field(default=5, ge=2, description="Needle prompts of paper 54 to compare the heads with")
    needle_length: int = Field(default=200, ge=16, description="Tokens of those")
    heads: float = Field(default=0.05, gt=0, lt=1, description="Share of all heads that is masked")
    tokens: int = Field(default=66, ge=66, description="Tokens of every document")
    per_kind: int = Field(default=50, ge=8, description="Documents of documentation, and five thirds of those of code")
    others: int = Field(default=10, ge=5, description="Documents of look-ups, noise, boilerplate and shuffled tokens")
    controls: int = Field(default=6, ge=3, description="Documents of a kind scored without random heads, too")
    draws: int = Field(default=5, ge=2, description="Random sets of as many heads")
    share: float = Field(default=0.2, gt=0, lt=1, description="Share of each domain that is selected")
    encoder: str = Field(
        default="minilm",
        description="A sentence encoder of Seme's, a folder, or a hub name; 'letters' takes runs of letters instead",
    )
    graded: int = Field(default=80, ge=10, description="Texts of each kind that the classifier of quality learns from")
    seeds: int = Field(default=5, ge=1, description="Training runs on each selection")
    steps: int = Field(default=100, ge=1, description="Steps of each run")
    layers: int = Field(default=2, ge=1, description="Of the model that is trained")
    width: int = Field(default=64, ge=16, description="Of the model that is trained")
    vocabulary: int = Field(default=768, ge=300, description="Of the model that is trained")
    block: int = Field(default=96, ge=16, description="Tokens of a training block")
    batch: int = Field(default=4, ge=1, description="Blocks of a step")
    rate: float = Field(default=3e-3, gt=0, description="Largest learning rate of the training")

    @classmethod
    def quick(cls) -> Self:
        """Score texts of letters with a small model written by hand, and train a smaller one briefly."""
        return cls(
            model="planted",
            samples=4,
            needles=4,
            needle_length=60,
            per_kind=10,
            others=8,
            controls=4,
            draws=5,
            encoder="letters",
            graded=20,
            seeds=1,
            steps=8,
            layers=1,
            width=32,
            vocabulary=320,
            block=64,
            batch=4,
        )


@experiment(paper=7, slug="attention-influence", room="interp", needs=("methods", "smollm2-135m", "minilm", "wordnet"))
def run(settings: AttentionInfluenceSettings, context: Context) -> Report:
    """Score documents by the loss without retrieval heads, select by it, and train on the selection."""
    from seme.experiments.attention_influence import finding, meaning, scorer, scores, selecting, training
    from seme.experiments.clear import note_late_rule

    report = Report(paper=7, slug="attention-influence", title="Pretraining data selected by attention heads")
    subject = scorer.choose(settings, context)
    heads, found_by = finding.add(report, subject, settings, context)
    scored = scores.score(subject, heads, found_by, settings, context)
    meaning.add(report, subject, heads, scored, settings, context)
    selections = selecting.add(report, subject, scored, settings, context)
    training.add(report, subject, selections, settings, context)
    note_late_rule(report, "was the number of seeds")
    return report
