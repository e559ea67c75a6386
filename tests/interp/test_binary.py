"""Scores, labels and directions as arguments: what is let through is unchanged, and what is wrong is named."""

import numpy as np
import pytest

from seme.errors import InputError
from seme.interp.binary import as_labels, as_scores, auroc
from seme.interp.directions import unit_rows


def test_the_area_counts_pairs():
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 6, 40), rng.integers(0, 2, 40)
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[labels == 1] for b in scores[labels == 0]]
    assert auroc(scores, labels) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (lambda: as_scores([1, np.nan], "distances"), r"distances has the shape \(2,\)"),
        (lambda: as_scores([]), "at least one"),
        (lambda: as_labels([1, 0], 3, "wrong"), r"wrong has the shape \(2,\), expected one label for each of 3"),
        (lambda: as_labels([1, 2], 2), "other values than 0 and 1"),
        (lambda: auroc([1, 2], [True, True]), "one class only: all 2 are 1"),
        (lambda: unit_rows([[1.0, 0.0], [0.0, np.inf]], "x"), r"x has 1 row\(s\) that are not finite, the first is"),
        (lambda: unit_rows([[1.0, 0.0], [0.0, 0.0]], "x"), r"x has 1 zero row\(s\).* the first is row 1"),
    ],
)
def test_what_is_wrong_is_named(wrong, match):
    with pytest.raises(InputError, match=match):
        wrong()


def test_labels_of_one_kind_may_be_let_through_and_directions_have_length_one():
    assert as_labels([0, 0], 2, both=False).tolist() == [False, False]
    x = np.random.default_rng(1).normal(size=(4, 3, 5))
    found = unit_rows(x)
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1)
    np.testing.assert_allclose(found * np.linalg.norm(x, axis=-1, keepdims=True), x)
