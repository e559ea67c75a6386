"""How near the samples of a pool are to a task."""

from __future__ import annotations

import warnings
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from seme.errors import InputError
from seme.interp.selection.inputs import Embeddings, Vector, as_csr, as_vector, not_negative

Metric: TypeAlias = Literal["jaccard", "cosine", "euclidean"]
METRICS: tuple[Metric, ...] = get_args(Metric)
Aggregate: TypeAlias = Literal["prototype", "max"]
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)


def prototype(targets: Embeddings) -> Vector:
    """Return the mean embedding (units,) of a task's examples (arXiv 2503.15573, eq. 8).

    Raises
    ------
    InputError
        If there is no example, or a value is not finite.
    """
    rows = as_csr("targets", targets)
    mean: Vector = np.asarray(rows.sum(axis=0)).reshape(-1) / rows.shape[0]
    return mean


def weighted_jaccard(pool: Embeddings, target: npt.ArrayLike) -> Vector:
    """Return the generalised Jaccard similarity of each sample to a vector (arXiv 2503.15573, eq. 9).

    The sum over units of the smaller value, over the sum of the larger one. It is computed in one pass over the stored
    entries: the smaller values only where a sample has an entry, and the larger ones as what is left of both sums.

    Parameters
    ----------
    pool
        (samples, units), not negative; sparse or dense.
    target
        (units,), not negative.

    Returns
    -------
    ndarray of shape (samples,)
        From 0 (nothing in common) to 1 (equal).

    Raises
    ------
    InputError
        If a value is negative or not finite, or the widths differ.

    Warns
    -----
    UserWarning
        If a sample and the target are both 0 everywhere: 0 is returned.
    """
    rows = as_csr("pool", pool)
    vector = as_vector("target", target, rows.shape[1])
    not_negative("pool", rows.data)
    not_negative("target", vector)
    smaller = _row_sums(rows, np.minimum(rows.data, vector[rows.indices]))
    larger = _row_sums(rows, rows.data) + vector.sum() - smaller
    empty = int((larger == 0).sum())
    if empty:
        warnings.warn(f"{empty} samples and the target are 0 everywhere; their similarity is set to 0", stacklevel=2)
    found: Vector = np.divide(smaller, larger, out=np.zeros_like(smaller), where=larger > 0)
    return found


def similarity(pool: Embeddings, target: npt.ArrayLike, *, metric: Metric = "jaccard") -> Vector:
    """Return how near each sample (samples, units) is to a vector (units,); larger is nearer.

    Parameters
    ----------
    pool, target
        See `weighted_jaccard`; the other metrics take negative values, too.
    metric
        `jaccard`, the paper's; `cosine` (0 where a vector is 0); `euclidean`, minus the distance.

    Raises
    ------
    InputError
        If the metric is unknown, or see `weighted_jaccard`.
    """
    if metric == "jaccard":
        return weighted_jaccard(pool, target)
    if metric not in METRICS:
        raise InputError(f"metric is {metric!r}, expected one of {', '.join(METRICS)}")
    rows = as_csr("pool", pool)
    vector = as_vector("target", target, rows.shape[1])
    products = np.asarray(rows @ vector)
    squares = np.asarray((rows * rows).sum(axis=1)).reshape(-1)
    found: Vector
    if metric == "euclidean":
        found = -np.sqrt(np.maximum(squares + vector @ vector - 2 * products, 0.0))
    else:
        lengths = np.sqrt(squares * (vector @ vector))
        found = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return found


def task_scores(
    pool: Embeddings, targets: Embeddings, *, metric: Metric = "jaccard", aggregate: Aggregate = "prototype"
) -> Vector:
    """Return how near each sample of a pool is to a task that some examples stand for.

    Parameters
    ----------
    pool, targets
        (samples, units) and (examples, units).
    metric
        See `similarity`.
    aggregate
        `prototype`: to the mean of the examples, once for all of them, which is the paper's. `max`: to the nearest
        example, which takes a pass for each.

    Raises
    ------
    InputError
        If there is no example, the aggregate is unknown, or see `similarity`.
    """
    if aggregate not in AGGREGATES:
        raise InputError(f"aggregate is {aggregate!r}, expected one of {', '.join(AGGREGATES)}")
    if aggregate == "prototype":
        return similarity(pool, prototype(targets), metric=metric)
    rows, examples = as_csr("pool", pool), as_csr("targets", targets)
    each = [similarity(rows, examples[[number]].toarray()[0], metric=metric) for number in range(examples.shape[0])]
    return np.asarray(np.max(each, axis=0))


def _row_sums(rows: csr_array, values: Vector) -> Vector:
    """Add up one value for each stored entry, by rows."""
    owners = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    # Of no entries at all, bincount makes whole numbers.
    return np.bincount(owners, values, minlength=rows.shape[0]).astype(np.float64)
