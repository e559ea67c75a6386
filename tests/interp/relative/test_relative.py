"""Relative representations: what they are invariant to, by theorem, and what they are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

from seme.errors import InputError
from seme.interp.relative import (
    METHODS,
    SIMILARITIES,
    RelativeRepresentation,
    compare_spaces,
    linear_cka,
    select_anchors,
    stitch,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 24)) * np.linspace(1, 3, 24) + 0.5
TURNED = 2.5 * X @ ortho_group.rvs(24, random_state=1)


def relative(x, anchors, **options):
    return RelativeRepresentation(**options).fit(x[anchors]).transform(x)


def test_the_cosine_is_that_of_scikit_learn_and_distances_are_distances():
    anchors = select_anchors(X, 40)
    assert np.allclose(relative(X, anchors), cosine_similarity(X, X[anchors]))
    assert np.allclose(relative(X, anchors, similarity="euclidean"), -euclidean_distances(X, X[anchors]), atol=1e-6)
    basis = relative(X, anchors, similarity="basis")
    assert np.allclose(basis @ X[anchors], X, atol=1e-8)


def test_rotations_and_scales_change_nothing():
    anchors = select_anchors(X, 40)
    assert np.allclose(relative(X, anchors), relative(TURNED, anchors), atol=1e-12)
    found = compare_spaces(relative(X, anchors), relative(TURNED, anchors))
    assert found.jaccard == found.mrr == 1.0
    assert found.cosine == pytest.approx(1.0)
    assert abs(compare_spaces(X - X.mean(0), TURNED - TURNED.mean(0)).mrr) < 0.1


def test_translations_do_unless_the_anchors_are_centred():
    anchors = select_anchors(X, 40)
    moved = X + 7.0
    assert not np.allclose(relative(X, anchors), relative(moved, anchors), atol=0.1)
    assert np.allclose(relative(X, anchors, centre=True), relative(moved, anchors, centre=True))


def test_options():
    anchors = select_anchors(X, 10)
    stepped = relative(X, anchors, step=0.25)
    assert set(np.unique(stepped)) <= set(np.arange(-4, 5) / 4)
    assert np.allclose(np.linalg.norm(relative(X, anchors, unit=True), axis=1), 1.0)
    for similarity in SIMILARITIES:
        assert relative(X, anchors, similarity=similarity).shape == (400, 10)


@pytest.mark.parametrize("method", METHODS)
def test_anchors_are_different_samples_and_the_seed_decides(method):
    chosen = select_anchors(X, 30, method=method, seed=3)
    assert len(set(chosen.tolist())) == 30
    assert np.array_equal(chosen, select_anchors(X, 30, method=method, seed=3))


def test_farthest_anchors_cover_the_directions_best():
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)

    def radius(method):
        return float((1 - unit @ unit[select_anchors(X, 30, method=method)].T).min(axis=1).max())

    assert radius("farthest") < radius("uniform")


def test_figures_of_a_comparison_by_hand():
    a = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.1]])
    b = a[[1, 0, 2]]
    found = compare_spaces(a, b, k=1)
    assert found.mrr == pytest.approx((1 / 2 + 1 / 3 + 1) / 3)
    assert found.cosine == pytest.approx(1 / 3)
    assert found.jaccard == pytest.approx(1 / 3)


def test_alignment_of_kernels_ignores_rotations_and_widths():
    assert linear_cka(X, TURNED) == pytest.approx(1.0)
    assert linear_cka(X, RNG.normal(size=(400, 5))) < 0.2


def test_heads_go_from_space_to_space():
    anchors = select_anchors(X, 40)
    target = X[:, 0]
    spaces = {"x": relative(X, anchors), "turned": relative(TURNED, anchors), "narrow": X[:, :3]}

    def fit(x):
        return np.linalg.lstsq(x, target, rcond=None)[0]

    found = stitch(spaces, spaces, fit, lambda head, x: float(np.corrcoef(x @ head, target)[0, 1]))
    assert found.scores[0, 1] == pytest.approx(found.scores[0, 0])
    assert np.isnan(found.scores[0, 2])
    assert found.index == pytest.approx(found.stitched / found.own)
    assert found.scores[0, 1] > 0.98


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="no anchors"):
        RelativeRepresentation().transform(X)
    with pytest.raises(InputError, match="width 3, and the anchors have 24"):
        RelativeRepresentation().fit(X[:5]).transform(X[:, :3])
    with pytest.raises(InputError, match="zero row"):
        RelativeRepresentation().fit(X[:5]).transform(np.zeros((1, 24)))
    with pytest.raises(InputError, match="similarity is 'near'"):
        RelativeRepresentation("near").fit(X)
    with pytest.raises(InputError, match="NaN"):
        RelativeRepresentation().fit(np.full((2, 2), np.nan))
    with pytest.warns(UserWarning, match="same"):
        RelativeRepresentation().fit(X[[0, 0]])
    with pytest.raises(InputError, match="count is 500"):
        select_anchors(X, 500)
    with pytest.raises(InputError, match="method is 'best'"):
        select_anchors(X, 5, method="best")
    with pytest.raises(InputError, match="must be the same"):
        compare_spaces(X, X[:, :3])
    with pytest.raises(InputError, match="two spaces or more"):
        stitch({"x": X}, {"x": X}, lambda x: x, lambda _head, _x: 0.0)
