"""Tasks of paper 51: truths that hold, rationales that are cut, and the enumeration of weighted votes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from seme.errors import InputError
from seme.experiments.internal_consistency.deduction import Alphabet, Examples, deduce
from seme.experiments.internal_consistency.measures import area
from seme.experiments.internal_consistency.planted import _enumerated
from seme.experiments.internal_consistency.questions import ask, prompt, whole_sentences


@pytest.mark.parametrize("task", ["coin", "parity", "comparison"])
def test_half_of_the_statements_are_true_and_all_are_what_they_say(task):
    found = ask(task, 30, np.random.default_rng(0))
    assert len({one.text for one in found}) == 30
    assert sum(one.true for one in found) == 15
    for one in found:
        words = one.text.rstrip(".").split()
        if task == "coin":
            assert one.true == ((one.text.count(" flips it.") % 2) == 0)
        elif task == "parity":
            assert one.true == (int(words[0]) % 2 == 0)
        else:
            assert one.true == (int(words[0]) > int(words[-1]))
    assert prompt(task, found[0]).endswith(f"Statement: {found[0].text}\nReasoning:")


def test_rationales_end_with_a_full_stop():
    assert whole_sentences("One. Two. And thr") == "One. Two."
    assert whole_sentences("cut off") is None
    assert whole_sentences("") is None
    with pytest.raises(InputError, match="--tasks has 'riddle'"):
        ask("riddle", 3, np.random.default_rng(0))


def test_deductions_follow_their_rules():
    rng = np.random.default_rng(0)
    for _ in range(50):
        one = deduce(rng)
        facts, rules = one.prompt[:-1:2], one.prompt[1:-1:2]
        holds = int(facts[0])
        reached_by = [*one.rationale, None, None]
        for rule, fact, reached in zip(rules, facts[1:], reached_by, strict=True):
            holds = {"&": holds & int(fact), "|": holds | int(fact), "^": holds ^ int(fact)}[rule]
            assert reached in (None, str(holds))
        assert one.true == bool(holds)
    text = one.text(reasoned=True)
    assert Alphabet().decode(Alphabet().encode(text)) == text
    first, again = next(Examples(3).starting_at(5)), next(Examples(3).starting_at(5))
    assert first["input_ids"].equal(again["input_ids"])
    told = first["labels"] != -100
    assert (first["labels"][told] == first["input_ids"][told]).all()


@pytest.mark.parametrize("trust", [0.5, 0.8])
def test_enumeration_by_counts_is_enumeration_by_paths(trust):
    total = 0.0
    for case in product(product((True, False), (True, False)), repeat=5):
        p = np.prod([(0.6 if c else 0.4) * (trust if c == h else 1 - trust) for c, h in case])
        lead = sum((1 if c else -1) * (1.0 if h else 1 / 3) for c, h in case)
        total += p * (1.0 if lead > 1e-9 else 0.5 if lead > -1e-9 else 0.0)
    assert _enumerated(trust, 1.0, 1 / 3) == pytest.approx(total)


def test_areas():
    assert area([3, 1, 2, 0], [1, 0, 1, 0]) == 1
    assert area([1, 1], [1, 0]) == 0.5
    assert np.isnan(area([1, 2], [1, 1]))
