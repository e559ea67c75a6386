"""Paper 56: feature neurons of a language model, decoded from their weights with the LM head."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from seme.experiment import Context, ExperimentSettings, experiment
from seme.report import Report


class FeatureNeuronsSettings(ExperimentSettings):
    """What is mapped, clamped and fine-tuned."""

    model: str = Field(default="smollm2-135m", description="A model of Seme's, a Hugging Face folder, or a hub name")
    layers: tuple[int, ...] | None = Field(default=None, description="Layers to map; all by default")
    reading: Literal[
        "plain", "unit", "read-gain", "final-gain", "cosine", "centred-cosine", "read-gain-cosine", "read-gain-centred"
    ] = Field(default="plain", description="How weights are set against the LM head")
    sample: int = Field(default=100, ge=1, description="Neurons that are also projected one by one, to compare")
    null: int = Field(default=10_000, ge=100, description="Random vectors that neurons are compared with")
    clamped: int = Field(default=50, ge=5, description="Specialised neurons to clamp, and as many random ones")
    multiples: tuple[float, ...] = Field(
        default=(-8.0, 8.0), description="Clamps to try, in multiples of the layer's largest value on ordinary text"
    )
    answers: int = Field(default=20, ge=1, description="Answers that are sampled with and without the clamp")
    answer_tokens: int = Field(default=24, ge=1, description="Tokens of an answer")
    rates: tuple[float, ...] = Field(
        default=(1e-5, 1e-4, 1e-3), description="Learning rates of the fine-tuned models, rising; empty for none"
    )
    tuning_steps: int = Field(default=60, ge=1, description="Steps of fine-tuning, of 128 tokens each")
    tuning_layers: tuple[int, ...] = Field(default=(0, 6, 12, 18, 24, 29), description="Layers compared after it")

    @classmethod
    def quick(cls) -> Self:
        """Map one layer and clamp five neurons; nothing is fine-tuned."""
        return cls(
            layers=(26,),
            sample=10,
            null=1000,
            clamped=5,
            multiples=(8.0,),
            answers=2,
            answer_tokens=4,
            rates=(),
        )


@experiment(paper=56, slug="feature-neurons", room="interp", needs=("methods", "smollm2-135m"))
def run(settings: FeatureNeuronsSettings, context: Context) -> Report:
    """Map every feed-forward neuron of a model to the tokens it stands for, clamp some, and steer by one."""
    from seme.assets import load_language_model
    from seme.experiments.feature_neurons import answering, clamping, mapping, tuning

    report = Report(paper=56, slug="feature-neurons", title="Feature neurons, decoded with the LM head")
    language_model = load_language_model(settings.model, device=context.device)
    mapped = mapping.add(report, language_model, settings, context)
    clamping.add(report, language_model, mapped, settings, context)
    answering.add(report, language_model, mapped, settings, context)
    tuning.add(report, settings, context)
    return report
