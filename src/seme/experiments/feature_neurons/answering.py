"""Steering: the favourite animal of a model with one neuron held."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch

from seme.assets import LanguageModel
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.feature_neurons.clamping import effect_of, trial_of
from seme.interp.neurons import Found, NeuronMap, clamped, find_neurons, token_forms
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p56_feature_neurons import FeatureNeuronsSettings

_ANIMALS = (
    "dog", "cat", "horse", "bird", "fish", "lion", "bear", "wolf", "tiger", "elephant", "snake", "monkey", "mouse",
    "rabbit", "cow", "pig", "sheep", "goat", "duck", "eagle", "frog", "turtle", "whale", "shark", "bee", "fox",
)  # fmt: skip
_QUESTION = "What is your favourite animal? Answer in one sentence."
_STATEMENT = "With the neuron of an animal clamped, answers about the favourite animal name it (share of answers)"
_PAPER = "always, for 'dog' in the instruct model"


def add(
    report: Report, language_model: LanguageModel, mapped: NeuronMap, settings: FeatureNeuronsSettings, context: Context
) -> None:
    """Sample answers with and without the clamp and count those that name the animal."""
    chosen = _animal(language_model, mapped)
    if chosen is None:
        report.claim(
            Claim.not_tested(_STATEMENT, "No neuron of the mapped layers has an animal as its best token.", _PAPER)
        )
        return
    animal, found = chosen
    value = effect_of(trial_of(language_model), found, settings, context.rng("animal")).value
    rows, shares = [], {}
    for name, held in (("free", False), ("clamped", True)):
        context.say(f"Sampling {settings.answers} answers, {name}")
        texts = _answers(language_model, found, value if held else None, settings, context)
        shares[name] = sum(animal in text.lower() for text in texts) / len(texts)
        rows.append([name, shares[name], _perplexity(language_model, texts), texts[0]])
    columns = ["model", "share that names it", "perplexity under the free model", "first answer"]
    place = f"layer {found.layer}, neuron {found.neuron}, held at {value:.3g}"
    report.table(f"Answers with the neuron of {animal!r} ({place})", columns, rows)
    note = f"{animal}: {place}; without the clamp {shares['free']:.2f} of the answers name it."
    report.claim(Claim.at_least(_STATEMENT, measured=shares["clamped"], floor=0.8, paper_value=_PAPER, note=note))


def _animal(language_model: LanguageModel, mapped: NeuronMap) -> tuple[str, Found] | None:
    best: tuple[str, Found] | None = None
    for animal in _ANIMALS:
        try:
            forms = token_forms(language_model.tokenizer, animal)
        except InputError:
            continue
        for found in find_neurons(mapped, forms)[:1]:
            if best is None or found.z > best[1].z:
                best = animal, found
    return best


def _answers(
    language_model: LanguageModel, found: Found, value: float | None, settings: FeatureNeuronsSettings, context: Context
) -> list[str]:
    tokenizer, model = language_model.tokenizer, language_model.model
    chat: Any = tokenizer.apply_chat_template(
        [{"role": "user", "content": _QUESTION}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    held = nullcontext() if value is None else clamped(model, found.layer, found.neuron, value)
    with held, torch.random.fork_rng(devices=[]):
        torch.manual_seed(context.seed)
        generate: Any = model.generate
        made = generate(
            input_ids=chat["input_ids"].to(model.device).repeat(settings.answers, 1),
            attention_mask=chat["attention_mask"].to(model.device).repeat(settings.answers, 1),
            max_new_tokens=settings.answer_tokens, do_sample=True, temperature=0.8, top_k=50,
            pad_token_id=tokenizer.eos_token_id,
        )  # fmt: skip
    answers = made[:, chat["input_ids"].shape[1] :]
    return [str(text).strip() for text in tokenizer.batch_decode(answers, skip_special_tokens=True)]


@torch.no_grad()
def _perplexity(language_model: LanguageModel, texts: list[str]) -> float:
    total, count = 0.0, 0
    for text in texts:
        ids = torch.tensor(
            [language_model.tokenizer.encode(text, add_special_tokens=False)], device=language_model.model.device
        )
        if ids.shape[1] < 2:
            continue
        loss = language_model.model(input_ids=ids, labels=ids).loss
        total, count = total + float(loss) * (ids.shape[1] - 1), count + ids.shape[1] - 1
    return float(torch.tensor(total / max(count, 1)).exp())
