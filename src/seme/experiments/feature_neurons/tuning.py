"""How far fine-tuning moves what neurons stand for."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from matplotlib.figure import Figure
from transformers import AutoModelForCausalLM, PreTrainedModel

from seme.assets import load_language_model, load_texts
from seme.experiment import Context
from seme.interp.neurons import Agreement, agreement, neuron_map
from seme.report import Claim, Report
from seme.training import Budget, Trainer
from seme.training.language_modelling import NextToken, token_blocks

if TYPE_CHECKING:
    from seme.experiments.p56_feature_neurons import FeatureNeuronsSettings

_LENGTH, _SIZE = 64, 2
_STATEMENT = "Most neurons keep their token in fine-tuning (share, at the lowest learning rate)"
_PAPER = "75.4 %, Llama 3.1 8B Instruct against base"
_WHY = (
    "One checkpoint can be had offline, so it is fine-tuned here, on documentation, rather than compared with its base."
)


def add(report: Report, settings: FeatureNeuronsSettings, context: Context) -> None:
    """Fine-tune the model at several rates and compare the maps with the one before."""
    if not settings.rates:
        report.claim(Claim.not_tested(_STATEMENT, "No learning rates were given.", _PAPER))
        return
    layers = list(settings.tuning_layers)
    before = neuron_map(load_language_model(settings.model, device=context.device).model, layers=layers, k=1)
    found: dict[float, Agreement] = {}
    for rate in context.progress(sorted(settings.rates), "Fine-tuning"):
        tuned = _tuned(rate, settings, context)
        found[rate] = agreement(before, neuron_map(tuned, layers=layers, k=1))
    lowest = min(found)
    report.claim(Claim.at_least(_STATEMENT, measured=found[lowest].total, floor=0.75, paper_value=_PAPER, note=_WHY))
    if len(found) > 1:
        rises = {f"{rate:g}": found[rate].total for rate in sorted(found, reverse=True)}
        report.claim(Claim.ordered("Agreement falls as the learning rate grows (share, by rate)", rises, strict=False))
    chance = _chance(settings, context)
    report.baseline("Two random initialisations", {"agreement": chance.total})
    rows = [[rate, one.total, *one.per_layer.tolist()] for rate, one in sorted(found.items())]
    report.table("Agreement after fine-tuning", ["learning rate", "all", *(f"layer {n}" for n in layers)], rows)
    _add_figure(report, layers, found)


def _tuned(rate: float, settings: FeatureNeuronsSettings, context: Context) -> PreTrainedModel:
    loaded = load_language_model(settings.model)
    model = loaded.model
    model.train()
    texts = load_texts("stdlib-docs", split="train")
    batches = token_blocks(loaded.tokenizer, texts, length=_LENGTH, size=_SIZE, limit=settings.tuning_steps)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    trainer = Trainer(
        model,
        NextToken(),
        batches,
        Budget(steps=settings.tuning_steps),
        seed=context.seed,
        optimizer=optimizer,
        clip_norm=1.0,
        device="cpu" if context.device == "cpu" else None,
    )
    trainer.run()
    model.eval()
    return model


def _chance(settings: FeatureNeuronsSettings, context: Context) -> Agreement:
    config = copy.deepcopy(load_language_model(settings.model).model.config)
    config.num_hidden_layers = 1
    maps = []
    for number in range(2):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(context.seed + number)
            maps.append(neuron_map(AutoModelForCausalLM.from_config(config).eval(), k=1))
    return agreement(*maps)


def _add_figure(report: Report, layers: list[int], found: dict[float, Agreement]) -> None:
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    for rate, one in sorted(found.items()):
        axes.plot(layers, one.per_layer.tolist(), marker="o", ms=4, label=f"rate {rate:g}")
    axes.set(xlabel="layer", ylabel="share with the same token", ylim=(-0.02, 1.02))
    axes.legend(frameon=False)
    report.figure(
        "Agreement by layer",
        figure,
        "Share of neurons whose best token is the same after fine-tuning, by layer and learning rate.",
    )
