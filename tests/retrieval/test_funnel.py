"""Funnels against brute force in float64, and as a retriever among others."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError, NotFoundError
from seme.retrieval.funnel import FunnelIndex, Stage, adaptive, checked_stages, funnel
from seme.retrieval.pipelines import Dense, Rerank


def _vectors(n=50, d=16, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)).astype(np.float32), rng.normal(size=(5, d)).astype(np.float32)


def _ids(n):
    return [f"d{i:04d}" for i in range(n)]


def _brute(vectors, query, stages, normalise):
    """Sort everything at each stage, in float64. (Cosines of one coordinate are all alike, so two are the fewest.)"""
    rows = np.arange(len(vectors))
    for stage in stages:
        x, q = vectors[rows, : stage.dim].astype(float), query[: stage.dim].astype(float)
        scores = x @ q
        if normalise:
            scores /= np.linalg.norm(x, axis=1) * np.linalg.norm(q)
        order = np.argsort(-scores)[: stage.keep]
        rows, scores = rows[order], scores[order]
    return rows, scores


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.booleans(), st.lists(st.integers(2, 16), min_size=1, max_size=4, unique=True), st.data()
)
def test_it_is_brute_force_at_every_stage(seed, normalise, dims, data):
    vectors, queries = _vectors(seed=seed)
    keeps = sorted(data.draw(st.lists(st.integers(1, 50), min_size=len(dims), max_size=len(dims))), reverse=True)
    stages = [Stage(*one) for one in zip(sorted(dims), keeps, strict=True)]
    index = FunnelIndex(_ids(50), vectors, stages, normalise=normalise)
    for query, hits in zip(queries, index.search(queries, 50), strict=True):
        rows, scores = _brute(vectors, query, stages, normalise)
        assert np.allclose(hits.scores, scores, atol=1e-4)
        assert [int(one[1:]) for one in hits.ids] == rows.tolist()


def test_a_shortlist_of_all_is_the_exact_search():
    vectors, queries = _vectors()
    index = FunnelIndex(_ids(50), vectors, adaptive(1, 16, shortlist=50))
    exact = FunnelIndex(_ids(50), vectors, [Stage(16, 50)])
    for one, other in zip(index.search(queries, 10), exact.search(queries, 10), strict=True):
        assert one.ids == other.ids
        assert np.allclose(one.scores, other.scores, atol=1e-6)
    assert exact.multiply_adds == exact.exhaustive == 50 * 16


def test_multiply_adds_are_counted():
    vectors, _ = _vectors()
    assert FunnelIndex(_ids(50), vectors, adaptive(2, 16, shortlist=10)).multiply_adds == 50 * 2 + 10 * 16
    stages = funnel((2, 4, 8, 16), (20, 10, 5))
    assert stages == (Stage(2, 20), Stage(4, 10), Stage(8, 5), Stage(16, 5))
    assert FunnelIndex(_ids(50), vectors, stages).multiply_adds == 50 * 2 + 20 * 4 + 10 * 8 + 5 * 16
    paper = funnel((16, 32, 64, 128, 256, 2048), (200, 100, 50, 25, 10))
    assert [one.keep for one in paper] == [200, 100, 50, 25, 10, 10]


def test_candidates_of_another_index_are_ranked_by_the_later_stages():
    vectors, queries = _vectors()
    index = FunnelIndex(_ids(50), vectors, funnel((2, 8, 16), (50, 7)))
    everything = np.tile(np.arange(50)[::-1], (5, 1))
    for one, other in zip(index.rerank(queries, everything, 5), index.search(queries, 5), strict=True):
        assert one.ids == other.ids
    few = index.rerank(queries[:1], [[3, -1, 3, 8]], 5)[0]
    assert set(few.ids) == {"d0003", "d0008"}
    with pytest.raises(InputError, match="row 50"):
        index.rerank(queries[:1], [[50]], 5)
    with pytest.raises(InputError, match="1 lists for 5"):
        index.rerank(queries, [[1]], 5)


def test_it_is_a_step_like_a_dense_index():
    vectors, queries = _vectors()
    index = FunnelIndex(_ids(50), vectors, adaptive(4, 16, shortlist=20), encoder="toy")
    asked = {f"q{i}": one for i, one in enumerate(queries)}
    step = Dense(index, lambda texts: np.stack([asked[one] for one in texts]), k=20)
    found = step.search(list(asked), 10)
    assert [one.ids for one in found] == [one.ids for one in index.search(queries, 10)]
    again = (step.cut(10) >> Rerank(step.score)).search(list(asked), 10)
    assert all(set(one.ids) == set(other.ids) for one, other in zip(again, found, strict=True))
    with pytest.raises(NotFoundError, match="'x'"):
        index.vectors(["x"])


def test_equal_vectors_come_in_the_order_of_their_ids():
    index = FunnelIndex(["c", "a", "b"], np.ones((3, 4)), adaptive(2, 4, shortlist=3))
    assert index.search(np.ones((1, 4)), 3)[0].ids == ("a", "b", "c")


def test_no_query_is_no_hits_and_more_than_a_block_as_many():
    vectors, _ = _vectors()
    index = FunnelIndex(_ids(50), vectors, adaptive(2, 16, shortlist=5))
    assert index.search(np.empty((0, 16)), 3) == []
    assert len(index.search(np.tile(vectors, (3, 1)), 3)) == 150


def test_a_shortlist_beyond_the_vectors_is_cut_with_a_warning():
    vectors, queries = _vectors()
    with pytest.warns(UserWarning, match="200 is cut to the 50"):
        index = FunnelIndex(_ids(50), vectors, adaptive(2, 16))
    assert index.multiply_adds == 50 * 2 + 50 * 16
    assert len(index.search(queries, 100)[0]) == 50


def test_what_does_not_fit_is_refused():
    vectors, queries = _vectors()
    zero = vectors.copy()
    zero[7, :2] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for ids, given, stages, match in (
            (_ids(49), vectors, adaptive(2, 16), "49 ids"),
            (["a"] * 50, vectors, adaptive(2, 16), "'a'"),
            (_ids(50), vectors, adaptive(2, 17), "d >= 17"),
            (_ids(50), zero, adaptive(2, 16), "vector 7 are all 0"),
            (_ids(50), vectors * np.nan, adaptive(2, 16), "finite"),
            ([], np.empty((0, 16)), adaptive(2, 16), "n >= 1"),
        ):
            with pytest.raises(InputError, match=match):
                FunnelIndex(ids, given, stages)
    index = FunnelIndex(_ids(50), vectors, adaptive(2, 16, shortlist=5))
    for given, k, match in ((queries, 0, "k is 0"), (queries[:, :8], 1, "8"), (queries * 0, 1, "all 0")):
        with pytest.raises(InputError, match=match):
            index.search(given, k)


@pytest.mark.parametrize(
    "stages", [[], [Stage(0, 1)], [Stage(4, 2), Stage(4, 2)], [Stage(2, 2), Stage(4, 3)], [Stage(2, 0)]]
)
def test_stages_out_of_order_are_refused(stages):
    with pytest.raises(InputError):
        checked_stages(stages)


def test_adaptive_retrieval_needs_a_short_size_and_a_long_one():
    with pytest.raises(InputError, match="expected a larger size"):
        adaptive(16, 16)
    with pytest.raises(InputError, match="2 sizes and 2 shortlists"):
        funnel((2, 4), (3, 2))
