"""Scores of nodes and edges against sets and the whole co-occurrence tensor, made naively."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc, roc_curve

from seme.errors import InputError
from seme.interp.circuits import circuit, detection, edge_scores, heads_of_edges, node_scores, predictions


def drawn(seed: int, prompts: int = 9, layers: int = 2, heads: int = 3, features: int = 4) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return tuple(rng.integers(-1, features, size=(prompts, layers, heads)) for _ in range(2))


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_nodes_are_differences_of_sets(seed, prompts, features):
    positive, negative = drawn(seed, prompts, features=features)
    plain, normalised = node_scores(positive, negative), node_scores(positive, negative, normalise=True)
    for layer in range(2):
        for head in range(3):
            p, q = set(positive[:, layer, head].tolist()), set(negative[:, layer, head].tolist())
            assert plain[layer, head] == len(p - q)
            assert normalised[layer, head] == len(p - q) / len(p | q)


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_edges_are_cells_of_the_co_occurrence_tensor(seed, prompts, features):
    positive, negative = drawn(seed, prompts, features=features)
    counts = []
    for codes in (positive, negative):
        tensor = np.zeros((6, 6, features + 1, features + 1), dtype=int)
        for row in codes.reshape(prompts, 6):
            for first in range(6):
                for second in range(6):
                    tensor[first, second, row[first], row[second]] += 1  # the silent code -1 is the last cell
        counts.append(tensor)
    only, either = (counts[0] > 0) & (counts[1] == 0), counts[0] + counts[1] > 0
    off = ~np.eye(6, dtype=bool)
    found = edge_scores(positive, negative)
    assert np.array_equal(found, only.sum((2, 3)) * off)
    assert np.array_equal(found, found.T)
    expected = only.sum((2, 3)) / either.sum((2, 3)) * off
    assert np.allclose(edge_scores(positive, negative, normalise=True), expected)


def test_heads_of_the_best_pairs_are_counted():
    edges = np.zeros((4, 4))
    edges[0, 1] = edges[1, 0] = 5
    edges[1, 2] = edges[2, 1] = 4
    edges[0, 3] = edges[3, 0] = 3
    assert heads_of_edges(edges, (2, 2), count=4).tolist() == [[2, 2], [0, 0]]
    assert heads_of_edges(edges, (2, 2), count=6).tolist() == [[2, 3], [1, 0]]
    assert heads_of_edges(edges, (2, 2)).sum() == 8
    assert heads_of_edges(edges, (2, 2), count=24).tolist() == [[6, 6], [6, 6]]


def test_predictions_are_a_soft_max_and_a_circuit_is_above_a_threshold():
    scores = np.array([[3.0, 1.0], [0.0, 0.0]])
    whole, within = predictions(scores), predictions(scores, across_layer=True)
    assert whole.sum() == pytest.approx(1.0)
    assert np.allclose(within.sum(axis=1), 1.0)
    assert np.allclose(whole, np.exp(scores) / np.exp(scores).sum())
    assert circuit(within, 0.5).tolist() == [[True, False], [True, True]]
    truth = np.array([[True, False], [True, False]])
    assert detection(whole, truth).auc == detection(scores, truth).auc


@pytest.mark.parametrize("seed", range(5))
def test_detection_is_scikit_learn_and_the_best_f1_is_the_best(seed):
    rng = np.random.default_rng(seed)
    truth = rng.random((5, 6)) < 0.3
    scores = np.round(rng.normal(size=(5, 6)) + truth, 1)  # with ties
    found = detection(scores, truth)
    false_positive, true_positive, _ = roc_curve(truth.ravel(), scores.ravel())
    assert found.auc == pytest.approx(auc(false_positive, true_positive))
    best = 0.0
    for threshold in np.unique(scores):
        chosen = scores >= threshold
        best = max(best, 2 * (chosen & truth).sum() / (chosen.sum() + truth.sum()))
    assert found.f1 == pytest.approx(best)
    chosen = scores >= found.threshold
    assert found.precision == pytest.approx((chosen & truth).sum() / chosen.sum())
    assert found.recall == pytest.approx((chosen & truth).sum() / truth.sum())


def test_bad_input_is_named():
    positive, negative = drawn(0)
    with pytest.raises(InputError, match="must be the same"):
        node_scores(positive, negative[:-1])
    with pytest.raises(InputError, match="positive has shape"):
        edge_scores(positive[:0], negative[:0])
    with pytest.raises(InputError, match="negative holds"):
        node_scores(positive, negative.astype(float))
    with pytest.raises(InputError, match="from -2"):
        node_scores(positive - 1, negative)
    with pytest.raises(InputError, match="edges has shape"):
        heads_of_edges(np.zeros((4, 4)), (2, 3))
    with pytest.raises(InputError, match="count is 0"):
        heads_of_edges(np.zeros((4, 4)), (2, 2), count=0)
    with pytest.raises(InputError, match="scores have shape"):
        predictions(np.array([[np.nan]]))
    with pytest.raises(InputError, match="threshold is 2"):
        circuit(np.ones((1, 1)), 2)
    with pytest.raises(InputError, match="truth has 4 of 4"):
        detection(np.ones((2, 2)), np.ones((2, 2), dtype=bool))
    with pytest.raises(InputError, match="truth must be bool"):
        detection(np.ones((2, 2)), np.ones((2, 2)))
    with pytest.raises(InputError, match="NaN"):
        detection(np.full((2, 2), np.nan), np.eye(2, dtype=bool))
