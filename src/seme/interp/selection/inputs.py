"""Embeddings of samples as this room takes them: sparse or dense, finite, with rows."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, issparse

from seme.errors import InputError

Vector: TypeAlias = npt.NDArray[np.float64]
Embeddings: TypeAlias = Any
"""A SciPy sparse matrix or an array-like of shape (samples, units)."""


def as_csr(name: str, value: Embeddings) -> csr_array:
    """Return embeddings as a float64 CSR matrix without duplicate entries, or refuse them by their name."""
    if not issparse(value):
        value = np.asarray(value, dtype=np.float64)
        if value.ndim != 2:
            raise InputError(f"{name} has shape {value.shape}, expected (samples, units)")
    rows = csr_array(value, dtype=np.float64)
    if 0 in rows.shape:
        raise InputError(f"{name} has shape {rows.shape}, expected at least one sample and one unit")
    if not rows.has_canonical_format:
        rows = rows.copy()  # csr_array may share the caller's arrays
        rows.sum_duplicates()
    if not np.isfinite(rows.data).all():
        raise InputError(f"{name} holds NaN or infinity")
    return rows


def as_vector(name: str, value: npt.ArrayLike, width: int) -> Vector:
    """Return a finite vector of a width, or refuse it by its name."""
    vector = np.asarray(value, dtype=np.float64)
    if vector.shape != (width,):
        raise InputError(f"{name} has shape {vector.shape}, and the pool has {width} units")
    if not np.isfinite(vector).all():
        raise InputError(f"{name} holds NaN or infinity")
    return vector


def not_negative(name: str, values: npt.NDArray[np.float64]) -> None:
    """Refuse negative values, with which a weighted Jaccard similarity means nothing."""
    if values.size and values.min() < 0:
        raise InputError(
            f"{name} has {int((values < 0).sum())} negative values (the lowest is {values.min():.3g}), for which there "
            "is no weighted Jaccard similarity",
            hint="Take the positive part (np.maximum(x, 0)), or another metric",
        )
