"""The threshold window: where one threshold reads the true support off the atomic products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seme.errors import InputError
from seme.interp.atoms.inputs import Matrix, as_rows, at_least
from seme.interp.atoms.metric import DEAD, AtomicMetric
from seme.interp.directions import unit_rows


@dataclass(frozen=True)
class Window:
    """The open interval of thresholds that recover every support.

    Attributes
    ----------
    lower : float
        eps K d_max: no false unit can reach it.
    upper : float
        d_min - eps (K - 1) d_max: no true unit can fall below it.
    """

    lower: float
    upper: float

    @property
    def exists(self) -> bool:
        """Whether any threshold is promised to work: d_min > eps (2K - 1) d_max."""
        return self.lower < self.upper

    @property
    def middle(self) -> float:
        """The threshold with the same margin on both sides."""
        return (self.lower + self.upper) / 2

    def __contains__(self, threshold: float) -> bool:
        return self.lower < threshold < self.upper


def recovery_window(eps: float, sparsity: int, smallest: float, largest: float) -> Window:
    """Thresholds that select exactly the true support (Hu et al. 2025, identifiability of the threshold autoencoder).

    Parameters
    ----------
    eps
        Coherence of the atoms, in [0, 1].
    sparsity
        K, the most units active at once.
    smallest, largest
        d_min and d_max: the range of the non-zero coefficients, 0 < d_min <= d_max.

    Examples
    --------
    >>> from seme.interp.atoms import recovery_window
    >>> window = recovery_window(0.1, 2, 1.0, 1.2)
    >>> window.exists, round(window.lower, 3), round(window.upper, 3)
    (True, 0.24, 0.88)
    """
    at_least("sparsity", sparsity, 1)
    if not 0 <= eps <= 1:
        raise InputError(f"eps is {eps}, but a coherence is from 0 to 1.")
    if not 0 < smallest <= largest:
        raise InputError(f"smallest and largest are {smallest} and {largest}, but 0 < smallest <= largest is needed.")
    return Window(eps * sparsity * largest, smallest - eps * (sparsity - 1) * largest)


def threshold_codes(
    x: Any, atoms: Any, threshold: Any, metric: AtomicMetric | None = None, *, refit: bool = False
) -> Matrix:
    """Codes of a threshold autoencoder with oracle weights W_enc = D^T S, W_dec = D.

    Parameters
    ----------
    x
        Activations, shape (n, H).
    atoms
        Units as rows, shape (N, H); they are scaled to unit atomic norm, and so are the codes' units.
    threshold
        One number, or one per unit, shape (N,). 0 or below keeps every positive product, as a ReLU does.
    metric
        None means Euclidean.
    refit
        False ("raw") keeps the products themselves: the support is right within the window, but values carry up to
        eps (K - 1) d_max of interference. True solves least squares on the support, which makes them exact.

    Returns
    -------
    ndarray of shape (n, N)
    """
    rows = as_rows("x", x)
    units = as_rows("atoms", atoms, width=rows.shape[1])
    signals = rows if metric is None else metric.whiten(rows)
    directions = unit_rows(units if metric is None else metric.whiten(units), "atoms", DEAD)
    products = signals @ directions.T
    limit = np.asarray(threshold, dtype=np.float64)
    codes = np.where((products >= limit) & (products > 0), products, 0.0)
    return _refit(signals, directions, codes) if refit else codes


def unit_norm_atoms(atoms: Any, metric: AtomicMetric | None = None) -> Matrix:
    """Scale units to norm 1 under a metric that is kept fixed, shape (N, H)."""
    rows = as_rows("atoms", atoms)
    norms = np.linalg.norm(rows, axis=1) if metric is None else metric.norms(rows)
    if not (norms > 0).all():
        raise InputError(f"atoms has {int((norms == 0).sum())} zero row(s).", hint="Drop the dead units first.")
    return np.asarray(rows / norms[:, None])


def support_exact_share(codes: Any, truth: Any) -> float:
    """Share of activations whose set of active units is exactly the true one."""
    found, wanted = as_rows("codes", codes), as_rows("truth", truth)
    if found.shape != wanted.shape:
        raise InputError(f"codes has shape {found.shape}, but truth has {wanted.shape}.")
    return float(np.mean(np.all((found != 0) == (wanted != 0), axis=1)))


def _refit(signals: Matrix, directions: Matrix, codes: Matrix) -> Matrix:
    fitted = np.zeros_like(codes)
    for row, signal in enumerate(signals):
        support = np.flatnonzero(codes[row])
        if support.size:
            fitted[row, support] = np.linalg.lstsq(directions[support].T, signal, rcond=None)[0]
    return fitted
