"""Questions can be answered from their texts, and random heads are none of the best."""

from __future__ import annotations

import numpy as np

from seme.experiments.retrieval_heads.facts import FOUND_WITH, MASKED_WITH, questions
from seme.experiments.retrieval_heads.pruning import Masks
from seme.interp.heads.retrieval import RetrievalScores, planted_copier


def test_answers_stand_in_the_text_or_nowhere():
    rng = np.random.default_rng(0)
    for kind in ("look-up", "two steps"):
        for one in questions(kind, 20, rng):
            assert one.text.count(one.answer) >= 1
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
