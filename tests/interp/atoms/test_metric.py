"""The metric: float64 brute force, the tight-frame identity, invariances, hostile input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.interp.atoms import AtomicMetric, SecondMoment, atomic_metric, coherence, dictionary_metric, unit_norm_atoms


def rows(count: int, width: int, seed: int = 0, shift: float = 0.0) -> np.ndarray:
    """Return correlated rows with a common direction."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, width)) @ rng.normal(size=(width, width)) + shift


def test_metric_is_the_inverse_of_the_second_moment() -> None:
    x = rows(900, 12, shift=4.0)
    metric = atomic_metric(x)
    expected = np.linalg.inv(x.T @ x / len(x))
    np.testing.assert_allclose(metric.matrix, expected, rtol=1e-8)
    np.testing.assert_allclose(metric.dual(x), x @ expected, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(metric.norms(x) ** 2, np.einsum("ni,ij,nj->n", x, expected, x), rtol=1e-8)
    np.testing.assert_allclose(metric.unwhiten(metric.whiten(x)), x, atol=1e-9)


def test_batches_in_any_order_and_merged_give_the_moment_of_the_whole() -> None:
    x = rows(500, 7)
    parts = [SecondMoment(7).update(x[:100]).update(x[100:130]), SecondMoment(7).update(x[130:])]
    merged = parts[1].merge(parts[0])
    np.testing.assert_allclose(merged.matrix, x.T @ x / 500, rtol=1e-12)
    np.testing.assert_allclose(atomic_metric(merged).matrix, atomic_metric(x).matrix, rtol=1e-7)


def test_numpy_and_torch_agree_and_float32_is_widened() -> None:
    x = rows(300, 6).astype(np.float32)
    assert np.array_equal(atomic_metric(x).factor, atomic_metric(torch.from_numpy(x)).factor)
    assert atomic_metric(x).factor.dtype == np.float64


def test_a_dictionary_is_a_tight_frame_under_its_own_metric() -> None:
    """T1: sum_j d~_j d~_j^T = I for S = (D D^T)^{-1}, and the squared norms average H/N."""
    atoms = rows(96, 32)
    metric = dictionary_metric(atoms)
    whitened = metric.whiten(atoms)
    np.testing.assert_allclose(whitened.T @ whitened, np.eye(32), atol=1e-6)
    assert np.mean(metric.norms(atoms) ** 2) == pytest.approx(32 / 96, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-6, 1e6), st.integers(0, 1000))
def test_cosines_ignore_the_scale_of_the_metric_and_any_invertible_map(scale: float, seed: int) -> None:
    x, atoms = rows(200, 8, seed), rows(20, 8, seed + 1)
    change = np.random.default_rng(seed + 2).normal(size=(8, 8)) + 3 * np.eye(8)
    plain = atomic_metric(x).cosines(atoms)
    np.testing.assert_allclose(AtomicMetric(scale * (x.T @ x)).cosines(atoms), plain, atol=1e-6)
    np.testing.assert_allclose(atomic_metric(x @ change).cosines(atoms @ change), plain, atol=1e-6)


def test_norms_of_atoms_can_be_made_one_while_the_metric_is_kept() -> None:
    atoms = rows(40, 10)
    metric = dictionary_metric(atoms)
    np.testing.assert_allclose(metric.norms(unit_norm_atoms(atoms, metric)), 1.0, rtol=1e-10)


def test_a_ridge_is_a_multiple_of_the_mean_of_the_diagonal() -> None:
    x = rows(5, 8)
    moment = x.T @ x / 5
    expected = np.linalg.inv(moment + 0.01 * np.trace(moment) / 8 * np.eye(8))
    np.testing.assert_allclose(atomic_metric(x, ridge=0.01).matrix, expected, rtol=1e-8)


def test_the_metric_of_isotropic_codes_is_the_metric_of_the_dictionary() -> None:
    """E[k k^T] is proportional to D D^T when codes are isotropic: the reason for the estimator."""
    rng = np.random.default_rng(3)
    atoms = rng.normal(size=(24, 8))
    x = rng.normal(size=(200_000, 24)) @ atoms
    estimated = coherence(atoms, atomic_metric(x))
    assert np.abs(estimated.pairs - coherence(atoms, dictionary_metric(atoms)).pairs).max() < 0.02


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.ones(5), "two dimensions"),
        (np.ones((0, 3)), "at least 1 row"),
        (np.array([[1.0, np.nan]]), "NaN or infinity"),
        (np.array([[1.0, np.inf]]), "NaN or infinity"),
        (rows(4, 8), "4 rows but 8 coordinates"),
        (np.ones((50, 3)), "singular"),
        (np.c_[rows(50, 3), np.zeros(50)], "singular"),
        ([["a", "b"]], "matrix of numbers"),
        (None, "two dimensions"),
    ],
)
def test_activations_that_give_no_metric_are_refused(x: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        atomic_metric(x)


def test_singular_errors_name_the_mend() -> None:
    for make in (lambda: atomic_metric(rows(4, 8)), lambda: dictionary_metric(rows(4, 8))):
        with pytest.raises(InputError) as caught:
            make()
        assert "ridge" in caught.value.hint


def test_widths_zero_rows_and_negative_ridges_are_refused() -> None:
    metric = atomic_metric(rows(50, 4))
    with pytest.raises(InputError, match="width 5"):
        metric.whiten(np.ones((2, 5)))
    with pytest.raises(InputError, match="1 zero row"):
        metric.cosines(np.zeros((1, 4)))
    with pytest.raises(InputError, match="ridge"):
        atomic_metric(rows(50, 4), ridge=-1.0)
    with pytest.raises(InputError, match="symmetric"):
        AtomicMetric(np.triu(np.ones((3, 3))))
    with pytest.raises(InputError, match="no rows"):
        atomic_metric(SecondMoment(4))
