"""Paper 41: emotion in the deep, or how a language model holds a feeling that it has read."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class EmotionSettings(ExperimentSettings):
    """Which model, how many utterances, and how long they are followed."""

    model: str = Field(default="smollm2-135m", description="A language model of Seme's, a folder, or a hub name")
    encoder: str = Field(default="minilm", description="A sentence encoder of Seme's, a folder, or a hub name")
    situations: int = Field(default=30, ge=8, le=30, description="Situations of each of the seven emotions")
    forms: int = Field(default=10, ge=1, le=20, description="Forms in which each situation is told")
    test_share: float = Field(default=0.3, gt=0, lt=1, description="Share of the situations that are held out")
    hidden: int = Field(default=256, ge=1, description="Hidden units of the probes")
    repeats: int = Field(default=3, ge=1, description="Divisions into training and held-out situations")
    splits: int = Field(default=1, ge=1, description="Splits of each training part by which its best layer is chosen")
    asked: int = Field(default=1, ge=1, description="Forms of each held-out situation that the model is asked about")
    prompts: int = Field(default=3, ge=1, le=3, description="Wordings of the question")
    filler: int = Field(default=100, ge=25, description="Neutral tokens after each utterance")
    long_filler: int = Field(default=400, ge=25, description="Neutral tokens after a few of them")
    refitted: int = Field(
        default=10, ge=5, description="Training situations of each emotion that are followed, for a probe fitted there"
    )
    followed: int = Field(default=2, ge=1, description="Held-out utterances of each emotion that are followed so long")
    blocks: int = Field(default=0, ge=0, description="First blocks that are recorded; 0 for all")
    every: int = Field(default=1, ge=1, description="Blocks from one recorded layer to the next")
    samples: int = Field(default=1000, ge=50, description="Samples of the bootstrap")
    compared: bool = Field(default=True, description="Also probe the encoder, and the model without training")

    @classmethod
    def quick(cls) -> Self:
        """Take few situations, one form, the first blocks, and one wording of the question."""
        return cls(
            situations=9,
            forms=1,
            test_share=0.2,
            hidden=32,
            repeats=1,
            splits=1,
            asked=1,
            prompts=1,
            filler=25,
            long_filler=25,
            refitted=5,
            followed=1,
            blocks=3,
            every=1,
            samples=200,
            compared=False,
        )


@experiment(paper=41, slug="emotion", room="interp", needs=("methods", "smollm2-135m", "minilm"))
def run(settings: EmotionSettings, context: Context) -> Report:
    """Read seven emotions from the states of every layer, and see what moves them and how long they last."""
    from seme.experiments.clear import note_late_rule
    from seme.experiments.emotion import asking, corpus, lasting, layers, models, prompting, shape
    from seme.experiments.emotion.recording import Recorder

    report = Report(paper=41, slug="emotion", title="Emotion in the layers of a language model")
    told = corpus.build(settings, context, report)
    recorder = Recorder(settings, context)
    read = layers.add(report, told, recorder, settings, context)
    asking.add(report, read, recorder, settings, context)
    shape.add(report, read, recorder, context)
    prompting.add(report, read, recorder, settings, context)
    lasting.add(report, read, recorder, settings, context)
    models.add(report, read, recorder, settings, context)
    note_late_rule(report, "were the numbers of utterances")
    return report
