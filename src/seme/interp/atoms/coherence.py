"""How far the units of a dictionary are from orthogonal: coherence, its quantiles, and the bounds it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seme.errors import InputError
from seme.interp.atoms.inputs import Matrix, as_rows, at_least
from seme.interp.atoms.metric import DEAD, AtomicMetric
from seme.interp.directions import unit_rows

BLOCK = 1024


@dataclass(frozen=True)
class Coherence:
    """Absolute normalised products of all pairs of units.

    Attributes
    ----------
    pairs : ndarray
        Sorted |<d_i, d_j>| over pairs i < j: all of them, or a random sample when `sampled`.
    largest : float
        mu, the maximum over all pairs (never sampled).
    rms : float
        Root mean square over all pairs (never sampled).
    per_unit : ndarray of shape (N,)
        Each unit's largest |product| with another.
    units : int
        N, the units that were compared.
    dropped : int
        Zero units left out.
    sampled : bool
        Whether `pairs` is a sample.
    """

    pairs: Matrix
    largest: float
    rms: float
    per_unit: Matrix
    units: int
    dropped: int
    sampled: bool

    def quantile(self, q: float) -> float:
        """mu_q, the q-quantile over pairs: the smallest value that a share q of them does not exceed."""
        return float(self.pairs[quantile_index(len(self.pairs), q)])


def coherence(
    atoms: Any, metric: AtomicMetric | None = None, *, max_pairs: int = 5_000_000, seed: int = 0
) -> Coherence:
    """Measure the coherence of a dictionary under a metric (Hu et al. 2025, separability).

    Parameters
    ----------
    atoms
        One unit a row, shape (N, H). Zero rows are dropped and counted.
    metric
        The atomic metric; None means the Euclidean one.
    max_pairs
        Above this many pairs the quantiles come from a random sample of this size. Maximum and RMS never do.
    seed
        Of that sample.

    Raises
    ------
    InputError
        If fewer than two units are left.
    """
    at_least("max_pairs", max_pairs, 1)
    rows = as_rows("atoms", atoms, width=None if metric is None else metric.width)
    alive = rows[np.any(rows != 0, axis=1)]
    if len(alive) < 2:
        raise InputError(f"atoms has {len(alive)} unit(s) that are not zero; at least 2 are needed.")
    directions = unit_rows(alive if metric is None else metric.whiten(alive), "atoms", DEAD)
    count = len(directions)
    per_unit = _largest_per_unit(directions)
    sampled = count * (count - 1) // 2 > max_pairs
    pairs = _sample(directions, max_pairs, seed) if sampled else _all_pairs(directions)
    return Coherence(
        pairs=np.sort(pairs),
        largest=float(per_unit.max()),
        rms=_rms(directions),
        per_unit=per_unit,
        units=count,
        dropped=len(rows) - count,
        sampled=sampled,
    )


def welch_bound(width: int, units: int) -> float:
    """Least RMS coherence of N unit vectors in H dimensions: sqrt((N - H) / (H (N - 1))), 0 if N <= H."""
    at_least("width", width, 1)
    at_least("units", units, 2)
    return float(np.sqrt(max(units - width, 0) / (width * (units - 1))))


def rip_bound(largest: float, sparsity: int) -> float:
    """Bound on the restricted isometry constant: delta_K <= (K - 1) mu, by Gershgorin. Below 1, codes are stable."""
    at_least("largest", largest, 0.0)
    at_least("sparsity", sparsity, 1)
    return (sparsity - 1) * largest


def isometry_constant(
    atoms: Any, sparsity: int, metric: AtomicMetric | None = None, *, supports: int = 1000, seed: int = 0
) -> float:
    """Largest |eigenvalue - 1| of the Gram matrices of random K-subsets of units: a lower estimate of delta_K.

    Parameters
    ----------
    atoms
        Units as rows, shape (N, H).
    sparsity
        K, the size of a subset; at most N.
    metric
        None means Euclidean.
    supports
        How many subsets to draw.
    seed
        Of the draw.
    """
    rows = as_rows("atoms", atoms)
    if not 1 <= sparsity <= len(rows):
        raise InputError(f"sparsity is {sparsity}, but must be from 1 to the {len(rows)} units.")
    directions = unit_rows(rows if metric is None else metric.whiten(rows), "atoms", DEAD)
    rng = np.random.default_rng(seed)
    chosen = np.stack([rng.choice(len(rows), sparsity, replace=False) for _ in range(supports)])
    subsets = directions[chosen]
    eigenvalues = np.linalg.eigvalsh(subsets @ subsets.transpose(0, 2, 1))
    return float(np.abs(eigenvalues - 1).max())


def quantile_index(count: int, q: float) -> int:
    """Index into `count` sorted values of their q-quantile (the inverse of the empirical distribution)."""
    if not 0 <= q <= 1:
        raise InputError(f"q is {q}, but must be from 0 to 1.")
    return max(int(np.ceil(q * count)) - 1, 0)


def _largest_per_unit(directions: Matrix) -> Matrix:
    largest = np.empty(len(directions))
    for start in range(0, len(directions), BLOCK):
        block = np.abs(directions[start : start + BLOCK] @ directions.T)
        own = np.arange(len(block))
        block[own, start + own] = 0.0
        largest[start : start + BLOCK] = block.max(axis=1)
    return np.minimum(largest, 1.0)


def _all_pairs(directions: Matrix) -> Matrix:
    blocks = []
    for start in range(0, len(directions), BLOCK):
        products = directions[start : start + BLOCK] @ directions[start:].T
        blocks.append(np.abs(products[np.triu_indices_from(products, k=1)]))
    return np.asarray(np.minimum(np.concatenate(blocks), 1.0))


def _sample(directions: Matrix, pairs: int, seed: int) -> Matrix:
    rng = np.random.default_rng(seed)
    first = rng.integers(len(directions), size=pairs)
    second = (first + rng.integers(1, len(directions), size=pairs)) % len(directions)
    products = np.empty(pairs)
    for start in range(0, pairs, 64 * BLOCK):
        part = slice(start, start + 64 * BLOCK)
        products[part] = np.einsum("ij,ij->i", directions[first[part]], directions[second[part]])
    return np.minimum(np.abs(products), 1.0)


def _rms(directions: Matrix) -> float:
    # The squared Gram entries sum to the squared entries of the much smaller D D^T.
    count = len(directions)
    total = float(np.sum((directions.T @ directions) ** 2)) - count
    return float(np.sqrt(max(total, 0.0) / (count * (count - 1))))
