"""Measures over ties against the mean over all orders, and without ties against the usual measures."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from seme.errors import InputError
from seme.retrieval.binary import tied_average_precision, tied_ndcg, tied_precision
from seme.retrieval.evaluation import average_precision, ndcg

Documents = st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=5).filter(
    lambda drawn: any(right for _, right in drawn)
)


@settings(max_examples=60, deadline=None)
@given(Documents, st.integers(1, 7))
def test_the_closed_form_is_the_mean_over_all_orders(drawn, k):
    scores, relevant = [one for one, _ in drawn], [int(right) for _, right in drawn]
    ideal = sorted((one for one in relevant if one), reverse=True)
    orders = [
        [relevant[i] for i in order]
        for order in permutations(range(len(drawn)))
        if all(scores[a] >= scores[b] for a, b in pairwise(order))
    ]
    assert tied_average_precision(scores, relevant) == pytest.approx(
        np.mean([average_precision(order, ideal) for order in orders])
    )
    assert tied_ndcg(scores, relevant, k) == pytest.approx(np.mean([ndcg(k)(order, ideal) for order in orders]))
    depth = min(k, len(drawn))
    assert tied_precision(scores, relevant, [depth])[0] == pytest.approx(
        np.mean([np.mean(order[:depth]) for order in orders])
    )


def test_without_ties_they_are_scikit_learns():
    random = np.random.default_rng(0)
    scores, relevant = random.permutation(500).astype(float), random.random(500) < 0.1
    assert tied_average_precision(scores, relevant) == pytest.approx(average_precision_score(relevant, scores))
    assert tied_ndcg(scores, relevant, 10) == pytest.approx(ndcg_score(relevant[None].astype(int), scores[None], k=10))


def test_all_equal_codes_are_worth_no_more_than_chance():
    relevant = np.arange(1_000) < 100
    assert tied_average_precision(np.zeros(1_000), relevant) == pytest.approx(0.1, abs=0.01)
    assert tied_ndcg(np.zeros(1_000), relevant, 10) == pytest.approx(0.1)


def test_bad_input():
    with pytest.raises(InputError, match="no document is relevant"):
        tied_average_precision([1, 2], [0, 0])
    with pytest.raises(InputError, match="NaN"):
        tied_average_precision([1, float("nan")], [0, 1])
    with pytest.raises(InputError, match="k is 0"):
        tied_ndcg([1], [1], 0)
    with pytest.raises(InputError, match="expected"):
        tied_precision([1, 2], [1], [1])
    with pytest.raises(InputError, match="depths"):
        tied_precision([1, 2], [1, 0], [0])
