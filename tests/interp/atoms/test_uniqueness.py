"""q*: brute force over levels, closed forms against simulation, the known figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.interp.atoms import (
    atomic_metric,
    coherence,
    dictionary_metric,
    neuron_level,
    null_level,
    random_level,
    share_unique,
    uniqueness_bound,
    uniqueness_curve,
    uniqueness_level,
)


@pytest.mark.parametrize(("sparsity", "simulated"), [(4, 0.9916), (8, 0.781), (16, 0.448)])
def test_known_levels_of_a_random_dictionary(sparsity: int, simulated: float) -> None:
    """256 dimensions, 1024 atoms: the simulation and the closed form give the sheet's figures."""
    assert random_level(256, 1024, sparsity).q == pytest.approx(simulated, abs=0.002)
    assert null_level(256, 1024, sparsity) == pytest.approx(simulated, abs=0.002)


@pytest.mark.parametrize(("width", "most"), [(576, 5), (1536, 9)])
def test_sparsity_that_still_allows_99_percent(width: int, most: int) -> None:
    assert null_level(width, 4 * width, most) >= 0.99 > null_level(width, 4 * width, most + 1)


def test_neurons_have_the_level_of_the_closed_form() -> None:
    """4000 samples of 256 independent neurons: simulated 0.094, closed form 0.099 on the sheet."""
    x = np.random.default_rng(0).normal(size=(4000, 256))
    metric = atomic_metric(x)
    measured = uniqueness_level(coherence(np.eye(256), metric), 256).q
    assert measured == pytest.approx(0.097, abs=0.01)
    assert measured == pytest.approx(neuron_level(metric.matrix), abs=0.01)


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 30), st.lists(st.integers(1, 12), min_size=1, max_size=50), st.integers(0, 1000))
def test_bisection_finds_the_crossing_of_a_fine_grid(units: int, active: list[int], seed: int) -> None:
    measured = coherence(np.random.default_rng(seed).normal(size=(units, 6)))
    grid = np.linspace(0, 1, 1001)
    mu, bound = uniqueness_curve(measured, active, grid)
    held = grid[mu < bound]
    expected = held.max() if held.size else 0.0
    assert uniqueness_level(measured, active).q == pytest.approx(expected, abs=1.1e-3)
    pairs, counts = np.sort(measured.pairs), np.sort(active)
    np.testing.assert_allclose(mu, np.quantile(pairs, grid, method="inverted_cdf"))
    np.testing.assert_allclose(bound, 1 / (2 * np.quantile(counts, grid, method="inverted_cdf") - 1))


def test_the_level_ignores_scale_of_atoms_and_metric() -> None:
    rng = np.random.default_rng(5)
    atoms, active = rng.normal(size=(64, 16)), rng.integers(1, 6, size=200)
    base = uniqueness_level(coherence(atoms, dictionary_metric(atoms)), active)
    scaled = atoms * rng.uniform(0.1, 10, size=(64, 1))
    same_metric = uniqueness_level(coherence(scaled, dictionary_metric(7.0 * atoms)), active)
    assert same_metric.q == pytest.approx(base.q, abs=1e-5)


def test_orthogonal_units_meet_the_condition_outright() -> None:
    level = uniqueness_level(coherence(np.eye(16)), np.arange(1, 17))
    assert (level.q, level.sparsity, level.coherence) == (1.0, 16, 0.0)


def test_no_active_unit_is_vacuous_and_says_so() -> None:
    assert uniqueness_bound(0) == np.inf
    with pytest.warns(UserWarning, match="K_q is 0"):
        assert uniqueness_level(coherence(np.eye(4)), np.zeros(10)).q == 1.0


def test_the_share_of_units_is_another_and_stricter_number() -> None:
    atoms = np.random.default_rng(0).normal(size=(1024, 256))
    measured = coherence(atoms, dictionary_metric(atoms))
    assert share_unique(measured, 4) < 0.01
    assert uniqueness_level(measured, 4).q > 0.99
    assert share_unique(measured, 1) == 1.0


@pytest.mark.parametrize("active", [[], [-1, 2], [1.5], [np.nan], [np.inf], [[1, 2]]])
def test_counts_that_are_none_are_refused(active: list[float]) -> None:
    with pytest.raises(InputError, match="active"):
        uniqueness_level(coherence(np.eye(4)), active)


def test_a_null_needs_more_units_than_dimensions() -> None:
    with pytest.raises(InputError, match="units"):
        null_level(64, 64, 3)
