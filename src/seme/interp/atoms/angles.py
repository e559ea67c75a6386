"""Angles between pairs of activations, under the Euclidean and the atomic product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seme.interp.atoms.inputs import Matrix, as_rows, at_least
from seme.interp.atoms.metric import DEAD, AtomicMetric
from seme.interp.directions import unit_rows


@dataclass(frozen=True)
class Angles:
    """Distribution of the angles between random pairs of rows, in degrees.

    Attributes
    ----------
    mean, deviation : float
        Mean and standard deviation over pairs, degrees.
    counts : ndarray of shape (bins,)
        Pairs per bin.
    edges : ndarray of shape (bins + 1,)
        Bin edges from 0 to 180 degrees.
    """

    mean: float
    deviation: float
    counts: Matrix
    edges: Matrix


def angle_histogram(
    x: Any, metric: AtomicMetric | None = None, *, pairs: int = 100_000, bins: int = 90, seed: int = 0
) -> Angles:
    """Measure the angles between random pairs of different rows.

    Parameters
    ----------
    x
        Activations, shape (n, H), n >= 2; from other texts than those the metric was estimated on. No zero rows.
    metric
        None means Euclidean.
    pairs
        How many pairs to draw.
    bins
        Bins of the histogram over 0 to 180 degrees.
    seed
        Of the draw.
    """
    at_least("pairs", pairs, 1)
    at_least("bins", bins, 1)
    rows = as_rows("x", x, least=2)
    directions = unit_rows(rows if metric is None else metric.whiten(rows), "x", DEAD)
    rng = np.random.default_rng(seed)
    first = rng.integers(len(rows), size=pairs)
    second = (first + rng.integers(1, len(rows), size=pairs)) % len(rows)
    cosines = np.empty(pairs)
    for start in range(0, pairs, 65_536):
        part = slice(start, start + 65_536)
        cosines[part] = np.einsum("ij,ij->i", directions[first[part]], directions[second[part]])
    angles = np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
    counts, edges = np.histogram(angles, bins=bins, range=(0.0, 180.0))
    return Angles(float(angles.mean()), float(angles.std()), counts.astype(np.float64), edges)
