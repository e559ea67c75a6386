"""Sequences of tokens, written out by hand."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from seme.embeddings.feedback import feedback_batch, feedback_ids
from seme.errors import InputError


def _words(tokenizer, *arguments, **options):
    return " ".join(tokenizer.convert_ids_to_tokens(feedback_ids(tokenizer, *arguments, **options)))


def test_each_family_has_its_separators(tokenizer):
    passages = ["cat mat", "dog"]
    assert _words(tokenizer, "sun sea", passages) == "[CLS] sun sea [SEP] cat mat [SEP] dog [SEP]"
    assert _words(tokenizer, "sun sea", passages, family="roberta") == "[CLS] sun sea [SEP] cat mat [SEP] dog [SEP]"
    assert _words(tokenizer, "sun", passages, family="tct") == "[CLS] [ q ] sun [SEP] cat mat [SEP] dog"
    assert _words(tokenizer, "sun", []) == "[CLS] sun [SEP]"


@pytest.mark.parametrize(
    ("longest", "cut", "whole"),
    [
        (8, "[CLS] sun [SEP] cat mat [SEP] dog [SEP]", "[CLS] sun [SEP] cat mat [SEP] dog [SEP]"),
        (7, "[CLS] sun [SEP] cat mat [SEP]", "[CLS] sun [SEP] cat mat [SEP]"),
    ],
)
def test_what_does_not_fit_is_cut_or_left_out(tokenizer, longest, cut, whole):
    passages = ["cat mat", "dog"]
    assert _words(tokenizer, "sun", passages, longest=longest) == cut
    assert _words(tokenizer, "sun", passages, longest=longest, whole=True) == whole


def test_a_passage_is_cut_before_its_separator(tokenizer):
    assert _words(tokenizer, "sun", ["cat mat one two"], longest=7) == "[CLS] sun [SEP] cat mat one [SEP]"
    assert _words(tokenizer, "sun", ["cat mat one two"], longest=7, whole=True) == "[CLS] sun [SEP]"
    assert _words(tokenizer, "sun sun sun sun sun sun sun", ["cat"], longest=6) == "[CLS] sun sun sun sun [SEP]"


def test_padding_is_unread_but_for_tct(tokenizer):
    pairs = [("sun", ["cat"]), ("sun", [])]
    plain = feedback_batch(tokenizer, pairs)
    assert plain["attention_mask"].sum(1).tolist() == [5, 3]
    assert plain["input_ids"][1, 3:].tolist() == [tokenizer.pad_token_id] * 2
    tct = feedback_batch(tokenizer, pairs, family="tct", longest=12)
    assert tct["attention_mask"].shape == (2, 12)
    assert bool(tct["attention_mask"].all())
    assert tct["input_ids"][1, 6:].tolist() == [tokenizer.mask_token_id] * 6
    assert feedback_batch(tokenizer, pairs, pad_to=9)["input_ids"].shape == (2, 9)


def test_what_cannot_be_used_is_refused(tokenizer):
    with pytest.raises(InputError, match="family is 'gpt'"):
        feedback_ids(tokenizer, "sun", [], family="gpt")
    with pytest.raises(InputError, match="longest is 3"):
        feedback_ids(tokenizer, "sun", [], longest=3)
    with pytest.raises(InputError, match="pairs is empty"):
        feedback_batch(tokenizer, [])
    with pytest.raises(InputError, match="pad_to is 3"):
        feedback_batch(tokenizer, [("sun", ["cat"])], pad_to=3)
