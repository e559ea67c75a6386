"""Clusters of a text's vectors beside scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.retrieval.multivector import Clustering, pack
from seme.retrieval.multivector.clustering import kmeans, ward


def same_partition(first: np.ndarray, second: np.ndarray) -> bool:
    return len(set(zip(first, second, strict=True))) == len(set(first)) == len(set(second))


def test_kmeans_is_that_of_scikit_learn_from_the_same_start():
    cluster = pytest.importorskip("sklearn.cluster")
    vectors = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    start = vectors[np.arange(6) * 60 // 6]
    peer = cluster.KMeans(6, init=start, n_init=1, max_iter=100, tol=0).fit(vectors)
    assert same_partition(kmeans(vectors, start, 100), peer.labels_)


@pytest.mark.parametrize("seed", range(4))
def test_ward_is_that_of_scipy(seed):
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    vectors = np.random.default_rng(seed).normal(size=(40, 6)).astype(np.float32)
    for clusters in (1, 3, 11, 39):
        peer = hierarchy.fcluster(hierarchy.linkage(vectors, "ward"), clusters, "maxclust")
        assert same_partition(ward(vectors, clusters), peer)


@settings(max_examples=40, deadline=None)
@given(
    length=st.integers(1, 20),
    count=st.integers(1, 25),
    method=st.sampled_from(["kmeans", "agglomerative"]),
    distinct=st.integers(1, 20),
)
def test_means_keep_the_sum_and_are_at_most_as_many_as_asked(length, count, method, distinct):
    vectors = np.random.default_rng(length).normal(size=(distinct, 3))[np.arange(length) % distinct]
    clustering = Clustering(method, count=count)
    packed = pack([vectors])
    made = clustering.apply(*packed)
    labels = clustering.labels(packed.vectors)
    assert 1 <= len(made.vectors) <= min(length, count)
    assert np.allclose(np.bincount(labels) @ made.vectors, vectors.sum(axis=0), atol=1e-4)


@pytest.mark.parametrize("method", ["kmeans", "agglomerative"])
def test_planted_groups_are_found_even_if_they_stand_together(method):
    rng = np.random.default_rng(1)
    truth = np.repeat(np.arange(4), [20, 3, 5, 4])
    vectors = (10 * np.eye(4)[truth] + 0.1 * rng.normal(size=(32, 4))).astype(np.float32)
    assert same_partition(Clustering(method, count=4, start="farthest").labels(vectors), truth)


def test_ratio_and_length():
    assert [Clustering(ratio=0.25).clusters(n) for n in (1, 3, 4, 9, 100)] == [1, 1, 1, 2, 25]
    assert [Clustering(count=8).clusters(n) for n in (1, 8, 20)] == [1, 8, 8]
    unit = Clustering(count=2, normalise=True).apply([[1, 0], [0, 1], [-1, 0]], [0, 3])
    assert np.allclose(np.linalg.norm(unit.vectors, axis=1), 1)


@pytest.mark.parametrize(
    "settings_",
    [
        {},
        {"count": 2, "ratio": 0.5},
        {"count": 0},
        {"ratio": 0},
        {"ratio": 1.5},
        {"method": "x", "count": 1},
        {"start": "x", "count": 1},
        {"count": 1, "iterations": 0},
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings_):
    with pytest.raises(InputError):
        Clustering(**settings_)
