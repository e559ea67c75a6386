"""Whether an answer holds the words that were asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeAlias

from transformers import PreTrainedTokenizerBase

from seme.errors import InputError

Words: TypeAlias = Callable[[Sequence[int]], Sequence[Hashable]]
"""Tokens as the words by which answers are compared."""

_NEWLINES = ("\n", "Ċ", "<0x0A>")
"""As tokenizers write it: as it is, byte-level, and with byte fallback."""


def recall(found: Iterable[Hashable], wanted: Iterable[Hashable]) -> float:
    """Return the share of the wanted words that were found, each as often as it occurs: the recall of ROUGE-1.

    Raises
    ------
    InputError
        If no word is wanted.
    """
    counts = Counter(wanted)
    if not counts:
        raise InputError("wanted is empty, expected the words of an answer")
    return sum((Counter(found) & counts).values()) / sum(counts.values())


def token_f1(found: Iterable[Hashable], wanted: Iterable[Hashable]) -> float:
    """Return the harmonic mean of precision and recall of words, as extractive answers are judged (SQuAD, 2016).

    Raises
    ------
    InputError
        If no word is wanted.
    """
    said, counts = list(found), Counter(wanted)
    if not counts:
        raise InputError("wanted is empty, expected the words of an answer")
    return 2 * sum((Counter(said) & counts).values()) / (len(said) + sum(counts.values()))


def words_of(tokenizer: PreTrainedTokenizerBase) -> Words:
    """Return a function that makes lower-case words of tokens."""

    def words(ids: Sequence[int]) -> list[str]:
        return re.findall(r"\w+", str(tokenizer.decode(list(ids), skip_special_tokens=True)).casefold())

    return words


def stop_tokens(tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that end an answer: those with a line break, and the special ones."""
    breaks = {number for text, number in tokenizer.get_vocab().items() if any(one in text for one in _NEWLINES)}
    return frozenset(breaks | set(tokenizer.all_special_ids))
