"""Paired tests against SciPy, all signs at once, and their behaviour where there is no difference."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seme.errors import InputError
from seme.retrieval.significance import bonferroni, bootstrap_interval, holm, paired_randomisation, paired_t


def _values(numbers):
    return {str(i): float(x) for i, x in enumerate(numbers)}


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 400), st.floats(-1, 1), st.integers(0, 1000))
def test_t_is_that_of_scipy(n, shift, seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    b = a + rng.normal(size=n) * 0.5 + shift
    found = paired_t(_values(a), _values(b))
    assert found.p == pytest.approx(stats.ttest_rel(b, a).pvalue, rel=1e-8, abs=1e-14)
    assert found.difference == pytest.approx((b - a).mean())


def test_randomisation_comes_near_all_signs():
    rng = np.random.default_rng(1)
    d = rng.normal(size=10) + 0.4
    signs = np.array(list(product((-1, 1), repeat=10)))
    exact = float((np.abs(signs @ d) >= abs(d.sum()) - 1e-12).mean())
    found = paired_randomisation(_values(np.zeros(10)), _values(d), samples=20_000)
    assert found.p == pytest.approx(exact, abs=0.015)


def test_no_difference_is_not_significant_and_a_sure_one_is():
    a = _values([0.5] * 10)
    assert paired_t(a, a).p == 1.0
    assert paired_randomisation(a, a, samples=100).p == 1.0
    b = _values([0.6] * 10)
    assert paired_t(a, b).p < 1e-9
    low, high = bootstrap_interval(a, b, samples=200)
    assert (low, high) == pytest.approx((0.1, 0.1))


def test_the_interval_covers_the_difference_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(100):
        low, high = bootstrap_interval(_values(np.zeros(40)), _values(rng.normal(0.3, 1, 40)), samples=300, seed=seed)
        covered += low <= 0.3 <= high
    assert covered >= 86


def test_corrections():
    assert bonferroni([0.01, 0.4]) == [0.02, 0.8]
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    with pytest.raises(InputError, match="p-value is"):
        holm([1.5])


@pytest.mark.parametrize("test", [paired_t, paired_randomisation, bootstrap_interval])
def test_other_queries_and_too_few_are_refused(test):
    with pytest.raises(InputError, match="other queries"):
        test({"a": 1.0, "b": 1.0}, {"a": 1.0, "c": 1.0})
    with pytest.raises(InputError, match="at least 2"):
        test({"a": 1.0}, {"a": 1.0})
    with pytest.raises(InputError, match="not finite"):
        test({"a": 1.0, "b": 1.0}, {"a": float("nan"), "b": 1.0})
