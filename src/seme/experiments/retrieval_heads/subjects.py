"""The model that is looked into, and the prompts that it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import PreTrainedModel

from seme.assets import LanguageModel, load_language_model, load_texts
from seme.assets.texts import Split
from seme.experiment import Context
from seme.experiments.retrieval_heads.facts import FOUND_WITH, MASKED_WITH
from seme.interp.heads.retrieval import (
    Needle,
    RetrievalPrompt,
    needle_prompt,
    planted_copier,
    planted_prompts,
    stop_tokens,
    words_of,
)
from seme.training.language_modelling import token_blocks

if TYPE_CHECKING:
    from seme.experiments.p54_retrieval_heads import RetrievalHeadsSettings

PLANTED = ((1, 0), (2, 1), (2, 3))
"""Heads that copy in the model that is written by hand."""
_HELD_OUT = 4
"""Blocks that the loss is measured on."""
_APART = 37
"""Texts by which the haystack of a prompt begins further on than that of the prompt before."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A model, its prompts, and how answers are read.

    Attributes
    ----------
    model
        In evaluation mode.
    found, masked
        Prompts by which heads are found, and others that are answered under masks.
    tuning, held_out
        Blocks of other text: for each tuning run, and to measure on.
    answers
        Arguments of `retrieval_scores` and `masked_answers`: words, stop, longest.
    language
        The tokenizer with it, where there is one.
    """

    model: PreTrainedModel
    found: list[RetrievalPrompt]
    masked: list[RetrievalPrompt]
    tuning: list[list[dict[str, torch.Tensor]]]
    held_out: list[dict[str, torch.Tensor]]
    answers: dict[str, Any]
    language: LanguageModel | None = None


def choose(settings: RetrievalHeadsSettings, context: Context) -> Subject:
    """Return the model that is asked for with all its prompts."""
    return _planted(settings, context) if settings.model == "planted" else _real(settings, context)


def _planted(settings: RetrievalHeadsSettings, context: Context) -> Subject:
    model = planted_copier(PLANTED, seed=context.seed)
    model.to(torch.device(context.device))  # type: ignore[arg-type]  # transformers hides the types behind a decorator
    rng = context.rng("planted prompts")
    found, masked = (
        [prompt for length in lengths for prompt in planted_prompts(rng, depths, length=length)]
        for lengths, depths in (
            (settings.lengths, settings.depths),
            (settings.masked_lengths, settings.masked_depths),
        )
    )
    blocks = [
        [
            {"input_ids": torch.from_numpy(rng.integers(1, 20, (1, settings.block)))}
            for _ in range(settings.tuning_steps)
        ]
        for _ in range(settings.tuning_seeds + 1)
    ]
    return Subject(model, found, masked, blocks[1:], blocks[0], {"longest": settings.longest})


def _real(settings: RetrievalHeadsSettings, context: Context) -> Subject:
    loaded = load_language_model(settings.model, device=context.device)
    hay = [" ".join(text.split()) for text in load_texts(settings.haystack, 2000, split="held-out")]
    found = _prompts(loaded, hay, FOUND_WITH, settings.lengths, settings.depths)
    masked = _prompts(loaded, hay[::-1], MASKED_WITH, settings.masked_lengths, settings.masked_depths)
    answers = {
        "longest": settings.longest,
        "words": words_of(loaded.tokenizer),
        "stop": stop_tokens(loaded.tokenizer),
    }
    runs, steps = settings.tuning_seeds, settings.tuning_steps
    parts: tuple[tuple[Split, int], ...] = (("train", runs * steps), ("held-out", _HELD_OUT))
    train, held_out = (
        token_blocks(
            loaded.tokenizer,
            load_texts(settings.tuning_text, 2000, split=split),
            length=settings.block,
            size=1,
            limit=limit,
        )
        for split, limit in parts
    )
    tuning = [train[run * steps : (run + 1) * steps] for run in range(runs)]
    return Subject(loaded.model, found, masked, tuning, held_out, answers, loaded)


def _prompts(
    loaded: LanguageModel, hay: Sequence[str], needles: Sequence[Needle], lengths: Sequence[int], depths: int
) -> list[RetrievalPrompt]:
    """Return a prompt for each length and depth; needles take turns, and each has another part of the texts."""
    made: list[RetrievalPrompt] = []
    for length in lengths:
        for number, depth in enumerate(np.linspace(0, 1, depths).tolist()):
            start = len(made) * _APART % len(hay)
            text = " ".join([*hay[start:], *hay[:start]])[: 12 * length + 1000]
            needle = needles[(number + len(made) // depths) % len(needles)]
            made.append(needle_prompt(loaded.tokenizer, text, needle, length=length, depth=depth))
    return made
