"""The sparse score against the dense formula in float64, and against peers where they overlap."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import coo_array, csr_array
from scipy.spatial.distance import jaccard
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

from seme.errors import InputError
from seme.interp.selection import METRICS, prototype, similarity, task_scores, weighted_jaccard

AMOUNTS = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))


def dense(pool, target):
    """Return the formula as it is written."""
    larger = np.maximum(pool, target).sum(axis=1)
    return np.where(larger > 0, np.minimum(pool, target).sum(axis=1) / np.where(larger > 0, larger, 1), 0.0)


@st.composite
def pools(draw):
    rows, units = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    pool = draw(hnp.arrays(np.float64, (rows, units), elements=AMOUNTS))
    return pool, draw(hnp.arrays(np.float64, units, elements=AMOUNTS))


@settings(deadline=None, max_examples=150)
@given(pools(), st.randoms(use_true_random=False))
def test_the_sparse_score_is_the_dense_formula_and_the_order_of_units_is_nothing_to_it(given_pool, random):
    pool, target = given_pool
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = weighted_jaccard(csr_array(pool), target)
        order = random.sample(range(len(target)), len(target))
        shuffled = weighted_jaccard(csr_array(pool[:, order]), target[order])
    assert np.allclose(found, dense(pool, target), rtol=1e-9, atol=1e-12)
    assert np.allclose(found, shuffled, rtol=1e-9, atol=1e-12)
    assert ((found >= 0) & (found <= 1 + 1e-12)).all()


def test_equal_is_1_disjoint_is_0_and_nothing_with_nothing_is_0_with_a_warning():
    pool = np.array([[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 3.0, 4.0], [0.5, 1.0, 0.0, 0.0]])
    assert weighted_jaccard(csr_array(pool), pool[0]).tolist() == [1.0, 0.0, 0.5]
    with pytest.warns(UserWarning, match="1 samples and the target are 0"):
        assert weighted_jaccard(np.zeros((1, 3)), np.zeros(3)).tolist() == [0.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert weighted_jaccard(np.zeros((1, 3)), np.ones(3)).tolist() == [0.0]


def test_of_sets_it_is_the_jaccard_index_of_scipy():
    rng = np.random.default_rng(0)
    pool, target = rng.random((20, 30)) < 0.3, rng.random(30) < 0.3
    expected = [1 - jaccard(row, target) for row in pool]
    assert np.allclose(weighted_jaccard(csr_array(pool), target), expected)


def test_cosine_and_distance_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    pool, target = rng.normal(size=(20, 9)), rng.normal(size=9)
    assert np.allclose(similarity(csr_array(pool), target, metric="cosine"), cosine_similarity(pool, [target])[:, 0])
    assert np.allclose(similarity(pool, target, metric="euclidean"), -euclidean_distances(pool, [target])[:, 0])
    assert similarity(np.zeros((1, 9)), target, metric="cosine").tolist() == [0.0]


@pytest.mark.parametrize("metric", METRICS)
def test_the_prototype_is_the_mean_and_the_nearest_example_wins_by_max(metric):
    rng = np.random.default_rng(2)
    pool, targets = rng.random((12, 7)), rng.random((4, 7))
    assert np.allclose(prototype(csr_array(targets)), targets.mean(axis=0))
    by_mean = task_scores(pool, targets, metric=metric)
    assert np.allclose(by_mean, similarity(pool, targets.mean(axis=0), metric=metric))
    by_max = task_scores(csr_array(pool), csr_array(targets), metric=metric, aggregate="max")
    assert np.allclose(by_max, np.max([similarity(pool, one, metric=metric) for one in targets], axis=0))


def test_entries_that_stand_twice_are_added_up_and_the_callers_matrix_stays():
    twice = csr_array((np.array([1.0, 1.0]), np.array([0, 0]), np.array([0, 2])), shape=(1, 2))
    assert weighted_jaccard(twice, np.array([2.0, 0.0])).tolist() == [1.0]
    assert twice.nnz == 2
    assert weighted_jaccard(coo_array(np.eye(2)), np.array([1.0, 0.0])).tolist() == [1.0, 0.0]


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="pool has 1 negative values") as caught:
        weighted_jaccard(np.array([[1.0, -0.5]]), np.ones(2))
    assert "positive part" in caught.value.hint
    with pytest.raises(InputError, match="target has 2 negative values"):
        weighted_jaccard(np.ones((1, 2)), -np.ones(2))
    with pytest.raises(InputError, match=r"target has shape \(3,\), and the pool has 2"):
        weighted_jaccard(np.ones((1, 2)), np.ones(3))
    with pytest.raises(InputError, match="pool holds NaN"):
        weighted_jaccard(np.array([[np.nan, 1.0]]), np.ones(2))
    with pytest.raises(InputError, match="target holds NaN"):
        weighted_jaccard(np.ones((1, 2)), np.array([np.inf, 1.0]))
    with pytest.raises(InputError, match=r"targets has shape \(0, 2\)"):
        task_scores(np.ones((1, 2)), np.ones((0, 2)))
    with pytest.raises(InputError, match=r"pool has shape \(2,\)"):
        weighted_jaccard(np.ones(2), np.ones(2))
    with pytest.raises(InputError, match="metric is 'dot'"):
        similarity(np.ones((1, 2)), np.ones(2), metric="dot")
    with pytest.raises(InputError, match="aggregate is 'min'"):
        task_scores(np.ones((1, 2)), np.ones((1, 2)), aggregate="min")
