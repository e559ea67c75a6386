"""The laws of composition that docs/retrievers.md claims, on random pipelines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.retrieval import DenseIndex
from seme.retrieval.evaluation import evaluate, reciprocal_rank_at
from seme.retrieval.feedback import Average
from seme.retrieval.fusion import reciprocal_rank
from seme.retrieval.pipelines import Cut, Dense, Identity, RankFusion, Rerank, Step, Sum, run

QUERIES = ["cat and dog", "meaning of a model", "nothing here zzz"]
small = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
names = st.sampled_from(["words", "meaning", "feedback", "cut", "rerank", "sum", "identity"])
single = names.filter(lambda name: name != "sum")
weights = st.sampled_from([0.1, 0.25, 0.5, 1.0, 3.0])


def _step(name: str, words: Step, meaning: Dense) -> Step:
    return {
        "words": words,
        "meaning": meaning,
        "feedback": Average(meaning, k=2),
        "cut": Cut(3),
        "rerank": Rerank(meaning.score),
        "sum": 0.3 * words + 0.7 * meaning,
        "identity": Identity(),
    }[name]


def _same(first: Step, second: Step, *, tolerance: float = 0.0) -> None:
    for one, other in zip(first.search(QUERIES, 6), second.search(QUERIES, 6), strict=True):
        assert one.ids == other.ids
        np.testing.assert_allclose(one.scores, other.scores, rtol=tolerance, atol=tolerance)


@small
@given(names, names, names)
def test_chains_are_associative_with_an_identity(words, meaning, one, two, three):
    a, b, c = (_step(name, words, meaning) for name in (one, two, three))
    _same((a >> b) >> c, a >> (b >> c))
    _same(Identity() >> a, a)
    _same(a >> Identity(), a)


@small
@given(names, names, names, weights, weights)
def test_sums_are_associative_and_weights_distribute_over_them(words, meaning, one, two, three, w, v):
    a, b, c = (_step(name, words, meaning) for name in (one, two, three))
    _same((w * a + v * b) + c, w * a + (v * b + c))
    _same(a + b, b + a, tolerance=1e-6)
    _same(w * (v * a + b), (w * v) * a + w * b)


@small
@given(names, single, single, weights)
def test_what_comes_before_a_sum_distributes_over_it(words, meaning, one, two, three, w):
    first, a, b = (_step(name, words, meaning) for name in (one, two, three))
    _same(first >> (w * a + b), w * (first >> a) + (first >> b), tolerance=1e-6)


@small
@given(st.integers(1, 7), st.integers(1, 7), names, names)
def test_cuts_keep_the_smaller(words, meaning, j, k, one, two):
    a, b = _step(one, words, meaning), _step(two, words, meaning)
    _same(a.cut(j).cut(k), a.cut(min(j, k)))
    _same((a >> b).cut(k), a >> b.cut(k))


def test_what_comes_after_a_sum_does_not_distribute(words, meaning):
    query = ["sparse sparse warm meaning carry vectors"]
    turned = Rerank(lambda _, ids: [-ord(one) for one in ids])
    together, apart = (words + meaning) >> turned, (words >> turned) + (meaning >> turned)
    assert not np.allclose(together.search(query, 6)[0].scores, apart.search(query, 6)[0].scores[:6])


def test_a_sum_of_another_scale_is_scaled_again_as_one_part(words, meaning):
    raw = (words + meaning).scaled("raw")
    assert len((raw + words).parts) == 2
    assert (2 * raw).scale == "raw"


def test_an_order_of_one_part_is_that_of_the_part(words, meaning):
    for scale in ("min-max", "centred", "z-score", "raw"):
        for only in (Sum([(1.0, words), (0.0, meaning)], scale=scale), Sum([(1.0, words)], scale=scale)):
            for one, other in zip(only.search(QUERIES, 2), words.search(QUERIES, 2), strict=True):
                if len(other):
                    assert one.ids[: len(other)] == other.ids


def test_a_query_keeps_its_vector_and_brings_its_own(meaning):
    from seme.retrieval.pipelines import Query, Results

    vector = meaning.index.vectors(["f"])[0]
    found = meaning.apply(Results.of([Query("cat").with_vector("bag", vector)]))
    assert found.hits[0].ids[0] == "f"
    assert found.queries[0].vectors["bag"] is vector


def test_what_cannot_be_is_refused(words, meaning):
    with pytest.raises(InputError, match="k is 0"):
        words.cut(0)
    with pytest.raises(InputError, match="k is 0"):
        Dense(meaning.index, meaning.encode, k=0)
    with pytest.raises(InputError, match="encode gave 1 vectors for 2 texts"):
        Dense(meaning.index, lambda _: meaning.encode(["cat"])).search(["a", "b"])
    with pytest.raises(InputError, match="parts is empty"):
        Sum([])
    with pytest.raises(InputError, match="steps is empty"):
        RankFusion([])
    with pytest.raises(InputError, match="1 weights for 2 steps"):
        RankFusion([words, meaning], weights=[1.0])
    with pytest.raises(InputError, match="weight is nan"):
        float("nan") * words
    with pytest.raises(InputError, match="scale is 'logit'"):
        (words + meaning).scaled("logit")
    with pytest.raises(InputError, match="score gave"):
        (words >> Rerank(lambda _, __: [1.0])).search(["meaning"])


def test_ranks_are_fused_as_by_hand(words, meaning):
    lists = [step.search(["meaning of cats"], 5)[0] for step in (words, meaning)]
    found = RankFusion([words, meaning], weights=[2.0, 1.0]).search(["meaning of cats"], 20)[0]
    expected = reciprocal_rank(lists, weights=[2.0, 1.0])
    assert found.ids == expected.ids


def test_a_run_is_what_the_measures_take(words):
    found = run(words, {"q1": "cat", "q2": "zzz"}, k=2)
    assert evaluate({"q1": {"b": 1}, "q2": {"a": 1}}, found, reciprocal_rank_at(10)) in (0.5, 0.25)
    assert found["q2"] == {}


def test_no_query_is_no_hit(words):
    empty = Dense(DenseIndex(2, encoder="none"), lambda texts: np.zeros((len(texts), 2), np.float32))
    assert empty.search(["a"], 1)[0].ids == ()
    assert words.search([], 1) == []
    assert empty.search([], 1) == []
