"""Bits and distances against closed forms, information theory and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy, spearmanr

from seme.errors import InputError
from seme.interp.concepts import (
    agreement,
    closeness,
    cluster,
    complexity,
    conditional_entropy,
    distortion,
    pooled_correlation,
    rate_distortion,
    shuffled,
    soft_clusters,
    tradeoff,
    typicality_correlations,
)


def _blobs(seed: int, per: int = 20, clusters: int = 6, width: int = 8, noise: float = 0.1):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(clusters), per)
    return rng.normal(size=(clusters, width))[labels] + noise * rng.normal(size=(len(labels), width)), labels


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=40))
def test_complexity_is_the_entropy_of_the_sizes(labels):
    sizes = [labels.count(one) for one in set(labels)]
    assert complexity(labels) == pytest.approx(entropy(sizes, base=2), abs=1e-9)
    assert complexity(labels) + conditional_entropy(labels) == pytest.approx(math.log2(len(labels)))


def test_the_ends_are_known():
    x = np.random.default_rng(0).normal(size=(32, 5))
    alone, together = tradeoff(x, np.arange(32)), tradeoff(x, np.zeros(32), normalise=True)
    assert (alone.bits, alone.distance) == (pytest.approx(5.0), pytest.approx(0))
    assert (together.bits, together.distance, together.objective) == (
        pytest.approx(0),
        pytest.approx(1),
        pytest.approx(1),
    )
    assert complexity(np.arange(32) % 8) == pytest.approx(3)
    assert distortion(x, np.zeros(32)) == pytest.approx(x.var(axis=0).sum())


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_joining_clusters_saves_bits_and_costs_distance(seed, clusters):
    rng = np.random.default_rng(seed)
    x, labels = rng.normal(size=(30, 3)), np.r_[np.arange(clusters), rng.integers(0, clusters, 30 - clusters)]
    joined = np.where(labels == 1, 0, labels)
    assert complexity(joined) < complexity(labels)
    assert distortion(x, joined) >= distortion(x, labels) - 1e-12


def test_a_binary_source_has_the_rate_of_the_textbook():
    curve = rate_distortion(1 - np.eye(2), [0.5, 1, 2, 4, 8])
    for bits, far in zip(curve.bits, curve.distortion, strict=True):
        assert bits == pytest.approx(1 - entropy([far, 1 - far], base=2), abs=1e-6)
    assert curve.least_bits(0.11) <= 1 - entropy([0.11, 0.89], base=2)
    assert curve.least_bits(0.5) == pytest.approx(0, abs=1e-6)
    biased = rate_distortion(1 - np.eye(2), [3.0], weights=[0.2, 0.8])
    far = float(biased.distortion[0])
    expected = entropy([0.2, 0.8], base=2) - entropy([far, 1 - far], base=2)
    assert biased.bits[0] == pytest.approx(expected, abs=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([1, 300]))
def test_no_partition_is_below_the_curve_of_its_own_means_however_early_it_stops(seed, most):
    rng = np.random.default_rng(seed)
    x, labels = rng.normal(size=(40, 3)), np.r_[np.arange(5), rng.integers(0, 5, 35)]
    means = np.stack([x[labels == c].mean(axis=0) for c in range(5)])
    distances = np.square(x[:, None] - means[None]).sum(axis=2)
    curve = rate_distortion(distances, np.geomspace(0.1, 50, 6), most=most)
    assert curve.least_bits(distortion(x, labels)) <= complexity(labels) + 1e-9


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from([0.5, 3.0, 20.0]))
def test_soft_clusters_never_cost_more_for_another_step_nor_than_the_partition_they_began_with(seed, beta):
    x = np.random.default_rng(seed).normal(size=(40, 3))
    found = [soft_clusters(x, 5, beta, tolerance=-1.0, most=steps) for steps in (1, 2, 5, 40)]
    objectives = [one.cost.objective for one in found]
    assert (np.diff(objectives) <= 1e-9).all()
    assert objectives[0] <= tradeoff(x, cluster(x, 5, starts=1)[0], beta=beta).objective + 1e-9
    last = found[-1]
    assert np.allclose(last.memberships.sum(axis=1), 1)
    far = last.memberships * np.square(x[:, None] - (last.memberships.T @ x / last.memberships.sum(0)[:, None])).sum(2)
    assert last.cost.distance == pytest.approx(far.sum(1).mean())


def test_soft_clusters_are_one_where_distance_is_free_and_those_planted_where_it_is_dear():
    x, labels = _blobs(0)
    free, dear = soft_clusters(x, 6, 0.0), soft_clusters(x, 6, 1000.0, starts=5)
    assert free.cost.bits == pytest.approx(0, abs=1e-9)
    assert agreement(labels, dear.memberships.argmax(axis=1)).ami > 0.95
    assert dear.cost.bits == pytest.approx(np.log2(6), abs=1e-3)
    assert dear.used == 6


def test_planted_categories_are_found_and_chance_is_not():
    x, labels = _blobs(0)
    best = cluster(x, 6, starts=5)[0]
    assert agreement(labels, best).ami > 0.95
    assert agreement(labels, [f"c{one}" for one in labels]).ari == pytest.approx(1)
    random = [agreement(labels, other).ami for other in shuffled(labels, 50, np.random.default_rng(1))]
    assert abs(np.mean(random)) < 0.05
    noise = np.random.default_rng(2).normal(size=x.shape)
    assert abs(agreement(labels, cluster(noise, 6, starts=3)[0]).ami) < 0.15
    human, chance = (
        tradeoff(x, labels).objective,
        [tradeoff(x, s).objective for s in shuffled(labels, 20, np.random.default_rng(3))],
    )
    assert human < min(chance)
    assert tradeoff(x, best).objective <= human + 1e-9
    distances = [distortion(x, one) for one in cluster(x, 4, starts=6)]
    assert distances == sorted(distances)


def test_typical_items_lie_near_their_category():
    rng = np.random.default_rng(0)
    names = {"a": rng.normal(size=16), "b": rng.normal(size=16)}
    categories = ["a"] * 15 + ["b"] * 15
    ratings = np.r_[np.arange(15.0), np.arange(15.0)]
    noise = rng.normal(size=(30, 16))
    x = np.stack([names[c] * (1 + r) for c, r in zip(categories, ratings, strict=True)]) + 2 * noise
    found = typicality_correlations(x, categories, ratings, names)
    assert min(found.values()) > 0.7
    assert typicality_correlations(x, categories, -ratings, names) == {k: pytest.approx(-v) for k, v in found.items()}
    names_of = np.stack([names[c] for c in categories])
    cosines = (x * names_of).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(names_of, axis=1)
    assert closeness(x, categories, names) == pytest.approx(cosines)
    assert pooled_correlation(x, categories, ratings, names) == pytest.approx(spearmanr(cosines, ratings).statistic)
    ratings[3] = np.nan
    assert typicality_correlations(x, categories, ratings, names)["b"] == found["b"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tradeoff(np.ones((3, 2)), [0, 1]), "2 entries for 3 embeddings"),
        (lambda: tradeoff(np.eye(3), [0, 0, 1], beta=-1), "beta is -1"),
        (lambda: tradeoff(np.ones((3, 2)), [0, 0, 1], normalise=True), "no variance"),
        (lambda: distortion([[1, np.nan]], [0]), "embedding 0 is not finite"),
        (lambda: complexity([]), r"labels has the shape \(0,\)"),
        (lambda: cluster(np.eye(3), 4), "k is 4, expected 1 to 3"),
        (lambda: cluster(np.eye(3), 2, starts=0), "starts is 0"),
        (lambda: agreement([0, 1], [0]), "2 entries and others 1"),
        (lambda: soft_clusters(np.eye(3), 2, -1.0), "beta is -1"),
        (lambda: pooled_correlation(np.eye(3), ["a"] * 3, [1, 1, 1], {"a": np.ones(3)}), "that differ"),
        (lambda: closeness(np.eye(3), ["a"], {"a": np.ones(3)}), "3 embeddings and 1 categories"),
        (lambda: rate_distortion([[-1.0]], [1.0]), "distances"),
        (lambda: rate_distortion([[1.0]], [0.0]), "slopes"),
        (lambda: rate_distortion([[1.0]], [1.0], weights=[0.5]), "weights"),
        (
            lambda: typicality_correlations(np.eye(3), ["a"] * 3, [1, 1, 1], {"a": np.ones(3)}),
            "all items of the category 'a'",
        ),
        (lambda: typicality_correlations(np.eye(2), ["a"] * 2, [1, 2], {"a": np.ones(2)}), "has 2 rated items"),
        (lambda: typicality_correlations(np.eye(3), ["a"] * 3, [1, 2, 3], {}), "no embedding of the category 'a'"),
        (lambda: typicality_correlations(np.eye(3), ["a"] * 3, [1, 2, 3], {"a": np.zeros(3)}), "is zero"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
