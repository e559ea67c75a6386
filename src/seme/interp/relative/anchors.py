"""Which samples are the anchors."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import pairwise_distances_argmin

from seme.errors import InputError
from seme.interp.directions import unit_rows
from seme.interp.relative.representation import as_matrix

Method = Literal["uniform", "kmeans", "farthest"]
METHODS: tuple[Method, ...] = get_args(Method)


def select_anchors(x: npt.ArrayLike, count: int, *, method: Method = "uniform", seed: int = 0) -> npt.NDArray[np.int64]:
    """Choose samples as anchors (arXiv 2209.15430, anchor selection).

    Parameters
    ----------
    x
        Embeddings of one of the spaces, (n, d); the same samples serve the other spaces.
    count
        How many, from 1 to n.
    method
        `uniform`: at random. `kmeans`: those nearest to the centres of as many clusters of directions. `farthest`: each
        is the one farthest from all before it.
    seed
        Of the random numbers.

    Returns
    -------
    ndarray of shape (count,)
        Their row numbers, all different.

    Raises
    ------
    InputError
        If there are too few samples or the method is unknown.
    """
    rows = as_matrix("x", x)
    if not 1 <= count <= len(rows):
        raise InputError(f"count is {count}; it may be from 1 to the {len(rows)} samples")
    rng = np.random.default_rng(seed)
    if method == "uniform":
        return np.sort(rng.choice(len(rows), count, replace=False))
    if method == "kmeans":
        return _nearest_to_centres(unit_rows(rows, "x"), count, seed)
    if method == "farthest":
        return _farthest(unit_rows(rows, "x"), count, int(rng.integers(len(rows))))
    raise InputError(f"method is {method!r}, expected one of {', '.join(METHODS)}")


def _nearest_to_centres(rows: npt.NDArray[np.float64], count: int, seed: int) -> npt.NDArray[np.int64]:
    centres = MiniBatchKMeans(count, random_state=seed, n_init=1).fit(rows).cluster_centers_
    chosen = np.unique(pairwise_distances_argmin(centres, rows))
    left = np.setdiff1d(np.arange(len(rows)), chosen)
    more = np.random.default_rng(seed).choice(left, count - len(chosen), replace=False)
    return np.sort(np.concatenate([chosen, more]))  # two centres may have the same nearest sample


def _farthest(rows: npt.NDArray[np.float64], count: int, first: int) -> npt.NDArray[np.int64]:
    chosen = [first]
    nearest = 1 - rows @ rows[first]
    for _ in range(count - 1):
        nearest[chosen[-1]] = -np.inf
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, 1 - rows @ rows[chosen[-1]])
    return np.array(chosen, dtype=np.int64)
