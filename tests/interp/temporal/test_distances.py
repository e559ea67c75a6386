"""Distances against brute force, and the fits against scipy and closed forms."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress

from seme.errors import InputError
from seme.interp.temporal import (
    edit_distance,
    exposure_gap,
    fit_distance,
    fit_distances,
    linear_distance,
    log_distance,
    reference_distance,
    signed_log,
)
from seme.interp.temporal.regression import pairs, weighted_r2

YEARS = np.arange(1525, 2525, 40)


@cache
def _levenshtein(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    return min(_levenshtein(a[1:], b) + 1, _levenshtein(a, b[1:]) + 1, _levenshtein(a[1:], b[1:]) + (a[0] != b[0]))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 99_999), min_size=3, max_size=8, unique=True))
def test_the_edit_distance_is_that_of_its_definition(years):
    expected = [[_levenshtein(str(a), str(b)) for b in years] for a in years]
    assert (edit_distance(years) == expected).all()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 5000), min_size=3, max_size=6, unique=True), st.integers(1, 5000))
def test_the_distance_around_a_reference_is_a_difference_on_one_side_and_a_sum_across(years, reference):
    found = reference_distance(years, reference)
    for a, i in enumerate(years):
        for b, j in enumerate(years):
            u, v = np.log1p(abs(reference - i)), np.log1p(abs(reference - j))
            across = (i - reference) * (j - reference) < 0
            assert found[a, b] == pytest.approx(u + v if across else abs(u - v), abs=1e-12)
    assert np.isfinite(found).all()
    assert (np.diff(signed_log(sorted(years), reference)) > 0).all()


def test_logarithmic_and_linear_distances_are_what_they_say():
    assert log_distance([10, 100, 1000])[0] == pytest.approx([0, np.log(10), 2 * np.log(10)])
    assert linear_distance([10, 100, 1000])[2].tolist() == [990, 900, 0]


def test_one_distance_is_fitted_as_scipy_does():
    rng = np.random.default_rng(0)
    d = log_distance(YEARS)
    noise = rng.normal(size=d.shape)
    s = 1 - 0.7 * d + 0.05 * (noise + noise.T)
    found, expected = fit_distance(s, d), linregress(pairs(d), pairs(s))
    assert found.slope == pytest.approx(expected.slope)
    assert found.intercept == pytest.approx(expected.intercept)
    assert found.r2 == pytest.approx(expected.rvalue**2)
    assert fit_distance(-s, d).r2 == pytest.approx(-found.r2)
    assert weighted_r2(s, d, np.ones((1, len(s))))[0] == pytest.approx(found.r2)


def test_weights_of_years_count_as_repeated_years_do():
    rng = np.random.default_rng(1)
    d, noise = log_distance(YEARS), rng.normal(size=(len(YEARS), len(YEARS)))
    s = -d + noise + noise.T
    counts = rng.multinomial(len(YEARS), np.full(len(YEARS), 1 / len(YEARS)))
    drawn = np.repeat(np.arange(len(YEARS)), counts)
    first, second = (matrix[np.ix_(drawn, drawn)][np.not_equal.outer(drawn, drawn)] for matrix in (s, d))
    plain = np.corrcoef(first, second)[0, 1]
    # A year that is drawn twice makes pairs with others twice, and none with itself.
    mass = len(drawn) ** 2 - (counts**2).sum()
    assert mass == len(first)
    assert weighted_r2(s, d, counts[None].astype(float))[0] == pytest.approx(-plain * abs(plain))


def test_distances_together_have_the_coefficients_they_were_mixed_with():
    a, b = log_distance(YEARS), edit_distance(YEARS)
    s = -(2 * a / pairs(a).std() + b / pairs(b).std())
    found = fit_distances(s, {"log": a, "edit": b})
    assert found.r2 == pytest.approx(1)
    assert found.coefficients["log"] / found.coefficients["edit"] == pytest.approx(2)


def test_what_numbers_show_too_is_no_exposure():
    years = np.arange(1600, 2501, 25)
    future = (years >= 2100).astype(float)
    base = 0.5 - 0.1 * log_distance(years)
    crowded = base + 0.2 * np.outer(future, future)
    found = exposure_gap(crowded, base, years)
    assert found.difference == pytest.approx(0.2)
    assert np.quantile(found.draws, 0.025) > 0.15
    assert exposure_gap(crowded, crowded, years).difference == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: log_distance([1, 2]), "2 distinct years"),
        (lambda: log_distance([1, 2, 2]), "none twice"),
        (lambda: log_distance([0, 1, 2]), "whole numbers from 1"),
        (lambda: log_distance([1.5, 2, 3]), r"years holds 1\.5"),
        (lambda: log_distance([np.nan, 2, 3]), "finite whole numbers"),
        (lambda: reference_distance([1, 2, 3], np.inf), "reference is inf"),
        (lambda: fit_distance(np.ones((4, 4)), log_distance([1, 2, 3, 4])), "not defined where nothing varies"),
        (lambda: fit_distance(np.eye(3), log_distance([1, 2, 3, 4])), "must be of the same years"),
        (lambda: fit_distance(np.arange(9).reshape(3, 3), np.eye(3)), "similarity is not symmetric"),
        (lambda: fit_distance(np.full((3, 3), np.nan), np.eye(3)), "is not finite"),
        (lambda: fit_distances(np.eye(3), {}), "distances is empty"),
        (lambda: exposure_gap(np.eye(3), np.eye(3), [1600, 1700, 1800]), "future is 2100 to 2500, which holds 0"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
