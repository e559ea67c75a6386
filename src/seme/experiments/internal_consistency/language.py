"""The language model's paths: sampled, greedy and direct, worked through part by part, each of which is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from seme.assets import load_language_model
from seme.assets.language_models import LanguageModel
from seme.experiment import Context
from seme.experiments.internal_consistency.bench import Bench, Source
from seme.experiments.internal_consistency.questions import Asking, Question, whole_sentences
from seme.experiments.keeping import kept
from seme.interp.consistency import Paths, latent_predictions
from seme.interp.uncertainty import Drawing, Generation, sample

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from seme.experiments.p51_internal_consistency import InternalConsistencySettings

_PART = 8
"""Questions that are sampled and read at a time, and kept."""


class Language:
    """The language model, loaded when it is first needed."""

    def __init__(self, settings: InternalConsistencySettings, context: Context) -> None:
        self.settings, self.context = settings, context

    @cached_property
    def loaded(self) -> LanguageModel:
        """The model and its tokenizer."""
        return load_language_model(self.settings.model, device=self.context.device)

    def both(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        """Return the model and its tokenizer."""
        return self.loaded.model, self.loaded.tokenizer


def of_task(asking: Asking, questions: Sequence[Question], language: Language) -> Bench:
    """Work through a task's questions."""
    settings, context = language.settings, language.context
    drawing = Drawing(settings.longest, settings.temperature, settings.top_p)
    parts = []
    for start in context.progress(range(0, len(questions), _PART), f"Reasoning: {asking.task}"):
        part = list(questions[start : start + _PART])
        prompts = [asking.prompt(one) for one in part]
        direct = [asking.direct(one) for one in part]
        key = ("paths", settings.model, asking.labels, prompts, direct, settings.paths, asdict(drawing), context.seed)
        parts.append(kept(context.cache, key, partial(_read_part, language, asking, prompts, direct, drawing, start)))
    sampled, greedy, plain = (_joined(parts, name) for name in ("sampled", "greedy", "direct"))
    truth = np.array([0 if one.true else 1 for one in questions])
    rationales = [text for one in parts for text in one["sampled"]["rationales"]]
    told = [
        (asking.preamble, f"{asking.asked(questions[number])}\nReasoning:", f" {text}", asking.cue)
        for number, text in zip(sampled.questions.tolist(), rationales, strict=True)
    ]
    source = Source(language.both, told, asking.labels, settings.model)
    return Bench(asking.task, sampled, greedy, plain, truth, source, sum(one["dropped"] for one in parts))


def _joined(parts: list[dict[str, Any]], name: str) -> Paths:
    numbers = [np.array(one[name]["questions"], dtype=np.int64) + place * _PART for place, one in enumerate(parts)]
    return Paths.of(
        np.concatenate([np.array(one[name]["probs"]) for one in parts if one[name]["probs"]]), np.concatenate(numbers)
    )


def _read_part(
    language: Language, asking: Asking, prompts: list[str], direct: list[str], drawing: Drawing, start: int
) -> dict[str, Any]:
    settings, (model, tokenizer) = language.settings, language.both()
    seed = int(language.context.rng("draws", prompts, start).integers(2**62))
    drawn = sample(model, tokenizer, prompts, settings.paths, drawing, seed=seed, batch=len(prompts))
    likeliest = sample(model, tokenizer, prompts, 1, Drawing(drawing.longest, temperature=0), batch=len(prompts))
    sampled, dropped = _whole(drawn)
    greedy, _ = _whole(likeliest)
    return {
        "sampled": _read(language, asking, [(n, f"{prompts[n]} {text}{asking.cue}") for n, text in sampled])
        | {"rationales": [text for _, text in sampled]},
        "greedy": _read(language, asking, [(n, f"{prompts[n]} {text}{asking.cue}") for n, text in greedy]),
        "direct": _read(language, asking, list(enumerate(direct))),
        "dropped": dropped,
    }


def _whole(drawn: Sequence[Sequence[Generation]]) -> tuple[list[tuple[int, str]], int]:
    """Return the number of each path's question and its rationale, and how many paths were dropped."""
    told = [(number, whole_sentences(one.text)) for number, row in enumerate(drawn) for one in row]
    found = [(number, text) for number, text in told if text is not None]
    return found, len(told) - len(found)


def _read(language: Language, asking: Asking, texts: list[tuple[int, str]]) -> dict[str, list[Any]]:
    if not texts:
        return {"probs": [], "questions": []}
    numbers = [number for number, _ in texts]
    probs = latent_predictions(*language.both(), [text for _, text in texts], asking.labels, groups=numbers, batch=64)
    return {"probs": np.round(probs, 8).tolist(), "questions": numbers}
