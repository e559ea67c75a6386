"""Interpolation against a slow version that follows the formula, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.retrieval.fusion import ordered
from seme.retrieval.hits import Hits
from seme.retrieval.interpolation import interpolate

rankings = st.dictionaries(
    st.sampled_from("abcdefgh"), st.floats(-10, 10).map(lambda x: float(np.float32(x))), max_size=8
)


def _slow(lists, weights, scale):
    union = {d for one in lists for d in one}
    total = dict.fromkeys(union, 0.0)
    for one, weight in zip(lists, weights, strict=True):
        if not one:
            continue
        values = list(one.values())
        low, high, mean, std = min(values), max(values), np.mean(values), np.std(values)
        for d in union:
            s = one.get(d, low)
            if scale == "centred":
                s = 0.0 if high == low else (s - (low + high) / 2) / (high - low)
            elif scale == "z-score":
                s = 0.0 if std == 0 else (s - mean) / std
            elif scale == "min-max":
                s = (s - low) / (high - low) if high > low else float(d in one)
            total[d] += weight * s
    return total


@settings(max_examples=60, deadline=None)
@given(st.lists(rankings, min_size=1, max_size=3), st.sampled_from(["centred", "z-score", "min-max", "raw"]))
def test_scores_are_those_of_the_formula(lists, scale):
    weights = [0.3, 0.7, 2.0][: len(lists)]
    found = interpolate([ordered(one) for one in lists], weights, scale=scale)
    expected = _slow(lists, weights, scale)
    assert set(found.ids) == set(expected)
    np.testing.assert_allclose(found.scores, [expected[d] for d in found.ids], rtol=1e-5, atol=1e-5)


def test_an_empty_ranking_adds_nothing_and_two_give_none():
    one = ordered({"a": 2.0, "b": 1.0})
    none = Hits((), np.empty(0, dtype=np.float32))
    for scale in ("centred", "z-score", "min-max", "raw"):
        assert interpolate([one, none], [0.5, 0.5], scale=scale).ids == ("a", "b")
        assert interpolate([none, none], [0.5, 0.5], scale=scale).ids == ()


def test_weights_must_fit():
    with pytest.raises(InputError, match="1 weights for 2 rankings"):
        interpolate([ordered({"a": 1.0})] * 2, [1.0], scale="raw")
