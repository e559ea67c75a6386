"""Planted biases are measured as they were planted, and without one there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from seme.errors import InputError
from seme.interp.feature_bias import (
    component_accuracy,
    downstream_agreement,
    flip_thresholds,
    representational_similarity,
    unit_density,
    variance_explained,
)


def _planted(strengths, seed=0, count=2048, width=24, noise=0.5):
    """Return a layer in which each feature has a direction of its own, and is read from it without error."""
    rng = np.random.default_rng(seed)
    rows = (np.arange(2 ** len(strengths))[:, None] >> np.arange(len(strengths))) & 1
    labels = rng.permutation(np.repeat(rows, count // len(rows), axis=0), axis=0)
    axes = np.linalg.qr(np.random.default_rng(99).normal(size=(width, width)))[0]
    layer = (2 * labels - 1) * np.array(strengths) @ axes[: len(strengths)]
    spread = rng.normal(size=(count, width - len(strengths))) @ axes[len(strengths) :]
    return layer + noise * spread, labels, axes


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 500), st.floats(0.2, 3), st.floats(0.2, 3))
def test_planted_shares_are_measured(seed, easy, hard):
    layer, labels, _ = _planted([easy, hard], seed)
    other, asked, _ = _planted([easy, hard], seed + 1000)
    found = variance_explained((layer, labels), (other, asked))
    whole = easy**2 + hard**2 + 0.25 * 22
    assert found.features == pytest.approx([easy**2 / whole, hard**2 / whole], abs=0.02)
    assert found.together == pytest.approx(found.features.sum(), abs=0.01)
    assert found.together <= 1


def test_the_share_is_the_r2_of_a_regression_weighted_by_variance():
    layer, labels, _ = _planted([1.0, 0.3], 1)
    other, asked, _ = _planted([1.0, 0.3], 2)
    found = variance_explained((layer, labels), (other, asked))
    guess = LinearRegression().fit(labels[:, :1], layer).predict(asked[:, :1])
    assert found.features[0] == pytest.approx(r2_score(other, guess, multioutput="variance_weighted"), abs=3e-3)
    assert found.units[0] == pytest.approx(r2_score(other, guess, multioutput="raw_values"), abs=1e-2)
    doubled = variance_explained((layer, labels), (other, asked), scale=2 * found.total)
    assert doubled.features == pytest.approx(found.features / 2)


def test_classes_are_explained_as_by_an_analysis_of_variance():
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat(np.arange(3), 600))
    centres = rng.normal(size=(3, 8))
    parts = [(centres[labels] + rng.normal(size=(1800, 8)), labels[:, None]) for _ in range(2)]
    found = variance_explained(*parts, classes=True)
    codes = [np.eye(3)[part[1][:, 0]] for part in parts]
    guess = LinearRegression().fit(codes[0], parts[0][0]).predict(codes[1])
    assert found.features[0] == pytest.approx(r2_score(parts[1][0], guess, multioutput="variance_weighted"), abs=3e-3)
    assert found.together == pytest.approx(found.features[0])
    assert found.features[0] > variance_explained(*parts).features[0]  # which takes 0, 1 and 2 for numbers
    layer = parts[1][0] - parts[0][0].mean(0)
    own = np.square(parts[1][0] - guess).sum(1) / np.square(layer).sum(1)
    assert found.by_sample[0] == pytest.approx(1 - own.mean())
    two, asked, _ = _planted([1.0, 0.3], 1)
    both = [variance_explained((two, asked), (two, asked), classes=classes).features for classes in (False, True)]
    assert both[0] == pytest.approx(both[1])
    with pytest.raises(InputError, match="not in fit"):
        variance_explained((two, asked), (two, asked + 1), classes=True)


def test_a_shuffled_feature_explains_nothing():
    layer, labels, _ = _planted([1.0, 0.3], 1)
    other, asked, _ = _planted([1.0, 0.3], 2)
    rng = np.random.default_rng(0)
    mixed = [(part, rng.permutation(values[:, :1])) for part, values in ((layer, labels), (other, asked))]
    assert abs(variance_explained(*mixed).features[0]) < 0.01


def test_a_dense_feature_takes_more_units_than_a_sparse_one():
    assert unit_density([0.5] * 4 + [0.0] * 12) == unit_density([0.0] * 12 + [0.2] * 4)
    assert unit_density([0.5] * 4 + [0.0] * 12).participation == pytest.approx(4)
    assert unit_density([1.0] + [0.01] * 15).share == pytest.approx(1 / 16)
    assert unit_density([0.0, 0.0]).participation == 0


def test_who_is_pushed_flips_halfway_and_nothing_else_does():
    layer, labels, axes = _planted([2.0, 0.5], 3, noise=0.1)

    def read(x):
        return x @ axes[:2].T

    found = flip_thresholds(read, layer, labels)
    assert found.push == pytest.approx([2.0, 0.5], rel=0.1)  # the distance to the middle
    assert found.factor == pytest.approx([0.5, 0.5], abs=0.05)
    assert (found.crossed < 0.01).all()
    none = flip_thresholds(lambda x: np.ones((len(x), 2)), layer, labels)
    assert np.isinf(none.push).all()


def test_few_components_hold_the_strong_feature_and_many_hold_both():
    layer, labels, _ = _planted([2.0, 0.4], 4)
    other, asked, _ = _planted([2.0, 0.4], 5)
    found = component_accuracy((layer, labels), (other, asked), [1, 24])
    assert found[0, 0] > 0.95
    assert found[0, 1] < 0.6
    assert found[1].min() > 0.7


def test_a_classifier_follows_the_strong_feature_and_neither_of_two_equal_ones():
    strong, labels, _ = _planted([2.0, 0.3], 6)
    assert downstream_agreement(strong, labels) > 0.95
    assert downstream_agreement(strong, labels, first=1, second=0) < 0.05
    equal, labels, _ = _planted([1.0, 1.0], 6, noise=1.5)
    assert 0.35 < downstream_agreement(equal, labels) < 0.65


def test_the_same_layer_turned_is_the_same_and_noise_is_not():
    layer, _, axes = _planted([1.0, 0.5], 7, count=128)
    assert representational_similarity(layer, 3 * layer @ axes) == pytest.approx(1)
    rng = np.random.default_rng(0)
    assert abs(representational_similarity(layer, rng.normal(size=(128, 8)))) < 0.1
    assert representational_similarity(layer, layer**3, compare="spearman") > 0.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: variance_explained((np.ones((4, 2)), _two()), (np.ones((4, 2)), _two())), "no variance to explain"),
        (
            lambda: variance_explained((np.eye(4), _two()[:, :1] * 0), (np.eye(4), _two()[:, :1])),
            "feature 0 is the same",
        ),
        (lambda: variance_explained((np.eye(4), _two()[:, [0, 0]]), (np.eye(4), _two())), "correlation of 1.000"),
        (lambda: variance_explained((np.eye(4) * np.nan, _two()), (np.eye(4), _two())), "fit holds NaN"),
        (lambda: variance_explained((np.eye(4), _two()), (np.ones((4, 2)), _two())), "fit has 4 units"),
        (lambda: variance_explained((np.eye(4), _two()[:2]), (np.eye(4), _two())), "fit has shapes"),
        (lambda: variance_explained((np.eye(4), _two()), (np.eye(4), _two()), scale=0), "scale is 0"),
        (lambda: unit_density([]), "units has the shape"),
        (lambda: flip_thresholds(lambda x: x, np.eye(4), _two() + 1), "labels hold other values"),
        (lambda: flip_thresholds(lambda x: x, np.eye(4), _two() * 0), "feature 0 has one value"),
        (lambda: flip_thresholds(lambda x: x, np.eye(4)[:, :2], _two(), factors=[2, 1]), "factors"),
        (lambda: component_accuracy((np.eye(4), _two()), (np.eye(4), _two()), [9]), "counts is"),
        (lambda: representational_similarity(np.eye(3), np.eye(4)), "expected"),
        (lambda: representational_similarity(_two(), np.ones((4, 2))), "b's samples are all as far apart"),
        (lambda: downstream_agreement(np.eye(4), _two(), first=1), "expected two of 2 features"),
        (lambda: downstream_agreement(np.eye(4), _two()[:, [0, 0]]), "in which the two features agree"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()


def _two():
    return np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
