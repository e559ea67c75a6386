"""The impact index against a product of dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.retrieval.impacts import ImpactIndex


def _index(matrix, ids, bits=None):
    rows = [np.flatnonzero(row) for row in matrix]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return ImpactIndex(ids, offsets, np.concatenate(rows), matrix[matrix > 0], bits=bits)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_hits_are_those_of_a_product_of_matrices(seed, k):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 4, (9, 6)) * (rng.random((9, 6)) < 0.4)
    ids = [f"d{number}" for number in rng.permutation(9)]
    query = rng.integers(0, 3, 6)
    scores = matrix @ query
    expected = sorted((i for i in range(9) if scores[i] > 0), key=lambda i: (-scores[i], ids[i]))[:k]
    found = _index(matrix, ids).search({term: float(w) for term, w in enumerate(query)} | {99: 1.0}, k)
    assert found.ids == tuple(ids[i] for i in expected)
    np.testing.assert_array_equal(found.scores, scores[expected])


def test_rounded_impacts_are_within_half_a_step():
    rng = np.random.default_rng(0)
    matrix = rng.random((50, 20)).astype(np.float32)
    exact, rounded = (_index(matrix, [str(i) for i in range(50)], bits) for bits in (None, 8))
    one, other = (dict(index.search({3: 1.0}, 50)) for index in (exact, rounded))
    assert max(abs(one[i] - other[i]) for i in one) <= matrix.max() / 255


def test_no_document_is_no_hit():
    assert ImpactIndex([], [0], [], []).search({1: 1.0}, 3).ids == ()
    assert ImpactIndex(["a"], [0, 0], [], []).search({1: 1.0}, 3).ids == ()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((["a"], [0, 1], [1], [float("nan")]), "finite and above 0"),
        ((["a"], [0, 1], [1], [0.0]), "finite and above 0"),
        ((["a"], [0, 2], [1, 1], [1.0, 1.0]), "stands twice"),
        ((["a", "a"], [0, 1, 2], [1, 1], [1.0, 1.0]), "stands twice"),
        ((["a"], [0, 1, 2], [1, 1], [1.0, 1.0]), "for 1 documents"),
        ((["a"], [0, 1], [1, 2], [1.0, 1.0]), "must rise"),
    ],
)
def test_what_is_no_matrix_is_refused(parts, message):
    with pytest.raises(InputError, match=message):
        ImpactIndex(*parts)


def test_a_bad_search_is_refused():
    index = ImpactIndex(["a"], [0, 1], [1], [1.0])
    with pytest.raises(InputError, match="k is 0"):
        index.search({1: 1.0}, 0)
    with pytest.raises(InputError, match="weight of term 1"):
        index.search({1: float("inf")}, 1)
