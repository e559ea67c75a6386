"""The threshold window theorem and l1 recovery, against planted codes and an independent decoder."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import hadamard
from sklearn.linear_model import OrthogonalMatchingPursuit

from seme.errors import InputError
from seme.interp.atoms import (
    basis_pursuit,
    coherence,
    dictionary_metric,
    faithfulness,
    recovery_window,
    support_exact_share,
    threshold_codes,
    unit_norm_atoms,
)


def planted(
    units: int, sparsity: int, count: int, seed: int, span: tuple[float, float], *, exactly: bool = True
) -> np.ndarray:
    """Return codes with positive values in `span` on random supports of `sparsity` units (or up to it)."""
    rng = np.random.default_rng(seed)
    codes = np.zeros((count, units))
    for row in codes:
        size = sparsity if exactly else int(rng.integers(1, sparsity + 1))
        row[rng.choice(units, size, replace=False)] = rng.uniform(*span, size=size)
    return codes


def two_bases(width: int) -> np.ndarray:
    """Return 2H atoms of coherence 1/sqrt(H)."""
    return np.vstack([np.eye(width), hadamard(width) / np.sqrt(width)])


@pytest.mark.parametrize("sparsity", [1, 2, 3, 4])
@pytest.mark.parametrize("place", [0.05, 0.5, 0.95])
def test_every_threshold_in_the_window_finds_every_support(sparsity: int, place: float) -> None:
    """T2, on a dictionary whose coherence is known exactly: 1/16 for 512 atoms in 256 dimensions."""
    atoms, truth = two_bases(256), planted(512, sparsity, 400, sparsity, (1.0, 1.2), exactly=False)
    window = recovery_window(1 / 16, sparsity, 1.0, 1.2)
    assert window.exists
    threshold = window.lower + place * (window.upper - window.lower)
    assert threshold in window
    raw = threshold_codes(truth @ atoms, atoms, threshold)
    refit = threshold_codes(truth @ atoms, atoms, threshold, refit=True)
    assert support_exact_share(raw, truth) == support_exact_share(refit, truth) == 1.0
    assert np.abs(raw - truth).max() <= (sparsity - 1) * 1.2 / 16 + 1e-9
    np.testing.assert_allclose(refit, truth, atol=1e-9)
    assert support_exact_share(threshold_codes(truth @ atoms, atoms, 0.0), truth) < 0.2


@pytest.mark.parametrize("sparsity", [1, 2])
def test_the_window_holds_for_a_random_dictionary_under_its_own_metric(sparsity: int) -> None:
    raw_atoms = np.random.default_rng(0).normal(size=(1024, 256))
    metric = dictionary_metric(raw_atoms)
    atoms = unit_norm_atoms(raw_atoms, metric)
    window = recovery_window(coherence(atoms, metric).largest, sparsity, 1.0, 1.2)
    truth = planted(1024, sparsity, 300, 1, (1.0, 1.2))
    assert window.exists
    codes = threshold_codes(truth @ atoms, atoms, window.middle, metric)
    assert support_exact_share(codes, truth) == 1.0
    assert support_exact_share(threshold_codes(truth @ atoms, atoms, 0.0, metric), truth) == 0.0


def test_beyond_the_window_values_suffer_and_a_refit_mends_them() -> None:
    """K = 4 breaks the condition by the maximum coherence; supports mostly survive (sheet: raw R2 0.991)."""
    raw_atoms = np.random.default_rng(0).normal(size=(1024, 256))
    metric = dictionary_metric(raw_atoms)
    atoms = unit_norm_atoms(raw_atoms, metric)
    truth = planted(1024, 4, 300, 2, (1.0, 1.2))
    assert not recovery_window(coherence(atoms, metric).largest, 4, 1.0, 1.2).exists
    x = truth @ atoms
    raw, refit = (threshold_codes(x, atoms, 0.67, metric, refit=choice) for choice in (False, True))
    exact = np.all((raw != 0) == (truth != 0), axis=1)
    assert exact.mean() > 0.98
    assert faithfulness(x, raw @ atoms).uncentred == pytest.approx(0.991, abs=0.004)
    assert faithfulness(x[exact], refit[exact] @ atoms).centred == pytest.approx(1.0, abs=1e-9)


def test_refit_is_what_orthogonal_matching_pursuit_finds() -> None:
    atoms, truth = two_bases(64), planted(128, 2, 40, 0, (1.0, 1.2))
    x = truth @ atoms
    refit = threshold_codes(x, atoms, recovery_window(1 / 8, 2, 1.0, 1.2).middle, refit=True)
    pursuit = OrthogonalMatchingPursuit(n_nonzero_coefs=2, fit_intercept=False).fit(atoms.T, x.T)
    np.testing.assert_allclose(refit, pursuit.coef_, atol=1e-8)


@pytest.mark.parametrize("sparsity", [1, 2, 4])
def test_least_l1_norm_recovers_every_code_below_the_bound(sparsity: int) -> None:
    """T1: mu = 1/8 < 1/(2K - 1) for K <= 4; signs are free here."""
    atoms = two_bases(64)
    truth = planted(128, sparsity, 20, 3, (1.0, 2.0)) * np.random.default_rng(1).choice([-1, 1], size=(20, 128))
    np.testing.assert_allclose(basis_pursuit(truth @ atoms, atoms), truth, atol=1e-6)


def test_least_l1_norm_fails_where_the_bound_is_far_exceeded() -> None:
    """The check can fail: 30 active of 128 in 64 dimensions is past any recovery."""
    atoms, truth = two_bases(64), planted(128, 30, 5, 4, (1.0, 2.0))
    assert np.abs(basis_pursuit(truth @ atoms, atoms) - truth).max() > 1e-3


def test_one_threshold_per_unit() -> None:
    x = np.array([[0.5, 0.5]])
    np.testing.assert_array_equal(threshold_codes(x, np.eye(2), [0.4, 0.6]), [[0.5, 0.0]])
    np.testing.assert_array_equal(threshold_codes(x, np.eye(2), 0.5), x)


def test_faithfulness_in_both_conventions() -> None:
    x = np.array([[10.0, 0.0], [12.0, 0.0]])
    made = faithfulness(x, np.array([[11.0, 0.0], [11.0, 0.0]]))
    assert made.centred == 0.0
    assert made.uncentred == pytest.approx(1 - 2 / 244)


@pytest.mark.parametrize(
    "arguments", [(1.5, 2, 1, 1.2), (-0.1, 2, 1, 1.2), (0.1, 0, 1, 1.2), (0.1, 2, 0, 1.2), (0.1, 2, 2, 1.2)]
)
def test_impossible_windows_are_refused(arguments: tuple[float, int, float, float]) -> None:
    with pytest.raises(InputError):
        recovery_window(*arguments)


def test_hostile_rows_are_refused() -> None:
    with pytest.raises(InputError, match="no combination"):
        basis_pursuit(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]))
    with pytest.raises(InputError, match="shape"):
        faithfulness(np.ones((2, 2)), np.ones((2, 3)))
    with pytest.raises(InputError, match="equal"):
        faithfulness(np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(InputError, match="zero row"):
        unit_norm_atoms(np.zeros((2, 2)))
