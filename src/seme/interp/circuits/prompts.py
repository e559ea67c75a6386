"""Prompts in pairs: one with which a model can do a task, and the same with the task broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from seme.errors import InputError

Side = Literal["positive", "negative"]


@dataclass(frozen=True, slots=True)
class PromptPairs:
    """Positive prompts, their negative partners, and which next tokens are right.

    All prompts of a task have the same number of tokens, and partners differ in a few of them only, so that what a head
    says at a position of one prompt can stand at the same position of the other.

    Attributes
    ----------
    task
        Its name.
    positive, negative
        Token ids, (pairs, tokens) int64.
    answers, distractors
        For each pair the tokens that are right after the positive prompt, and those that are held against them.

    Raises
    ------
    InputError
        If the two sides differ in shape, are empty, or a pair lacks answers or distractors.
    """

    task: str
    positive: Tensor
    negative: Tensor
    answers: tuple[tuple[int, ...], ...]
    distractors: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if self.positive.ndim != 2 or self.positive.shape != self.negative.shape or not self.positive.numel():
            raise InputError(
                f"positive has shape {tuple(self.positive.shape)} and negative {tuple(self.negative.shape)}; both must "
                "be (pairs, tokens), equal, with at least one pair"
            )
        for name in ("answers", "distractors"):
            given = getattr(self, name)
            if len(given) != len(self.positive) or not all(given):
                raise InputError(f"{name} must have at least one token for each of the {len(self.positive)} pairs")

    def __len__(self) -> int:
        return len(self.positive)

    def batch(self, side: Side) -> dict[str, Tensor]:
        """Return one side as arguments of a model."""
        ids = self.positive if side == "positive" else self.negative
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    def part(self, first: int, last: int) -> PromptPairs:
        """Return the pairs from `first` to before `last`."""
        chosen = slice(first, last)
        return PromptPairs(
            self.task, self.positive[chosen], self.negative[chosen], self.answers[chosen], self.distractors[chosen]
        )

    def difference(self, logits: Tensor) -> Tensor:
        """Return the mean logit of the answers less that of the distractors, (pairs,), from logits (pairs, V)."""
        rows = zip(logits, self.answers, self.distractors, strict=True)
        return torch.stack([row[list(right)].mean() - row[list(wrong)].mean() for row, right, wrong in rows])


def single_tokens(tokenizer: PreTrainedTokenizerBase, words: Sequence[str], *, least: int = 3) -> tuple[str, ...]:
    """Return the words that are one token each after a space, in their order.

    Raises
    ------
    InputError
        If there are fewer than `least`.
    """
    encoded = [tokenizer.encode(f" {word}", add_special_tokens=False) for word in words]
    known = [len(tokens) == 1 and tokens[0] != tokenizer.unk_token_id for tokens in encoded]
    found = tuple(word for word, single in zip(words, known, strict=True) if single)
    if len(found) < least:
        raise InputError(f"tokenizer has {len(found)} of the {len(words)} words as single tokens, {least} are needed")
    return found


def token_of(tokenizer: PreTrainedTokenizerBase, word: str) -> int:
    """Return the token of a word after a space."""
    return int(tokenizer.encode(f" {word}", add_special_tokens=False)[0])


def pairs_of(
    task: str,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[tuple[str, str]],
    answers: Sequence[Sequence[int]],
    distractors: Sequence[Sequence[int]],
) -> PromptPairs:
    """Return pairs of texts (positive, negative) as tokens.

    Raises
    ------
    InputError
        If the texts have different numbers of tokens.
    """
    sides = [[list(tokenizer.encode(pair[side], add_special_tokens=False)) for pair in texts] for side in range(2)]
    lengths = {len(row) for side in sides for row in side}
    if len(lengths) != 1:
        raise InputError(f"tokenizer gives the prompts of {task} {sorted(lengths)} tokens; one length is needed")
    positive, negative = (torch.tensor(side) for side in sides)
    return PromptPairs(task, positive, negative, tuple(map(tuple, answers)), tuple(map(tuple, distractors)))
