"""Intervals hold the truth as often as they say, and claims judge their ends."""

from __future__ import annotations

import numpy as np
import pytest

from seme.errors import InputError
from seme.experiments.intervals import difference_interval, mean_interval, paired, rank_interval, unpaired


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    held = np.zeros(3)
    for _ in range(400):
        a, b = rng.normal(1.0, 2.0, 6), rng.normal(0.0, 1.0, 9)
        x = rng.normal(size=30)
        for place, (low, high), truth in (
            (0, mean_interval(a), 1.0), (1, difference_interval(a, b), 1.0),
            (2, rank_interval(x, rng.normal(size=30))[1], 0.0),
        ):  # fmt: skip
            held[place] += low <= truth <= high
    assert (np.abs(held / 400 - 0.95) < 0.035).all()


def test_a_difference_within_its_spread_does_not_hold():
    assert paired("a", [0.1, 0.12, 0.11]).verdict == "holds"
    assert paired("a", [0.5, -0.3, 0.4]).verdict == "fails"
    assert unpaired("a", [1.0, 1.1, 0.9], [0.0, 0.1, -0.1]).verdict == "holds"
    assert unpaired("a", [1.0, -1.0, 0.9], [0.0, 0.1, -0.1]).verdict == "fails"
    assert mean_interval([2.0, 2.0]) == (2.0, 2.0)
    assert rank_interval(range(5), range(5))[1][1] <= 1


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan]])
def test_too_little_is_refused(values):
    with pytest.raises(InputError, match="values has"):
        mean_interval(values)
