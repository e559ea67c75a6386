"""Probes against scikit-learn, planted directions, and labels that mean nothing."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score, roc_auc_score
from sklearn.model_selection import GroupShuffleSplit
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from seme.errors import CorruptionError, InputError
from seme.interp.probes import (
    ForestProbe,
    LayerScores,
    LayerStates,
    Probe,
    ProbeWarning,
    bag_of_words,
    expected_calibration_error,
    fit_temperature,
    grouped_splits,
    probe_layers,
    shuffled_within,
)
from seme.interp.probes.measuring import confusion, measured


def _blobs(n: int = 240, width: int = 20, classes: int = 2, size: float = 2.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    scales = np.r_[1000.0, np.ones(width - 1)]  # one dimension a thousand times larger, as in a residual stream
    return (rng.normal(size=(n, width)) + size * rng.normal(size=(classes, width))[y]) * scales, y


@pytest.mark.parametrize("classes", [2, 3])
def test_fits_are_those_of_scikit_learn(classes):
    x, y = _blobs(classes=classes, size=0.5)
    fresh, _ = _blobs(classes=classes, size=0.5, seed=1)
    peers = {
        "logistic": LogisticRegression(C=0.1, max_iter=1000),
        "mlp": MLPClassifier(
            (16,), alpha=10, random_state=3, early_stopping=True, n_iter_no_change=5, batch_size=128, max_iter=1000
        ),
    }
    for kind, peer in peers.items():
        pipeline = make_pipeline(StandardScaler(), peer).fit(x, y)
        found = Probe(kind, penalty=10, hidden=16, seed=3).fit(x, y)
        np.testing.assert_allclose(found.predict_proba(fresh), pipeline.predict_proba(fresh), atol=1e-5)
    ridge = make_pipeline(StandardScaler(), RidgeClassifier(alpha=10)).fit(x, y)
    np.testing.assert_array_equal(Probe("ridge", penalty=10).fit(x, y).predict(fresh), ridge.predict(fresh))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_measures_are_those_of_scikit_learn(seed, classes):
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(classes), rng.integers(0, classes, 30)]
    p = rng.dirichlet(np.ones(classes), len(y)).round(1)  # with ties
    p = (p + 0.01) / (p + 0.01).sum(axis=1, keepdims=True)
    found, two = p.argmax(axis=1), classes == 2
    ours = measured(p, y)
    assert ours["accuracy"] == pytest.approx((found == y).mean())
    assert ours["balanced"] == pytest.approx(balanced_accuracy_score(y, found))
    assert ours["f1"] == pytest.approx(f1_score(y, found, average="binary" if two else "macro"))
    assert ours["auc"] == pytest.approx(roc_auc_score(y, p[:, 1]) if two else roc_auc_score(y, p, multi_class="ovr"))
    np.testing.assert_array_equal(confusion(found, y, classes), confusion_matrix(y, found, labels=range(classes)))


@settings(deadline=None, max_examples=20)
@given(st.floats(1e-3, 1e3), st.floats(-1e3, 1e3), st.sampled_from(["logistic", "ridge"]))
def test_scale_and_origin_do_not_matter(scale, shift, kind):
    x, y = _blobs(n=60, width=5)
    one, other = (
        Probe(kind).fit(x, y).predict_proba(x),
        Probe(kind).fit(x * scale + shift, y).predict_proba(x * scale + shift),
    )
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_planted_direction_is_found_where_it_is_and_only_there():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(300) % 2)
    noise = rng.normal(size=(4, 300, 32))
    noise[2] += 1.5 * np.outer(2 * y - 1, np.eye(32)[3] + np.eye(32)[9]) / np.sqrt(2) * 1.5
    states = LayerStates(noise.astype(np.float32), ("resid.embed", "resid.0", "resid.1", "resid.2"))
    found = probe_layers(states, y)
    assert found.best == 2
    assert found.auc[2].mean() >= 0.95
    assert np.all(np.abs(found.auc[[0, 1, 3]].mean(axis=1) - 0.5) < 0.1)
    control = probe_layers(states, y, shuffled=True)
    assert np.all(np.abs(control.mean - 0.5) < 4 * control.standard_error)
    assert found.selectivity(control)[2] > 0.35
    low, high = found.band(np.random.default_rng(1))
    assert np.all((low <= found.mean) & (found.mean <= high))
    assert high[0] > 0.5 > low[0]
    assert low[2] > 0.8
    pooled = found.right.sum(axis=1) / found.tested.sum()
    np.testing.assert_allclose(found.mean, pooled)
    assert found.confusion.sum() == 4 * found.tested.sum()
    assert not found.unconverged


def test_groups_stay_together_and_each_part_keeps_its_balance():
    y, groups = np.tile([0, 1], 50), np.repeat(np.arange(25), 4)
    for train, test in grouped_splits(y, groups, splits=5, seed=2):
        assert not set(groups[train]) & set(groups[test])
        assert set(train) | set(test) == set(range(100))
        drawn = shuffled_within(y, (train, test), np.random.default_rng(0))
        assert drawn[test].sum() == y[test].sum()
        assert drawn[train].sum() == y[train].sum()
    peer = GroupShuffleSplit(n_splits=5, test_size=0.4, random_state=2).split(y, y, groups)
    for (_, ours), (_, theirs) in zip(grouped_splits(y, groups, splits=5, seed=2), peer, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_of_groups_of_one_class_each_class_has_its_share_held_out():
    y = np.repeat([0, 1, 2], [40, 40, 20])
    groups = np.arange(100) // 2
    for train, test in grouped_splits(y, groups, splits=3, test_share=0.4):
        assert np.bincount(y[test]).tolist() == [16, 16, 8]
        assert not set(groups[train]) & set(groups[test])
        assert len(train) + len(test) == 100


def test_splits_of_ones_own_are_checked():
    states, y = LayerStates.of(np.random.default_rng(0).normal(size=(40, 3))), np.arange(40) % 2
    train, test = np.arange(30), np.arange(30, 40)
    assert probe_layers(states, y, parts=[(train, test)]).tested.tolist() == [0] * 30 + [1] * 10
    for parts, words in (
        ([], "parts is empty"),
        ([(train, np.arange(25, 40))], "a group in both"),
        ([(train, np.arange(30, 40, 2))], "lacks a class"),
    ):
        with pytest.raises(InputError, match=words):
            probe_layers(states, y, parts=parts)


def test_what_leaks_through_copies_is_not_read_where_groups_are_held_out():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    labels = np.repeat(rng.permutation(np.arange(40) % 2), 5)  # of the group, unrelated to anything else
    x = rng.normal(size=(40, 60))[groups] + 0.05 * rng.normal(size=(200, 60))
    states = LayerStates.of(x)
    assert probe_layers(states, labels, probe=Probe(penalty=0.1)).mean[0] > 0.95
    assert abs(probe_layers(states, labels, groups=groups, probe=Probe(penalty=0.1)).mean[0] - 0.5) < 0.2


def test_a_temperature_mends_probabilities_that_are_too_sure():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5000, 3))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = np.array([rng.choice(3, p=one) for one in p])
    assert fit_temperature(logits * 4, y) == pytest.approx(4, rel=0.1)
    sure = np.exp(4 * logits) / np.exp(4 * logits).sum(axis=1, keepdims=True)
    assert expected_calibration_error(p, y) < 0.03 < expected_calibration_error(sure, y)
    assert expected_calibration_error([[0.75, 0.25]] * 4, [0, 0, 0, 1]) == pytest.approx(0)
    x, labels = _blobs(n=400, width=120, size=0.15)
    fresh, truth = _blobs(n=400, width=120, size=0.15, seed=0)
    fresh = fresh + np.random.default_rng(5).normal(size=fresh.shape) * np.r_[1000, np.ones(119)]
    raw, mended = (Probe(penalty=0.01, calibrated=one).fit(x, labels) for one in (False, True))
    assert mended.temperature_ > 1
    assert expected_calibration_error(mended.predict_proba(fresh), truth) < expected_calibration_error(
        raw.predict_proba(fresh), truth
    )


@pytest.mark.parametrize("kind", ["logistic", "mlp"])
def test_a_probe_is_saved_without_pickles(kind, tmp_path):
    x, y = _blobs(n=240, classes=3)
    probe = Probe(kind, hidden=8, calibrated=True).fit(x, np.array(["joy", "fear", "anger"])[y])
    read = Probe.load(probe.save(tmp_path / "probe"))
    np.testing.assert_array_equal(read.predict_proba(x), probe.predict_proba(x))
    assert list(read.predict(x)) == list(probe.predict(x))
    assert read.get_params() == probe.get_params()
    with (tmp_path / "probe" / "probe.safetensors").open("r+b") as file:
        file.truncate(40)
    with pytest.raises(CorruptionError, match="cannot be read"):
        Probe.load(tmp_path / "probe")
    with pytest.raises(InputError, match="holds no probe"):
        Probe.load(tmp_path)


def test_states_are_saved_and_mapped(tmp_path):
    states = LayerStates(np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32), ("a", "b", "c"))
    read = LayerStates.open(states.save(tmp_path))
    np.testing.assert_array_equal(read.values, states.values)
    assert (read.names, len(read), read.layers) == (states.names, 5, 3)
    np.testing.assert_array_equal(read.take([4, 0]).layer(1), states.values[1, [4, 0]])
    with (tmp_path / "states.npy").open("r+b") as file:
        file.truncate(150)
    with pytest.raises(CorruptionError, match="cannot be read"):
        LayerStates.open(tmp_path)


def test_a_fit_that_is_broken_off_says_so():
    x, y = _blobs(n=100, size=0.1)
    with pytest.warns(ProbeWarning, match="did not converge in 2 iterations"):
        assert not Probe(most=2, penalty=1e-4).fit(x, y).converged_
    with pytest.warns(ProbeWarning, match="at rows: raise most"):
        assert probe_layers(LayerStates.of(x), y, probe=Probe(most=2, penalty=1e-4)).unconverged == ("rows",)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Probe().fit(x, y).converged_


def test_words_alone_are_read_by_a_bag():
    texts = [f"{'good' if n % 2 else 'bad'} a{n}" for n in range(40)]
    assert probe_layers(bag_of_words(texts), np.arange(40) % 2, probe=Probe(penalty=1)).mean[0] == 1


_STATES = LayerStates(np.zeros((2, 20, 3), dtype=np.float32), ("a", "b"))
_HALVES = np.arange(20) % 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: probe_layers(_STATES, np.zeros(20)), "names 1 class"),
        (lambda: probe_layers(_STATES, [0] * 17 + [1] * 3), "3 texts of class 1, expected 5"),
        (lambda: probe_layers(_STATES, [0, 1]), r"labels has the shape \(2,\), expected \(20,\)"),
        (lambda: probe_layers(_STATES, [np.nan] * 20), "labels holds NaN"),
        (lambda: probe_layers(_STATES, _HALVES, groups=[1] * 20), "groups names one group"),
        (lambda: probe_layers(_STATES, _HALVES, groups=[1]), "groups has the shape"),
        (lambda: probe_layers(_STATES, _HALVES, groups=_HALVES), "2 groups, of one class 1"),
        (lambda: probe_layers(_STATES, _HALVES, splits=0), "splits is 0"),
        (lambda: probe_layers(_STATES, _HALVES, test_share=1.0), "test_share is 1.0"),
        (lambda: probe_layers(LayerStates.of(np.full((20, 3), np.nan)), _HALVES), "hold NaN"),
        (lambda: Probe("tree").fit(np.eye(20), _HALVES), "kind is 'tree'"),  # type: ignore[arg-type]
        (lambda: Probe(penalty=0).fit(np.eye(20), _HALVES), "penalty is 0"),
        (lambda: Probe(hidden=0).fit(np.eye(20), _HALVES), "hidden is 0"),
        (lambda: Probe().fit(np.full((20, 2), np.inf), _HALVES), "x holds NaN or infinity"),
        (lambda: Probe().fit(np.eye(20), _HALVES).predict(np.ones((2, 3))), "x has the width 3, expected 20"),
        (lambda: LayerStates.of(np.zeros((0, 3))), "values has the shape"),
        (lambda: LayerStates(np.zeros((2, 1, 1), dtype=np.float32), ("a",)), "names has 1 entries"),
        (lambda: _STATES.layer(2), "layer is 2, expected 0 to 1"),
        (lambda: bag_of_words(["", "!"]), "without a word"),
        (lambda: bag_of_words([]), "0 entries"),
        (lambda: bag_of_words(["a"], most=0), "most is 0"),
        (lambda: fit_temperature([[np.nan, 0]], [0]), "expected finite"),
        (lambda: expected_calibration_error([[2.0]], [0]), "from 0 to 1"),
        (lambda: expected_calibration_error([[1.0]], [0], bins=0), "bins is 0"),
        (lambda: probe_layers(_STATES, _HALVES).bootstrap(0, np.random.default_rng()), "count is 0"),
        (lambda: probe_layers(_STATES, _HALVES).band(np.random.default_rng(), level=1), "level is 1"),
        (
            lambda: probe_layers(_STATES, _HALVES).selectivity(probe_layers(LayerStates.of(np.eye(20)), _HALVES)),
            "control has 1 layers",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_a_probe_that_was_not_fitted_says_so():
    with pytest.raises(NotFittedError):
        Probe().predict(np.eye(2))


def test_a_forest_is_scikit_learns_and_comes_back_from_its_folder(tmp_path):
    x, y = _blobs(n=90, width=6)
    ours = ForestProbe(20, leaf=2, seed=3).fit(x, y)
    peer = RandomForestClassifier(20, min_samples_leaf=2, random_state=3).fit(x, y)
    rows = np.random.default_rng(1).normal(size=(50, 6))
    np.testing.assert_allclose(ours.predict_proba(rows), peer.predict_proba(rows), atol=1e-12)
    np.testing.assert_array_equal(ours.predict(rows), peer.predict(rows))
    back = ForestProbe.load(ours.save(tmp_path / "forest"))
    np.testing.assert_array_equal(back.predict_proba(rows), ours.predict_proba(rows))
    (tmp_path / "forest" / "forest.safetensors").write_bytes(b"cut")
    with pytest.raises(CorruptionError, match="cannot be read"):
        ForestProbe.load(tmp_path / "forest")
    for act, words in (
        (lambda: ForestProbe(0).fit(x, y), "trees is 0"),
        (lambda: ours.predict(rows[:, :3]), "the width 3, expected 6"),
        (lambda: ForestProbe.load(tmp_path), "holds no forest"),
    ):
        with pytest.raises(InputError, match=words):
            act()


def test_a_forest_finds_what_no_line_separates():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 4))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    states = LayerStates.of(x)
    assert probe_layers(states, y, probe=ForestProbe(50, leaf=2), splits=2).mean[0] > 0.85
    assert probe_layers(states, y, splits=2).mean[0] < 0.65


def test_joined_scores_are_those_of_one_run_over_all_splits():
    x, y = _blobs(n=80, width=5, size=0.3)
    states = LayerStates(np.stack([x, x[:, ::-1]]).astype(np.float32), ("one", "two"))
    parts = list(grouped_splits(y, splits=3))
    whole = probe_layers(states, y, parts=parts)
    single = [probe_layers(states, y, parts=[one]) for one in parts]
    joined = LayerScores.joined(single)
    for name in ("accuracy", "auc", "right", "tested", "confusion"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
    chosen = LayerScores.joined([one.only(1, "chosen") for one in single])
    assert chosen.names == ("chosen",)
    np.testing.assert_array_equal(chosen.mean, whole.mean[1:])
    with pytest.raises(InputError, match="of other layers"):
        LayerScores.joined([single[0], chosen])
    with pytest.raises(InputError, match="parts is empty"):
        LayerScores.joined([])
