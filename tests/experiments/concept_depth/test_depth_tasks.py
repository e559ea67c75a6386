"""Tasks whose labels follow from their texts, and nothing else does."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from functools import cache

import numpy as np
import pytest

from seme.assets.lexicons import word_polarity
from seme.errors import AssetError
from seme.experiment import find_experiment

find_experiment("concept-depth")
tasks = pytest.importorskip("seme.experiments.concept_depth.tasks")


@cache  # WordNet takes seconds to read
def _made(name: str, count: int = 96):
    try:
        return tasks.make(name, count, np.random.default_rng(0))
    except AssetError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", [name for name in tasks.TASKS if name != "living"])
def test_labels_are_balanced_and_groups_whole(name):
    made = _made(name)
    assert (64 if name == "keywords" else 80) <= len(made.texts) <= 96
    assert abs(2 * sum(made.labels) - len(made.texts)) <= (16 if name in ("sentiment", "reviews") else 0)
    assert len(set(made.texts)) == len(made.texts)
    assert made.first(10).texts == made.texts[:10]


def test_the_same_seed_makes_the_same_texts():
    assert _made("coin") == tasks.make("coin", 96, np.random.default_rng(0))
    assert _made("coin") != tasks.make("coin", 96, np.random.default_rng(1))


def test_the_parity_of_flips_is_the_label():
    for text, label in zip(_made("coin").texts, _made("coin").labels, strict=True):
        assert label == (text.count("flips") % 2 == 0)


def test_who_is_taller_follows_from_what_was_told():
    made = _made("order")
    for text, label in zip(made.texts, made.labels, strict=True):
        (a, b), (c, d), (high, low) = re.findall(r"(\w+) is taller than (\w+)", text)
        first, last = (a, d) if b == c else (c, b)
        assert ((high, low) == (first, last)) == bool(label)
        assert {high, low} == {first, last}


def test_claims_are_true_where_denials_are_even():
    for text, label in zip(_made("negation").texts, _made("negation").labels, strict=True):
        assert label == (text.count("false") % 2 == 0)


def test_keywords_are_pythons_and_what_has_a_feeling_has_one():
    made = _made("keywords")
    assert all(label == (word in keyword.kwlist) for word, label in zip(made.groups, made.labels, strict=True))
    made = _made("glosses")
    for text, label, word in zip(made.texts, made.labels, made.groups, strict=True):
        assert word in text.lower()
        signs = {word_polarity()[one] for one in re.findall(r"[a-z]+", text.lower()) if one in word_polarity()}
        assert signs == {1 if label else -1}


@pytest.mark.parametrize("name", ["continents", "kinds"])
def test_a_kind_is_as_often_true_as_false_and_each_item_is_both(name):
    made = _made(name)
    of_kind: dict[str, Counter[int]] = {}
    of_item: dict[str, Counter[int]] = {}
    for text, label, group in zip(made.texts, made.labels, made.groups, strict=True):
        of_kind.setdefault(re.split(r" (?:in|of) ", text)[-1], Counter())[label] += 1
        of_item.setdefault(group, Counter())[label] += 1
    assert all(counts == {0: 1, 1: 1} for counts in of_item.values())
    assert all(abs(counts[0] - counts[1]) <= 2 for counts in of_kind.values())
