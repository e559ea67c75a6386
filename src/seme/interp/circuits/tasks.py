"""The three tasks of the paper, made for a model's own tokenizer (arXiv 2405.12522, section on data)."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from transformers import PreTrainedTokenizerBase

from seme.errors import InputError
from seme.interp.circuits.prompts import PromptPairs, pairs_of, single_tokens, token_of
from seme.interp.circuits.words import ARGUMENTS, EVENTS, NAMES, OBJECTS, PLACES, WORDS


def indirect_object(tokenizer: PreTrainedTokenizerBase, count: int, rng: np.random.Generator) -> PromptPairs:
    """Return prompts whose next word is the name that was said once.

    Positive: "When A and B went to the store, A gave a drink to"; negative: a third name in place of the second A.

    Parameters
    ----------
    tokenizer
        Of the model; only names that it has as one token are used.
    count
        How many pairs.
    rng
        Of names, places and objects.
    """
    _at_least_one(count)
    names = single_tokens(tokenizer, NAMES)
    places, objects = single_tokens(tokenizer, PLACES, least=1), single_tokens(tokenizer, OBJECTS, least=1)
    texts, answers, distractors = [], [], []
    for _ in range(count):
        first, second, third = (str(name) for name in rng.choice(names, 3, replace=False))
        giver, taker = (first, second) if rng.integers(2) else (second, first)
        text = f"When {first} and {second} went to the {rng.choice(places)}, {{}} gave a {rng.choice(objects)} to"
        texts.append((text.format(giver), text.format(third)))
        answers.append([token_of(tokenizer, taker)])
        distractors.append([token_of(tokenizer, giver)])
    return pairs_of("indirect object", tokenizer, texts, answers, distractors)


def greater_than(tokenizer: PreTrainedTokenizerBase, count: int, rng: np.random.Generator) -> PromptPairs:
    """Return prompts whose next number must be greater than one before.

    Positive: "The war lasted from the year 1743 to the year 17"; negative: 1701, after which any number is greater.
    Where the tokenizer splits numbers into digits, the next token is the digit of the decade: greater ones are right,
    lesser ones wrong, the same one neither. Where it has pairs of digits, all later and all earlier years are.

    Parameters
    ----------
    tokenizer
        Of the model.
    count
        How many pairs.
    rng
        Of events and years.

    Raises
    ------
    InputError
        If the tokenizer splits years in another way.
    """
    _at_least_one(count)
    events = single_tokens(tokenizer, EVENTS, least=1)
    texts, answers, distractors = [], [], []
    for _ in range(count):
        century, year = int(rng.integers(11, 18)), int(rng.integers(20, 80))
        greater, lesser = _years(tokenizer, century, year)
        text = f"The {rng.choice(events)} lasted from the year {century}{{:02d}} to the year {century}"
        texts.append((text.format(year), text.format(1)))
        answers.append(greater)
        distractors.append(lesser)
    return pairs_of("greater-than", tokenizer, texts, answers, distractors)


def docstring(tokenizer: PreTrainedTokenizerBase, count: int, rng: np.random.Generator) -> PromptPairs:
    """Return prompts whose next word is the third argument of a function that is being documented.

    Positive: the signature names the arguments that are documented; negative: it names others. Held against the right
    argument are the other ones of the signature.

    Parameters
    ----------
    tokenizer
        Of the model; only words that it has as one token are used.
    count
        How many pairs.
    rng
        Of the words.
    """
    _at_least_one(count)
    arguments = single_tokens(tokenizer, ARGUMENTS, least=8)
    words = single_tokens(tokenizer, WORDS, least=4)
    texts, answers, distractors = [], [], []
    for _ in range(count):
        chosen = [str(word) for word in rng.choice(arguments, 8, replace=False)]
        described = [str(word) for word in rng.choice(words, 4, replace=False)]
        text = (
            "def f(self, {}, {}, {}, {}):\n"
            f'    """{{}}\n\n    :param {chosen[0]}: {described[0]} {described[1]}\n'
            f"    :param {chosen[1]}: {described[2]} {described[3]}\n    :param"
        )
        texts.append((text.format(*chosen[:4], "Do it."), text.format(*chosen[4:], "Do it.")))
        answers.append([token_of(tokenizer, chosen[2])])
        distractors.append([token_of(tokenizer, chosen[place]) for place in (0, 1, 3)])
    return pairs_of("docstring", tokenizer, texts, answers, distractors)


TASKS: MappingProxyType[str, Callable[[PreTrainedTokenizerBase, int, np.random.Generator], PromptPairs]] = (
    MappingProxyType({"indirect-object": indirect_object, "greater-than": greater_than, "docstring": docstring})
)
"""The tasks by name."""


def _years(tokenizer: PreTrainedTokenizerBase, century: int, year: int) -> tuple[list[int], list[int]]:
    """Return the tokens of what is greater and of what is less."""
    written = {other: _after_century(tokenizer, century, other) for other in range(2, 99)}
    lengths = {len(tokens) for tokens in written.values()}
    if lengths == {1}:
        greater = [tokens[0] for other, tokens in written.items() if other > year]
        return greater, [tokens[0] for other, tokens in written.items() if other < year]
    if lengths == {2}:
        digits = {other // 10: tokens[0] for other, tokens in written.items()}
        decade = year // 10
        return [digits[d] for d in digits if d > decade], [digits[d] for d in digits if d < decade]
    raise InputError(
        f"tokenizer splits years such as {century}{year} in ways that differ; digits or pairs of digits are wanted"
    )


def _after_century(tokenizer: PreTrainedTokenizerBase, century: int, year: int) -> list[int]:
    prefix = list(tokenizer.encode(f" {century}", add_special_tokens=False))
    whole = list(tokenizer.encode(f" {century}{year:02d}", add_special_tokens=False))
    return whole[len(prefix) :] if whole[: len(prefix)] == prefix else []


def _at_least_one(count: int) -> None:
    if count < 1:
        raise InputError(f"count is {count}; it may be 1 or more")
