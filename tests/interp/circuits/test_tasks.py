"""The three tasks with tokenizers of three kinds: digits, pairs of digits, and neither."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from seme.errors import InputError
from seme.interp.circuits import TASKS, PromptPairs, docstring, greater_than, indirect_object
from seme.interp.circuits.words import ARGUMENTS, EVENTS, NAMES, OBJECTS, PLACES, WORDS

_CODE = ["def", "f", "(", "self", ",", "):", '"""', "Do", "it", ".", ":", "param", "\n", " "]
_PROSE = ["When", "The", "and", "went", "to", "the", "gave", "a", "lasted", "from", "year"]


def tokenizer(numbers: str = r"\d", drop: tuple[str, ...] = ()) -> PreTrainedTokenizerFast:
    """Return a tokenizer whose words keep the space before them and whose numbers split as a pattern says."""
    words = [*ARGUMENTS, *EVENTS, *NAMES, *OBJECTS, *PLACES, *WORDS, *_PROSE, *_CODE]
    digits = [str(n) for n in range(10)] + [f"{n:02d}" for n in range(100)] + [f"{n:04d}" for n in range(1000, 2000)]
    spaced = [f"{space}{word}" for word in words if word not in drop for space in ("", " ")]
    pieces = {piece: number for number, piece in enumerate(dict.fromkeys(["?", *spaced, *digits]))}
    made = Tokenizer(models.WordLevel(pieces, unk_token="?"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(rf" (?=\d)|{numbers}| ?[A-Za-z]+| ?[^\sA-Za-z\d]+|\s"), "isolated")
    made.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="?")


def shown(given: PreTrainedTokenizerFast, ids: torch.Tensor) -> str:
    return "".join(given.convert_ids_to_tokens(ids.tolist()))


@pytest.mark.parametrize("task", TASKS)
def test_pairs_have_one_length_and_differ_in_few_tokens(task):
    pairs = TASKS[task](tokenizer(), 12, np.random.default_rng(0))
    assert len(pairs) == 12
    assert pairs.positive.shape == pairs.negative.shape
    changed = (pairs.positive != pairs.negative).sum(1)
    assert (changed >= 1).all()
    assert (changed <= 4).all()
    again = TASKS[task](tokenizer(), 12, np.random.default_rng(0))
    assert torch.equal(pairs.positive, again.positive)
    assert not (pairs.positive == tokenizer().unk_token_id).any()


def test_the_indirect_object_is_the_name_that_was_said_once():
    given = tokenizer()
    pairs = indirect_object(given, 20, np.random.default_rng(1))
    for positive, negative, right, wrong in zip(
        pairs.positive.tolist(), pairs.negative.tolist(), pairs.answers, pairs.distractors, strict=True
    ):
        assert positive.count(right[0]) == 1
        assert positive.count(wrong[0]) == 2
        assert negative.count(right[0]) == negative.count(wrong[0]) == 1


def test_greater_digits_and_greater_years():
    given = tokenizer()
    pairs = greater_than(given, 20, np.random.default_rng(2))
    for ids, right, wrong in zip(pairs.positive, pairs.answers, pairs.distractors, strict=True):
        decade = int(shown(given, ids).split("year ")[1][2])
        assert given.convert_ids_to_tokens(right) == [str(digit) for digit in range(decade + 1, 10)]
        assert given.convert_ids_to_tokens(wrong) == [str(digit) for digit in range(decade)]
    paired = tokenizer(r"\d\d")
    pairs = greater_than(paired, 20, np.random.default_rng(2))
    for ids, negative, right, wrong in zip(
        pairs.positive, pairs.negative, pairs.answers, pairs.distractors, strict=True
    ):
        year = int(shown(paired, ids).split("year ")[1][2:4])
        assert paired.convert_ids_to_tokens(right) == [f"{other:02d}" for other in range(year + 1, 99)]
        assert paired.convert_ids_to_tokens(wrong) == [f"{other:02d}" for other in range(2, year)]
        assert shown(paired, negative).split("year ")[1][2:4] == "01"


def test_the_docstring_names_the_third_argument():
    given = tokenizer()
    pairs = docstring(given, 10, np.random.default_rng(3))
    for ids, negative, right, wrong in zip(
        pairs.positive, pairs.negative, pairs.answers, pairs.distractors, strict=True
    ):
        names = shown(given, ids).split("self, ")[1].split(")")[0].split(", ")
        assert given.convert_ids_to_tokens(right) == [f" {names[2]}"]
        assert given.convert_ids_to_tokens(wrong) == [f" {names[place]}" for place in (0, 1, 3)]
        others = shown(given, negative).split("self, ")[1].split(")")[0].split(", ")
        assert not set(others) & set(names)
        assert shown(given, ids).split(":\n", 1)[1] == shown(given, negative).split(":\n", 1)[1]


def test_the_difference_is_of_means():
    pairs = PromptPairs("x", torch.tensor([[1]]), torch.tensor([[2]]), ((0, 1),), ((2,),))
    assert pairs.difference(torch.tensor([[3.0, 5.0, 1.0]])).tolist() == [3.0]
    assert len(pairs.part(0, 1)) == 1


def test_bad_input_is_named():
    with pytest.raises(InputError, match="tokenizer splits years"):
        greater_than(tokenizer(r"\d{4}|\d"), 2, np.random.default_rng(0))
    with pytest.raises(InputError, match="tokenizer has 2 of the 34 words"):
        indirect_object(tokenizer(drop=NAMES[2:]), 2, np.random.default_rng(0))
    for make in TASKS.values():
        with pytest.raises(InputError, match="count is 0"):
            make(tokenizer(), 0, np.random.default_rng(0))
    ids = torch.zeros(2, 3, dtype=torch.long)
    with pytest.raises(InputError, match="positive has shape"):
        PromptPairs("x", ids, ids[:1], ((1,), (1,)), ((2,), (2,)))
    with pytest.raises(InputError, match="answers must"):
        PromptPairs("x", ids, ids, ((1,), ()), ((2,), (2,)))
    with pytest.raises(InputError, match="distractors must"):
        PromptPairs("x", ids, ids, ((1,), (1,)), ((2,),))
