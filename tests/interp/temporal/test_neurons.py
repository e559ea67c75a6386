"""Planted temporal neurons are found, and their trough; without them nothing is selected."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from seme.errors import InputError
from seme.interp.temporal import coding, matched_controls, temporal_neurons

YEARS = np.arange(1525, 2525, 4)


def _planted(seed, reference=2000, neurons=1000, strength=0.5):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(len(YEARS), neurons))
    truth = np.zeros(neurons, dtype=bool)
    truth[rng.choice(neurons, neurons // 100, replace=False)] = True
    growth = np.log1p(np.abs(reference - YEARS))[:, None]
    number = base + 0.3 * rng.normal(size=base.shape)
    year = base + 0.3 * rng.normal(size=base.shape) + strength * truth * growth
    return year, number, truth


@pytest.mark.parametrize("seed", range(3))
def test_planted_neurons_are_found_with_their_trough(seed):
    year, number, truth = _planted(seed)
    found = temporal_neurons(year, number)
    assert (found.selected & truth).sum() >= 0.95 * truth.sum()
    assert (found.selected & truth).sum() >= 0.95 * found.selected.sum()
    profile = (year - number)[:, found.selected].mean(axis=1)
    shape = coding(profile, YEARS, window=21)
    assert abs(shape.trough - 2000) <= 10
    assert shape.aic_gain > 0
    assert min(shape.left, shape.right) > 0
    assert shape.r2_log > shape.r2_linear


def test_without_a_preference_nothing_is_selected():
    year, number, _ = _planted(0, strength=0)
    assert temporal_neurons(year, number).share <= 0.001


def test_the_test_is_the_paired_t_test_of_scipy():
    rng = np.random.default_rng(3)
    year, number = rng.normal(size=(20, 7)) + 0.4, rng.normal(size=(20, 7))
    expected = np.minimum(1, 7 * ttest_rel(year, number, alternative="greater").pvalue)
    assert temporal_neurons(year, number).p == pytest.approx(expected)


def test_a_difference_that_is_always_the_same_is_certain_and_none_is_none():
    number = np.zeros((5, 3))
    year = number + np.array([1.0, 0.0, -1.0])
    found = temporal_neurons(year, number)
    assert found.selected.tolist() == [True, False, False]


def test_a_linear_profile_is_not_called_logarithmic():
    profile = np.abs(YEARS - 2001) / 100 + 0.1 * np.random.default_rng(0).normal(size=len(YEARS))
    shape = coding(profile, YEARS, window=21)
    assert shape.aic_gain < 0
    assert abs(shape.trough - 2001) <= 15
    assert coding(profile, YEARS, trough=1990).trough == 1990


def test_controls_have_the_same_gap_and_are_not_selected():
    rng = np.random.default_rng(0)
    gap = rng.normal(size=2000)
    selected = gap > 1.8
    drawn = matched_controls(gap, selected, draws=5)
    assert drawn.shape == (5, selected.sum())
    assert not selected[drawn].any()
    assert np.abs(np.abs(gap[drawn]) - gap[selected]).mean() < 0.15


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: temporal_neurons(np.ones((3, 2)), np.ones((3, 1))), "they must be the same"),
        (lambda: temporal_neurons(np.ones((2, 2)), np.ones((2, 2))), r"year has the shape \(2, 2\)"),
        (lambda: temporal_neurons(np.full((3, 2), np.nan), np.ones((3, 2))), "year holds NaN"),
        (lambda: temporal_neurons(np.ones((3, 2)), np.ones((3, 2)), level=1), "level is 1"),
        (lambda: temporal_neurons(np.ones((3, 2)), np.ones((3, 2)), effect=-1), "effect is -1"),
        (lambda: matched_controls([1, 2], [False, False], draws=1), "selected has 0 of 2"),
        (lambda: matched_controls([1, 2], [True, True], draws=1), "at most half"),
        (lambda: matched_controls([1, 2], [True, False], draws=0), "draws is 0"),
        (lambda: matched_controls([1, np.nan], [True, False], draws=1), "both are finite"),
        (lambda: coding(np.ones(250), YEARS), "profile is constant"),
        (lambda: coding(np.ones(3), [1, 2, 3]), "at least 10"),
        (lambda: coding(np.arange(250.0), YEARS[::-1]), "do not rise"),
        (lambda: coding(np.arange(250.0), YEARS, window=0), "window is 0"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
