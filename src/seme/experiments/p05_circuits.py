"""Paper 05: which attention heads are in a task's circuit, from the codes of a sparse autoencoder."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from seme.errors import InputError
from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report

_TASKS = ("indirect-object", "greater-than", "docstring")


class CircuitsSettings(ExperimentSettings):
    """How many prompts, features and runs, and on which tasks."""

    model: str = Field(default="smollm2-135m", description="A model of Seme's, a Hugging Face folder, or a hub name")
    tasks: tuple[str, ...] = Field(
        default=_TASKS, description=f"Tasks of the language model, of {', '.join(_TASKS)}; may be none"
    )
    prompts: int = Field(default=100, ge=5, description="Prompts of each side that heads are scored on")
    patched: int = Field(default=6, ge=1, description="Pairs of prompts that the ground truth is patched on")
    share: float = Field(
        default=0.05, gt=0, le=1, description="A head that changes this share of the logit difference is in the circuit"
    )
    features: int = Field(default=200, ge=2, description="Learned features of the autoencoder, m")
    sparsity: float = Field(default=0.02, ge=0, description="Weight of the autoencoder's l1 norm")
    epochs: int = Field(default=500, ge=1, description="Steps of its training, on all rows each")
    training: int = Field(default=10, ge=1, description="Prompts that it is trained on")
    seeds: int = Field(default=3, ge=1, description="Autoencoders, each on other prompts; small models, too")
    more_features: tuple[int, ...] = Field(default=(10, 50, 400), description="Other numbers of features")
    more_training: tuple[int, ...] = Field(default=(4, 50, 200), description="Other numbers of prompts for training")
    small_steps: int = Field(default=400, ge=50, description="Steps of training of the small models")
    draws: int = Field(default=10, ge=2, description="Random sets of heads, and shuffles of the prompts' sides")

    @classmethod
    def quick(cls) -> Self:
        """Plant a circuit and train one small model; no language model."""
        return cls(
            tasks=(),
            prompts=40,
            epochs=120,
            features=100,
            seeds=1,
            more_features=(20,),
            more_training=(4,),
            small_steps=150,
        )


@experiment(paper=5, slug="circuits", room="interp", needs=("methods", "smollm2-135m"))
def run(settings: CircuitsSettings, context: Context) -> Report:
    """Find the heads of a circuit by their codes: a planted one, a small model's, and those of a language model."""
    from seme.experiments.circuits import language_model, planted, small_model

    _check(settings)
    report = Report(paper=5, slug="circuits", title="Circuits from the codes of attention heads")
    planted.add(report, settings, context)
    small_model.add(report, settings, context)
    language_model.add(report, settings, context)
    return report


def _check(settings: CircuitsSettings) -> None:
    for task in settings.tasks:
        if task not in _TASKS:
            raise InputError(f"--tasks has {task!r}, expected some of {', '.join(_TASKS)}")
    for name, most in (("training", 2 * settings.prompts), ("patched", settings.prompts)):
        if getattr(settings, name) > most:
            raise InputError(
                f"--{name} is {getattr(settings, name)}, expected at most {most}, as --prompts is {settings.prompts}"
            )
