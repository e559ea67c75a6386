"""Clamping specialised neurons, beside random ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.stats import mannwhitneyu, wilcoxon

from seme.assets import LanguageModel
from seme.experiment import Context
from seme.interp.neurons import (
    ClampEffect,
    ClampTrial,
    Found,
    NeuronMap,
    most_specialised,
    unembedding,
)
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p56_feature_neurons import FeatureNeuronsSettings

CHOOSING = (
    "The",
    "She looked at the",
    "Yesterday we saw a",
    "In the middle of the room there was a",
    "He wrote about the",
    "One of the most important things is the",
    "They wanted to buy a new",
    "My favourite word is",
)
JUDGING = (
    "This is a",
    "We talked for hours about the",
    "On the table lay a",
    "The story begins with a",
    "Nobody knew the",
    "It was a picture of a",
    "I would like to learn more about",
    "The answer to the question is",
)
_OTHERS = 50
_CANDIDATES = 2000


def trial_of(language_model: LanguageModel) -> ClampTrial:
    """Return the texts as a trial of this model."""
    return ClampTrial(language_model.model, language_model.batch(CHOOSING), language_model.batch(JUDGING))


def effect_of(
    trial: ClampTrial, found: Found, settings: FeatureNeuronsSettings, rng: np.random.Generator
) -> ClampEffect:
    """Clamp one neuron and compare its token with others whose rows of the LM head are as long."""
    unit = trial.unit(found.layer)
    return trial.effect(
        layer=found.layer,
        neuron=found.neuron,
        token=found.token,
        others=_matched(unembedding(trial.model)[0], found.token, rng),
        values=[unit * multiple for multiple in settings.multiples],
    )


def add(
    report: Report, language_model: LanguageModel, mapped: NeuronMap, settings: FeatureNeuronsSettings, context: Context
) -> None:
    """Clamp the most specialised neurons of the later half of the layers, and as many random ones."""
    special, random = _chosen(language_model, mapped, settings, context.rng("neurons"))
    trial = trial_of(language_model)
    both = [("specialised", one) for one in special] + [("random", one) for one in random]
    effects: dict[str, list[ClampEffect]] = {"specialised": [], "random": []}
    for number, (group, one) in enumerate(context.progress(both, "Clamping neurons")):
        effects[group].append(effect_of(trial, one, settings, context.rng("others", number)))
    _add_claims(report, effects)
    decoded = language_model.tokenizer.decode
    report.table(
        "Clamped neurons",
        ["group", "layer", "neuron", "token", "z", "clamp", "own token, nats", "others, nats", "divergence, nats"],
        [
            [
                group,
                one.layer,
                one.neuron,
                repr(decoded([one.token])),
                one.z,
                effect.value,
                effect.own,
                effect.others,
                effect.divergence,
            ]
            for (group, one), effect in zip(both, [*effects["specialised"], *effects["random"]], strict=True)
        ],
    )
    _add_figure(report, effects)


def _chosen(
    language_model: LanguageModel, mapped: NeuronMap, settings: FeatureNeuronsSettings, rng: np.random.Generator
) -> tuple[list[Found], list[Found]]:
    late = mapped.layers[len(mapped.layers) // 2 :] if len(mapped.layers) > 2 else mapped.layers
    ranked = most_specialised(mapped, mapped.tokens.numel())
    words = [one for one in ranked if one.layer in late and is_word(language_model, one.token)]
    special = words[: settings.clamped]
    width = mapped.tokens.shape[1]
    random = []
    for one in special:  # as many of each layer
        row, neuron = mapped.layers.index(one.layer), int(rng.integers(width))
        token = int(mapped.tokens[row, neuron])
        random.append(Found(one.layer, neuron, token, float(mapped.z[row, neuron]), float(mapped.margin[row, neuron])))
    return special, random


def is_word(language_model: LanguageModel, token: int) -> bool:
    """Return whether a token is a word of three letters or more, with a space before it."""
    text = str(language_model.tokenizer.decode([token]))
    return text.startswith(" ") and text[1:].isalpha() and len(text) > 3


def _matched(head: torch.Tensor, token: int, rng: np.random.Generator) -> list[int]:
    candidates = torch.from_numpy(rng.choice(len(head), min(_CANDIDATES, len(head)), replace=False)).to(head.device)
    candidates = candidates[candidates != token]
    apart = (head[candidates].norm(dim=1) - head[token].norm()).abs()
    return candidates[apart.argsort()[:_OTHERS]].tolist()


def _add_claims(report: Report, effects: dict[str, list[ClampEffect]]) -> None:
    special = np.array([one.specificity for one in effects["specialised"]])
    random = np.array([one.specificity for one in effects["random"]])
    spread = (float(np.quantile(special, 0.25)), float(np.quantile(special, 0.75)))
    report.claim(
        Claim.at_most(
            "Clamping a specialised neuron raises its token more than tokens with as long rows of the LM head "
            "(p of a one-sided Wilcoxon test over neurons)",
            measured=float(wilcoxon(special, alternative="greater").pvalue),
            ceiling=0.01,
        )
    )
    report.claim(
        Claim.at_most(
            "It does so more than clamping random neurons does for theirs (p of a one-sided Mann-Whitney test)",
            measured=float(mannwhitneyu(special, random, alternative="greater").pvalue),
            ceiling=0.01,
        )
    )
    report.claim(
        Claim.at_least(
            "The median gain of the token over the others is positive (nats)",
            measured=float(np.median(special)),
            floor=1e-9,
            spread=spread,
            note="Spread: lower and upper quartile over neurons.",
        )
    )
    report.baseline("Random neurons", {"median gain over other tokens, nats": float(np.median(random))})


def _add_figure(report: Report, effects: dict[str, list[ClampEffect]]) -> None:
    figure = Figure(figsize=(5.2, 4), layout="constrained")
    axes = figure.subplots()
    for group, marker in (("specialised", "o"), ("random", "x")):
        axes.scatter(
            [e.others for e in effects[group]], [e.own for e in effects[group]], marker=marker, s=18, label=group
        )
    ends = axes.get_xlim()
    axes.plot(ends, ends, color="0.6", lw=0.8)
    axes.set(xlabel="change of other tokens, nats", ylabel="change of the neuron's token, nats")
    axes.legend(frameon=False)
    report.figure(
        "Clamped neurons",
        figure,
        "What a clamp does to the log-probability of the neuron's own token and of tokens with as long rows of the LM "
        "head; above the line the clamp favours the neuron's token.",
    )
