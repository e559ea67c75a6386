"""Questions can be answered from their texts, and random heads are none of the best."""

from __future__ import annotations

import numpy as np
import pytest

from seme.experiment import Context
from seme.experiments.p54_retrieval_heads import RetrievalHeadsSettings
from seme.experiments.retrieval_heads import consistency
from seme.experiments.retrieval_heads.facts import FOUND_WITH, MASKED_WITH, questions
from seme.experiments.retrieval_heads.pruning import Masks
from seme.interp.heads.retrieval import RetrievalPrompt, RetrievalScores, planted_copier
from seme.report import Report


def test_answers_stand_in_the_text_or_nowhere():
    rng = np.random.default_rng(0)
    for kind in ("look-up", "steps", "answer only"):
        for one in questions(kind, 20, rng):
            assert one.text.count(one.answer.strip()) >= 1
    assert all(one.answer not in one.text for one in questions("memory", 15, rng))
    assert not {one.answer for one in FOUND_WITH} & {one.answer for one in MASKED_WITH}


def test_masks_are_the_top_heads_and_others():
    each = np.linspace(0, 1, 12).reshape(1, 3, 4)
    scores = RetrievalScores(each, np.ones(1), np.ones(1, dtype=bool), ((1,),))
    masks = Masks.draw(scores, (1, 3), 5, 4, np.random.default_rng(0))
    assert masks.sets[0] == []
    assert masks.sets[masks.top[3]] == [(2, 3), (2, 2), (2, 1)]
    for number in (1, 3):
        drawn = masks.sets[masks.random[number]]
        assert len(drawn) == 5
        assert all(len(set(one)) == number and not set(one) & set(scores.top(4)) for one in drawn)
    assert masks.tensor(planted_copier()).sum((1, 2)).tolist() == [0, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3]


@pytest.mark.parametrize("planted", [True, False])
def test_activity_follows_the_fact_where_it_was_planted_so(tmp_path, planted):
    rng = np.random.default_rng(0)
    facts = np.repeat([0, 1], 8)
    prompts = [
        RetrievalPrompt((1, 2 + fact, 9, *[0] * length), (1, 2))
        for fact, length in zip(facts, [5, 20] * 8, strict=True)
    ]
    each = np.zeros((16, 2, 4))
    each[:, 0, 0] = 0.9
    each[:, 1] = (facts[:, None] == np.array([0, 1, 0, 1])) * 0.5 if planted else rng.random((16, 4)).round() * 0.5
    scores = RetrievalScores(each, np.ones(16), np.ones(16, dtype=bool), ((1,),) * 16)
    report = Report(paper=54, slug="x", title="x")
    consistency.add(report, prompts, scores, RetrievalHeadsSettings(), Context(tmp_path, tmp_path))
    lengths, dynamic = report.claims
    assert (dynamic.verdict == "holds") == planted
    assert lengths.measured > 0.5
