"""A figure counts as beyond a bound only where its interval does."""

from __future__ import annotations

import numpy as np
import pytest

from seme.experiments.clear import clearly_above, clearly_below, clearly_near, interval

DRAWS = np.random.default_rng(0).normal(size=4000)


def test_interval_is_the_normal_one_and_leaves_nan_out() -> None:
    assert interval([*DRAWS, np.nan]) == pytest.approx((-1.96, 1.96), abs=0.15)


@pytest.mark.parametrize(("shift", "verdict"), [(1.0, "fails"), (3.0, "holds")])
def test_a_difference_within_its_spread_does_not_hold(shift: float, verdict: str) -> None:
    assert clearly_above("More", shift, DRAWS + shift).verdict == verdict
    assert clearly_below("Less", -shift, DRAWS - shift).verdict == verdict


def test_near_is_judged_by_the_farther_end() -> None:
    assert clearly_near("Near", 2005, (1990, 2010), value=2000, tolerance=10).verdict == "holds"
    assert clearly_near("Near", 2005, (1980, 2010), value=2000, tolerance=10).verdict == "fails"
