"""Soft clusters: the trade of bits against distance at a fixed point (Tishby et al. 1999; Shani et al. 2025)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.concepts.partitions import cluster
from seme.interp.concepts.tradeoff import Float, Tradeoff, checked


@dataclass(frozen=True, slots=True)
class SoftClusters:
    """Memberships p(c | x), (n, k), of which each row has the sum 1, and what they cost."""

    memberships: Float
    cost: Tradeoff

    @property
    def used(self) -> int:
        """Clusters that some item belongs to more than to any other."""
        return len(np.unique(self.memberships.argmax(axis=1)))


def soft_clusters(
    x: npt.ArrayLike, k: int, beta: float, *, seed: int = 0, starts: int = 1, tolerance: float = 1e-7, most: int = 500
) -> SoftClusters:
    """Trade bits against distance with memberships instead of a partition, to a fixed point.

    `p(c | x) ~ p(c) 2^(-beta |x - m_c|^2)`, with `p(c)` the mean membership and `m_c` the mean of the items weighted by
    it; neither step raises `I(X; C) + beta E|x - m_c|^2`. Clusters that do not pay vanish, so that `k` is a most.

    Parameters
    ----------
    x
        Embeddings (n, d).
    k
        Clusters to begin with: those of k-means.
    beta
        Bits that a unit of squared distance is worth, >= 0.
    seed, starts
        Of k-means.
    tolerance
        Fall of the objective, in bits, below which the iteration ends.
    most
        Steps at most.

    Raises
    ------
    InputError
        If a value is not finite, `k` is not from 1 to n, or `beta` is negative.
    """
    rows = checked(x)
    if not beta >= 0 or not np.isfinite(beta) or most < 1:
        raise InputError(f"beta is {beta} and most {most}, expected numbers >= 0 and >= 1")
    labels = cluster(rows, k, starts=starts, seed=seed)[0]
    joint = (labels[:, None] == np.arange(k)).astype(np.float64)
    before = np.inf
    for _ in range(most):
        weights = joint.mean(axis=0)
        means = joint.T @ rows / np.maximum(joint.sum(axis=0), 1e-300)[:, None]
        squares = np.square(rows).sum(axis=1)[:, None] - 2 * rows @ means.T + np.square(means).sum(axis=1)
        logits = np.log2(np.maximum(weights, 1e-300)) - beta * np.maximum(squares, 0)
        joint = np.exp2(logits - logits.max(axis=1, keepdims=True))
        joint /= joint.sum(axis=1, keepdims=True)
        cost = _cost(rows, joint, beta)
        if before - cost.objective < tolerance:
            break
        before = cost.objective
    return SoftClusters(joint, cost)


def _cost(rows: Float, joint: Float, beta: float) -> Tradeoff:
    weights, sizes = joint.mean(axis=0), np.maximum(joint.sum(axis=0), 1e-300)
    ratio = np.where(joint > 0, joint / np.maximum(weights, 1e-300), 1.0)
    bits = float((joint * np.log2(ratio)).sum(axis=1).mean())
    means = joint.T @ rows / sizes[:, None]
    # E|x - m_c|^2 = E|x|^2 - sum_c p(c) |m_c|^2, for the means are those of the memberships.
    far = max(0.0, float(np.square(rows).sum(axis=1).mean() - weights @ np.square(means).sum(axis=1)))
    return Tradeoff(bits, far, bits + beta * far)
