"""Feedback in vectors: the formulas by hand, and queries that find nothing."""

from __future__ import annotations

import numpy as np
import pytest

from seme.errors import InputError
from seme.retrieval.feedback import Average, Rocchio, rocchio
from seme.retrieval.hits import Hits
from seme.retrieval.pipelines import Query, Results


def _results(meaning, ids, text="meaning of a model"):
    return Results((Query(text),), (Hits(tuple(ids), np.arange(len(ids), 0, -1, dtype=np.float32)),))


def test_rocchio_and_average_are_those_of_the_formulas(meaning):
    query = meaning.encode(["meaning of a model"])[0].astype(np.float64)
    vectors = {one: meaning.index.vectors([one])[0].astype(np.float64) for one in "abcd"}
    results = _results(meaning, "abcd")
    moved = Rocchio(meaning, k=2, alpha=0.3, beta=0.9).apply(results)
    np.testing.assert_allclose(
        moved.queries[0].vectors["bag"], 0.3 * query + 0.9 * (vectors["a"] + vectors["b"]) / 2, rtol=1e-5, atol=1e-6
    )
    averaged = Average(meaning, k=3).apply(results)
    mean = (query + vectors["a"] + vectors["b"] + vectors["c"]) / 4
    np.testing.assert_allclose(averaged.queries[0].vectors["bag"], mean, rtol=1e-5, atol=1e-6)
    unit = Average(meaning, k=3, unit=True).apply(results)
    np.testing.assert_allclose(unit.queries[0].vectors["bag"], mean / np.linalg.norm(mean), rtol=1e-5, atol=1e-6)
    assert averaged.hits == results.hits


def test_an_average_of_few_hits_is_theirs(meaning):
    query, only = meaning.encode(["meaning of a model"])[0], meaning.index.vectors(["e"])[0]
    found = Average(meaning, k=3).apply(_results(meaning, "e")).queries[0].vectors["bag"]
    np.testing.assert_allclose(found, (query + only) / 2, rtol=1e-5)


def test_nothing_found_leaves_the_query(meaning):
    plain = (meaning).search(["meaning"], 5)[0]
    for feedback in (Average(meaning), Rocchio(meaning)):
        assert (feedback >> meaning).search(["meaning"], 5)[0].ids == plain.ids
    assert rocchio(np.ones(2, np.float32), np.empty((0, 2), np.float32)).tolist() == [1.0, 1.0]


def test_no_feedback_is_the_first_round(meaning):
    once = meaning.search(["cat and dog"], 5)[0]
    for step in (Rocchio(meaning, k=0), Rocchio(meaning, alpha=1.0, beta=0.0), Average(meaning, k=0)):
        twice = (meaning >> step >> meaning).search(["cat and dog"], 5)[0]
        assert twice.ids == once.ids


def test_bad_settings_are_refused(meaning):
    with pytest.raises(InputError, match="k is -1"):
        Average(meaning, k=-1)
    with pytest.raises(InputError, match="alpha is"):
        Rocchio(meaning, alpha=-0.1)
    with pytest.raises(InputError, match="beta is nan"):
        Rocchio(meaning, beta=float("nan"))
