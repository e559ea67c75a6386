"""Questions of paper 34: answers that are right, words in pairs, and splits that keep both classes."""

from __future__ import annotations

import numpy as np
import pytest

from seme.errors import InputError
from seme.experiments.semantic_volume.capitals import CAPITALS
from seme.experiments.semantic_volume.internal import Point, _claim_dims
from seme.experiments.semantic_volume.questions import Question, plain
from seme.experiments.semantic_volume.scoring import VOLUME, Case, Scored, claim_beyond, mean_words
from seme.interp.uncertainty import Samples
from seme.report import Report


def test_answers_are_right_if_they_name_it():
    capital = Question("capital", "What is the capital of Chad?", frozenset(map(plain, CAPITALS["Chad"])))
    assert capital.accepts("N'Djamena, Chad")
    assert capital.accepts("It is ndjamena.")
    assert not capital.accepts("Chad")
    total = Question("sum", "What is 2 + 20?", frozenset({"22"}))
    assert total.accepts("22 (two more than 20)")
    assert not total.accepts("222")
    assert not total.accepts("")
    kind = Question("kind", "What kind of thing is an oak?", frozenset({"tree", "woody plant"}))
    assert kind.accepts("A woody plant")
    assert not kind.accepts("street")
    assert capital.prompt.endswith("Q: What is the capital of Chad?\nA:")
    assert len(CAPITALS) > 110
    assert not {"France", "Japan"} & set(CAPITALS)


def test_either_class_is_in_both_parts():
    uncertain = np.array([True] * 10 + [False] * 5)
    samples = Samples.of([["a b", "c"]] * 15)
    case = Case.split("x", samples, uncertain, 0.3, np.random.default_rng(0))
    assert (case.test & uncertain).sum() == 7
    assert (case.test & ~uncertain).sum() == 3
    assert mean_words(samples)[0] == 1.5
    with pytest.raises(InputError, match=r"0 of the 15 questions \(x\) are certain"):
        Case.split("x", samples, np.ones(15, dtype=bool), 0.3, np.random.default_rng(0))


@pytest.mark.parametrize(("sd", "verdict"), [(0.001, "holds"), (0.1, "fails")])
def test_a_difference_within_the_noise_of_the_questions_is_none(sd, verdict):
    rng = np.random.default_rng(0)
    samples = Samples.of([["a", "b"]] * 6)
    case = Case.split("made", samples, np.arange(6) % 2 == 0, 0.4, rng)
    areas = {VOLUME: 0.75, "other": 0.72}
    drawn = {name: rng.normal(area, sd, 500) for name, area in areas.items()}
    report = Report(paper=34, slug="made", title="Made")
    claim_beyond(report, Scored(case, {}, areas, drawn, [], 5, 1e-6), "other", "It is better")
    points = {dims: Point(area, rng.normal(area, sd, 500), area) for dims, area in ((2, 0.7), (5, 0.73), (10, 0.71))}
    _claim_dims(report, case, points)
    assert [one.verdict for one in report.claims] == [verdict] * 2
