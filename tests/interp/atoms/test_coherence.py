"""Coherence and restricted isometry: brute force, known frames, the Welch and Gershgorin bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard

from seme.errors import InputError
from seme.interp.atoms import coherence, dictionary_metric, isometry_constant, rip_bound, welch_bound
from seme.interp.atoms import coherence as measure


def gaussian(units: int, width: int, seed: int = 0) -> np.ndarray:
    """Return a random dictionary."""
    return np.random.default_rng(seed).normal(size=(units, width))


def two_bases(width: int) -> np.ndarray:
    """Return the identity and the Hadamard basis: 2H atoms of coherence 1/sqrt(H) exactly."""
    return np.vstack([np.eye(width), hadamard(width) / np.sqrt(width)])


def test_pairs_maximum_and_rms_are_those_of_the_gram_matrix() -> None:
    atoms = gaussian(1100, 16)
    found = coherence(atoms, dictionary_metric(atoms))
    gram = np.abs(dictionary_metric(atoms).cosines(atoms))
    pairs = gram[np.triu_indices(1100, 1)]
    np.testing.assert_allclose(found.pairs, np.sort(pairs), atol=1e-12)
    assert found.largest == pytest.approx(pairs.max(), abs=1e-12)
    assert found.rms == pytest.approx(np.sqrt(np.mean(pairs**2)), abs=1e-10)
    np.testing.assert_allclose(found.per_unit, (gram - np.eye(1100)).max(axis=1), atol=1e-9)
    assert found.quantile(0.9) == pytest.approx(np.quantile(pairs, 0.9, method="inverted_cdf"), abs=1e-12)


def test_two_bases_have_coherence_one_over_root_h() -> None:
    found = coherence(two_bases(64))
    assert found.largest == pytest.approx(1 / 8)
    assert set(np.round(found.pairs, 9)) == {0.0, 0.125}


def test_a_random_dictionary_under_its_own_metric_sits_at_the_welch_bound() -> None:
    """The sheet's figure: RMS 0.0542 for 1024 atoms in 256 dimensions, bound 0.05415."""
    atoms = gaussian(1024, 256)
    bound = welch_bound(256, 1024)
    assert bound == pytest.approx(0.05415, abs=1e-5)
    assert bound <= coherence(atoms, dictionary_metric(atoms)).rms <= 1.003 * bound


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.integers(1, 20), st.integers(0, 10_000))
def test_no_dictionary_is_below_the_welch_bound(units: int, width: int, seed: int) -> None:
    assert coherence(gaussian(units, width, seed)).rms >= welch_bound(width, units) - 1e-7


@pytest.mark.parametrize("sparsity", [1, 2, 3, 5])
def test_isometry_constants_keep_gershgorins_bound(sparsity: int) -> None:
    """T1: delta_K <= (K - 1) mu on sampled supports."""
    atoms = gaussian(128, 64)
    metric = dictionary_metric(atoms)
    bound = rip_bound(coherence(atoms, metric).largest, sparsity)
    assert isometry_constant(atoms, sparsity, metric, supports=2000) <= bound + 1e-9


def test_a_sample_of_pairs_has_the_quantiles_of_all_pairs() -> None:
    atoms = gaussian(900, 32)
    exact, sampled = coherence(atoms), coherence(atoms, max_pairs=200_000, seed=1)
    assert sampled.sampled
    assert not exact.sampled
    assert (sampled.largest, sampled.rms) == (exact.largest, exact.rms)
    for q in (0.1, 0.5, 0.9, 0.99):
        assert sampled.quantile(q) == pytest.approx(exact.quantile(q), rel=0.02)


def test_dead_units_are_dropped_and_counted() -> None:
    atoms = np.vstack([gaussian(10, 4), np.zeros((3, 4))])
    found = coherence(atoms)
    assert (found.units, found.dropped) == (10, 3)
    np.testing.assert_array_equal(found.pairs, coherence(atoms[:10]).pairs)


def test_one_duplicate_ruins_the_maximum_but_hardly_the_quantiles() -> None:
    atoms = gaussian(200, 64)
    double = np.vstack([atoms, -2.0 * atoms[:1]])
    assert coherence(double).largest == pytest.approx(1.0)
    assert coherence(double).quantile(0.99) == pytest.approx(coherence(atoms).quantile(0.99), rel=0.01)


@pytest.mark.parametrize("atoms", [np.zeros((5, 3)), np.ones((1, 3)), np.full((2, 2), np.nan), np.ones(4)])
def test_what_is_no_dictionary_is_refused(atoms: np.ndarray) -> None:
    with pytest.raises(InputError):
        coherence(atoms)


def test_bad_quantiles_and_supports_are_refused() -> None:
    found = measure(gaussian(5, 3))
    with pytest.raises(InputError, match="q is"):
        found.quantile(1.5)
    with pytest.raises(InputError, match="sparsity"):
        isometry_constant(gaussian(5, 3), 6)
