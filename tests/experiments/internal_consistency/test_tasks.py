"""Tasks of paper 51: truths that hold, rationales that are cut, and the enumeration of weighted votes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from seme.errors import InputError
from seme.experiments.internal_consistency.choosing import _halves
from seme.experiments.internal_consistency.deduction import Alphabet, Examples, deduce
from seme.experiments.internal_consistency.looking import _probed
from seme.experiments.internal_consistency.measures import area, resampled
from seme.experiments.internal_consistency.planted import _enumerated
from seme.experiments.internal_consistency.questions import FORMS, TASKS, Asking, Question, ask, whole_sentences


@pytest.mark.parametrize("task", ["coin", "parity", "comparison"])
def test_half_of_the_statements_are_true_and_all_are_what_they_say(task):
    found = ask(task, 30, np.random.default_rng(0))
    assert len({one.about for one in found}) == 30
    assert sum(one.true for one in found) == 15
    for one in found:
        if task == "coin":
            assert one.true == ((one.about[0].count(" flips it.") % 2) == 0)
        elif task == "parity":
            assert one.true == (int(one.about[0]) % 2 == 0)
        else:
            assert one.true == (int(one.about[0]) > int(one.about[1]))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("task", TASKS)
def test_what_is_shown_is_answered_in_the_same_form(task, form):
    asking, question = Asking(task, form), Question(("a thrush", "12"), True)
    for text in (asking.prompt(question), asking.direct(question)):
        for label in asking.labels:
            assert text.count(f"{asking.cue}{label}\n") == 1
        assert asking.asked(question) in text
    assert asking.prompt(question) == f"{asking.preamble}{asking.asked(question)}\nReasoning:"
    assert asking.direct(question).endswith(asking.cue)
    with pytest.raises(InputError, match="form is 'riddle'"):
        Asking(task, "riddle")


def test_questions_run_out():
    with pytest.raises(InputError, match="no 9000 different questions"):
        ask("comparison", 9000, np.random.default_rng(0))


def test_development_questions_are_apart_and_even():
    first, rest = _halves([Question((str(n),), n % 2 == 0) for n in range(20)], 7)
    assert sum(one.true for one in first) == 4
    assert len(first) == 7
    assert not set(first) & set(rest)
    assert len(rest) == 13


def test_resampled_means_are_of_whole_questions():
    values, questions = np.array([[1.0], [3.0], [8.0]]), [0, 0, 5]
    found = resampled(values, questions, 400, np.random.default_rng(0))
    assert set(np.round(found[:, 0], 6)) == {2.0, 4.0, 8.0}  # either twice, or both: 12 / 3
    alone = resampled(values, questions, 400, np.random.default_rng(0), weights=[0, 1, 0])
    assert set(alone[~np.isnan(alone)]) == {3.0}
    assert np.isnan(alone).any()


def test_probes_find_what_is_planted_and_do_not_see_the_question():
    rng = np.random.default_rng(0)
    questions = np.arange(40).repeat(3)
    truth = rng.integers(0, 2, 40)[questions]
    outputs = rng.normal(size=(120, 2, 60)).astype(np.float32)
    outputs[:, 0] = rng.normal(size=(40, 60))[questions]  # tells the question apart, and nothing of the answer
    outputs[:, 1, 3] += 5 * truth
    right = _probed(outputs, truth, questions).mean(axis=0)
    assert right[1] > 0.85
    assert 0.3 < right[0] < 0.7


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
