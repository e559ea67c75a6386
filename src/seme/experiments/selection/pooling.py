"""The pool: instructions of several topics as a model reads them, and the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from seme.assets import Instruction, LanguageModel, load_instructions, load_language_model
from seme.errors import InputError
from seme.experiment import Context

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from seme.experiments.p17_selection import SelectionSettings

_BATCH = 16


@dataclass(frozen=True, slots=True)
class Sample:
    """An instruction as a model reads it: its tokens, of which the answer's begin at a place."""

    instruction: Instruction
    text: str
    tokens: tuple[int, ...]
    answer: int


@dataclass(frozen=True)
class Pool:
    """Samples by length, and others of the topics that a model is tuned for.

    Attributes
    ----------
    samples
        The pool, the shortest first, so that batches have little padding.
    held_out
        By topic.
    topics
        In the order of their numbers.
    """

    samples: tuple[Sample, ...]
    held_out: dict[str, tuple[Sample, ...]]
    topics: tuple[str, ...]

    @cached_property
    def labels(self) -> npt.NDArray[np.int64]:
        """The number of each sample's topic."""
        return np.array([self.topics.index(one.instruction.topic) for one in self.samples])

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each sample."""
        return np.array([len(one.tokens) for one in self.samples])

    @cached_property
    def texts(self) -> list[str]:
        """What each sample asks and answers."""
        return [f"{one.instruction.prompt}\n{one.instruction.response}" for one in self.samples]

    @cached_property
    def first(self) -> int:
        """Tokens at the beginning that all samples have in common, and that say nothing about any."""
        return _shared([one.tokens for one in self.samples])


def make_pool(settings: SelectionSettings, context: Context) -> tuple[LanguageModel, Pool]:
    """Load the model and the instructions."""
    unknown = set(settings.tuned) - set(settings.topics)
    if unknown:
        raise InputError(f"--tuned has {sorted(unknown)}, which are not among the topics of the pool")
    wanted = {topic: settings.each + settings.held_out * (topic in settings.tuned) for topic in settings.topics}
    # Some are longer than may be.
    found = {topic: load_instructions(topic, 2 * count) for topic, count in wanted.items()}
    for topic, instructions in found.items():
        _require(topic, len(instructions), wanted[topic], "")
    language_model = _load(settings, found, context)
    samples: list[Sample] = []
    held_out: dict[str, tuple[Sample, ...]] = {}
    for topic, instructions in found.items():
        made = [
            one for one in read_samples(language_model.tokenizer, instructions) if len(one.tokens) <= settings.longest
        ]
        _require(topic, len(made), wanted[topic], f" of up to {settings.longest} tokens")
        samples += made[: settings.each]
        if topic in settings.tuned:
            held_out[topic] = tuple(made[settings.each : wanted[topic]])
    return language_model, Pool(tuple(sorted(samples, key=lambda one: len(one.tokens))), held_out, settings.topics)


def batches(
    language_model: LanguageModel, samples: Sequence[Sample], size: int = _BATCH
) -> list[dict[str, torch.Tensor]]:
    """Return samples as batches, in their order."""
    parts = [samples[start : start + size] for start in range(0, len(samples), size)]
    return [language_model.batch(one.text for one in part) for part in parts]


def _require(topic: str, there: int, needed: int, which: str) -> None:
    if there < needed:
        raise InputError(
            f"{topic} has {there} samples{which}, and {needed} are needed",
            hint="Lower --each or --held-out, or raise --longest",
        )


def _load(settings: SelectionSettings, found: dict[str, list[Instruction]], context: Context) -> LanguageModel:
    if settings.model != "tiny":
        return load_language_model(settings.model, device=context.device)
    from seme.experiments.selection.tiny import train_tiny  # noqa: PLC0415  # only the quick run needs it

    return train_tiny([one for instructions in found.values() for one in instructions], context)


def read_samples(tokenizer: PreTrainedTokenizerBase, instructions: Sequence[Instruction]) -> Iterator[Sample]:
    """Yield instructions through the chat template of a model."""
    for one in instructions:
        # An empty system message keeps out the one that a template may bring along.
        request = [{"role": "system", "content": ""}, {"role": "user", "content": one.prompt}]
        answered = [*request, {"role": "assistant", "content": one.response}]
        text = str(tokenizer.apply_chat_template(answered, tokenize=False)).strip()
        opening = str(tokenizer.apply_chat_template(request, tokenize=False, add_generation_prompt=True))
        tokens = tuple(tokenizer.encode(text, add_special_tokens=False))
        asked = tuple(tokenizer.encode(opening, add_special_tokens=False))
        yield Sample(one, text, tokens, _shared([tokens, asked]))


def _shared(rows: Sequence[tuple[int, ...]]) -> int:
    """Return how many tokens at the beginning all rows have in common."""
    shortest = min(map(len, rows))
    return next((place for place in range(shortest) if len({row[place] for row in rows}) > 1), shortest)
