"""Angles before and after, and the scaling grid's ridge."""

from __future__ import annotations

import numpy as np
import pytest

from seme.errors import InputError
from seme.interp.atoms import ScalingGrid, angle_histogram, atomic_metric, scaling_grid


def test_the_metric_brings_shifted_activations_back_to_right_angles() -> None:
    """The sheet's synthetic check: a shared direction gives 52.9 degrees Euclidean and about 90 atomic."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6000, 64)) + 1.236 * np.ones(64)
    metric, fresh = atomic_metric(x[:4000]), x[4000:]
    assert angle_histogram(fresh).mean == pytest.approx(52.9, abs=1.0)
    assert angle_histogram(fresh, metric).mean == pytest.approx(90.0, abs=1.0)


def test_the_mean_is_that_of_all_pairs() -> None:
    x = np.random.default_rng(1).normal(size=(60, 5))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    all_angles = np.degrees(np.arccos((unit @ unit.T)[np.triu_indices(60, 1)]))
    found = angle_histogram(x, pairs=200_000)
    assert found.mean == pytest.approx(all_angles.mean(), abs=0.3)
    assert found.deviation == pytest.approx(all_angles.std(), abs=0.3)
    assert found.counts.sum() == 200_000
    assert found.edges[[0, -1]].tolist() == [0.0, 180.0]


def test_opposite_and_equal_rows() -> None:
    assert angle_histogram([[1.0, 0.0], [-3.0, 0.0]], pairs=10).mean == pytest.approx(180.0)
    assert angle_histogram([[1.0, 0.0], [2.0, 0.0]], pairs=10).mean == pytest.approx(0.0)
    with pytest.raises(InputError):
        angle_histogram([[1.0, 0.0]])


def test_the_grid_gives_the_first_rows_and_the_ridge_is_where_r2_reaches_the_level() -> None:
    x = np.arange(40, dtype=float).reshape(20, 2)
    grid = scaling_grid(x, [5, 10], [2, 4, 8], lambda rows, units: units / (len(rows) + rows[0, 0]))
    np.testing.assert_allclose(grid.r2, [[0.4, 0.8, 1.6], [0.2, 0.4, 0.8]])
    np.testing.assert_allclose(grid.ridge(0.6), [2**1.5, 2**2.5])
    assert grid.share_rising_with_units() == grid.share_falling_with_samples() == 1.0


def test_a_ridge_may_be_off_the_grid_on_either_side() -> None:
    grid = ScalingGrid((1, 2), (4, 8), np.array([[0.9, 0.95], [0.1, 0.2]]))
    ridge = grid.ridge(0.5)
    assert ridge[0] == 4
    assert np.isnan(ridge[1])


@pytest.mark.parametrize(("samples", "units"), [([], [2]), ([4, 2], [2]), ([2, 50], [2]), ([2], [0, 1])])
def test_impossible_grids_are_refused(samples: list[int], units: list[int]) -> None:
    with pytest.raises(InputError):
        scaling_grid(np.ones((20, 2)), samples, units, lambda *_: 0.0)
