"""Stability: the share of the uniqueness condition that a set of units meets, and what chance would give."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import erf

from seme.errors import InputError
from seme.interp.atoms.coherence import Coherence, coherence, quantile_index
from seme.interp.atoms.inputs import at_least
from seme.interp.atoms.metric import dictionary_metric


@dataclass(frozen=True)
class UniquenessLevel:
    """Where the rising coherence crosses the falling bound.

    Attributes
    ----------
    q : float
        q*, the level: 1 means that the condition mu < 1/(2K - 1) holds outright.
    coherence : float
        mu_q at the level.
    sparsity : int
        K_q at the level.
    bound : float
        1/(2 K_q - 1) at the level; infinite where K_q is 0.
    """

    q: float
    coherence: float
    sparsity: int
    bound: float


def uniqueness_bound(sparsity: float) -> float:
    """1/(2K - 1): below this coherence a K-sparse code is the only sparsest one, and l1 finds it. K = 0 is vacuous."""
    at_least("sparsity", sparsity, 0.0)
    return float("inf") if sparsity < 1 else 1.0 / (2.0 * sparsity - 1.0)


def uniqueness_level(measured: Coherence, active: Any, *, tolerance: float = 1e-6) -> UniquenessLevel:
    """q* = sup{q : mu_q < 1/(2 K_q - 1)} (Hu et al. 2025, stability), by bisection.

    It is a joint quantile level, not a share of units; for that see `share_unique`.

    Parameters
    ----------
    measured
        The coherence of the units.
    active
        Number of active units of each activation, shape (n,), or one number for all.
    tolerance
        Width of the last bracket.

    Raises
    ------
    InputError
        If `active` is empty, negative, not whole, or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from seme.interp.atoms import coherence, uniqueness_level
    >>> uniqueness_level(coherence(np.eye(4)), [3, 4]).q
    1.0
    """
    at_least("tolerance", tolerance, 1e-12)
    counts = _sorted_counts(active)

    def at(q: float) -> UniquenessLevel:
        sparsity = int(counts[quantile_index(len(counts), q)])
        return UniquenessLevel(q, measured.quantile(q), sparsity, uniqueness_bound(sparsity))

    def holds(q: float) -> bool:
        level = at(q)
        return level.coherence < level.bound

    low, high = 0.0, 1.0
    if holds(high):
        low = high
    while high - low > tolerance:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    level = at(low)
    if level.sparsity == 0:
        warnings.warn("K_q is 0 at the level: most activations have no active unit.", stacklevel=2)
    return level


def uniqueness_curve(measured: Coherence, active: Any, levels: Any) -> tuple[Any, Any]:
    """mu_q and 1/(2 K_q - 1) at each of `levels`: the two lines whose crossing is q*."""
    counts = _sorted_counts(active)
    mu = np.array([measured.quantile(q) for q in levels])
    bound = np.array([uniqueness_bound(counts[quantile_index(len(counts), q)]) for q in levels])
    return mu, bound


def share_unique(measured: Coherence, sparsity: float) -> float:
    """Share of units whose own largest coherence is below 1/(2K - 1): stricter than q*, and a different number."""
    return float(np.mean(measured.per_unit < uniqueness_bound(sparsity)))


def null_level(width: int, units: int, sparsity: float) -> float:
    """q* of a random dictionary under its own metric, for a constant K, in closed form.

    Its pairwise cosines are close to N(0, (1 - H/N)/H), so q* = erf(sqrt(H/(1 - H/N)) / (sqrt(2) (2K - 1))).
    Our derivation; the tests check it by simulation.

    Parameters
    ----------
    width
        H.
    units
        N > H.
    sparsity
        K; 0 gives 1.
    """
    at_least("width", width, 1)
    if units <= width:
        raise InputError(f"units is {units}, but must exceed width = {width}.")
    deviation = np.sqrt((1 - width / units) / width)
    return float(erf(uniqueness_bound(sparsity) / (np.sqrt(2) * deviation)))


def neuron_level(metric_matrix: Any) -> float:
    """q* of the neurons in closed form, about 0.8/(2 H s), s the RMS of the normalised off-diagonals of S.

    It takes every neuron as active (K = H), and the cosines as normal.
    """
    matrix = np.asarray(metric_matrix, dtype=np.float64)
    scale = np.sqrt(np.diag(matrix))
    cosines = matrix / np.outer(scale, scale)
    size = len(matrix)
    spread = np.sqrt((np.sum(cosines**2) - size) / (size * (size - 1)))
    return float(erf(uniqueness_bound(size) / (np.sqrt(2) * spread)))


def random_level(width: int, units: int, active: Any, *, seed: int = 0) -> UniquenessLevel:
    """q* of a random Gaussian dictionary of this size under its own metric, with the codes' sparsity as measured.

    The metric makes any generic dictionary look nearly orthogonal; this is what q* has to be set beside.
    """
    atoms = np.random.default_rng(seed).normal(size=(units, width))
    return uniqueness_level(coherence(atoms, dictionary_metric(atoms), seed=seed), active)


def _sorted_counts(active: Any) -> Any:
    counts = np.sort(np.atleast_1d(np.asarray(active, dtype=np.float64)))
    if counts.ndim != 1 or counts.size == 0 or not np.isfinite(counts).all():
        raise InputError("active must be one count, or a list of at least one finite count per activation.")
    if counts[0] < 0 or (counts != np.round(counts)).any():
        raise InputError("active must hold whole numbers of active units, none negative.")
    return counts
