"""Intervals hold the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from seme.errors import InputError
from seme.experiments.intervals import difference_interval, interval, mean_interval, rank_interval


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    held = np.zeros(3)
    for _ in range(400):
        a, b = rng.normal(1.0, 2.0, 6), rng.normal(0.0, 1.0, 9)
        x = rng.normal(size=30)
        for place, (low, high), truth in (
            (0, mean_interval(a), 1.0),
            (1, difference_interval(a, b), 1.0),
            (2, rank_interval(x, rng.normal(size=30))[1], 0.0),
        ):
            held[place] += low <= truth <= high
    assert (np.abs(held / 400 - 0.95) < 0.035).all()


def test_an_interval_of_draws_is_the_normal_one_and_leaves_nan_out():
    draws = np.random.default_rng(0).normal(size=4000)
    assert interval([*draws, np.nan]) == pytest.approx((-1.96, 1.96), abs=0.15)


def test_values_without_spread_have_an_interval_without_width():
    assert mean_interval([2.0, 2.0]) == (2.0, 2.0)
    assert rank_interval(range(5), range(5))[1][1] <= 1


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan]])
def test_too_little_is_refused(values):
    with pytest.raises(InputError, match="values has"):
        mean_interval(values)
