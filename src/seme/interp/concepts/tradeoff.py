"""Bits against distance: what a partition of embeddings costs and what it loses (Shani et al. 2025, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Float = npt.NDArray[np.float64]
Labels = npt.ArrayLike | Sequence[Any]
"""The cluster of each item: numbers or names (n,)."""


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """A partition's cost: `bits`, `distance` within its clusters, and `objective = bits + beta · distance`."""

    bits: float
    distance: float
    objective: float


def complexity(labels: Labels) -> float:
    """Return I(X; C) in bits, for items that are all as likely.

    It is `log2 N - 1/N sum_c |C_c| log2 |C_c|`, which is the entropy of the clusters' sizes.
    """
    return float(np.log2(len(checked_labels(labels))) - conditional_entropy(labels))


def conditional_entropy(labels: Labels) -> float:
    """Return H(X | C) in bits: what is still unknown of an item when its cluster is known."""
    sizes = np.unique(checked_labels(labels), return_counts=True)[1]
    return float(sizes @ np.log2(sizes) / sizes.sum())


def distortion(x: npt.ArrayLike, labels: Labels) -> float:
    """Return the mean squared distance of embeddings (n, d) from their cluster's mean."""
    rows, places = checked(x), checked_labels(labels)
    if len(rows) != len(places):
        raise InputError(f"labels has {len(places)} entries for {len(rows)} embeddings")
    count = int(places.max()) + 1
    sums = np.zeros((count, rows.shape[1]))
    np.add.at(sums, places, rows)
    means = sums / np.bincount(places, minlength=count)[:, None]
    return float(np.square(rows - means[places]).sum(axis=1).mean())


def tradeoff(x: npt.ArrayLike, labels: Labels, *, beta: float = 1.0, normalise: bool = False) -> Tradeoff:
    """Return what a partition costs in bits and in distance.

    Parameters
    ----------
    x
        Embeddings (n, d).
    labels
        Cluster of each (n,).
    beta
        What a unit of distance costs in bits, >= 0.
    normalise
        Whether distances are shares of the total variance. Without it they grow with the embeddings' scale, and the
        objectives of two models must not be compared.

    Raises
    ------
    InputError
        If numbers do not fit, a value is not finite, `beta` is negative, or there is no variance to normalise by.
    """
    if not beta >= 0:
        raise InputError(f"beta is {beta}, expected a number >= 0")
    distance = distortion(x, labels)
    if normalise:
        distance /= total_variance(x)
    bits = complexity(labels)
    return Tradeoff(bits, distance, bits + beta * distance)


def total_variance(x: npt.ArrayLike) -> float:
    """Return the mean squared distance of embeddings (n, d) from their mean.

    Raises
    ------
    InputError
        If all embeddings are the same.
    """
    rows = checked(x)
    variance = float(np.square(rows - rows.mean(axis=0)).sum(axis=1).mean())
    if variance <= 0:
        raise InputError("all embeddings are the same: there is no variance to normalise by")
    return variance


def checked(x: npt.ArrayLike) -> Float:
    """Return embeddings as float64 (n, d), and refuse none, NaN and infinity."""
    rows = np.asarray(x, dtype=np.float64)
    if rows.ndim != 2 or not rows.size:
        raise InputError(f"x has the shape {rows.shape}, expected (items, dimensions), at least one of each")
    if not np.isfinite(rows).all():
        raise InputError(f"embedding {int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])} is not finite")
    return rows


def checked_labels(labels: Labels) -> npt.NDArray[np.int64]:
    """Return labels as numbers from 0 (n,)."""
    array = np.asarray(labels)
    if array.ndim != 1 or not array.size:
        raise InputError(f"labels has the shape {array.shape}, expected (items,), at least one")
    return np.unique(array, return_inverse=True)[1].astype(np.int64)
