"""Scores of things that are of two kinds, and labels that say of which."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from seme.errors import InputError

Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]


def auroc(scores: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Return how often a thing of the one kind (label 1) scores above one of the other (0); ties count half.

    Raises
    ------
    InputError
        If numbers do not fit, a score is not finite, or all labels are the same.
    """
    values = as_scores(scores)
    return float(roc_auc_score(as_labels(labels, len(values)), values))


def as_scores(scores: npt.ArrayLike, name: str = "scores") -> Floats:
    """Return finite scores (n,).

    Raises
    ------
    InputError
        If there are none, or one is NaN or infinite.
    """
    array = np.asarray(scores, dtype=np.float64)
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise InputError(f"{name} has the shape {array.shape}, expected finite numbers (n,), at least one")
    return array


def as_labels(
    labels: npt.ArrayLike, count: int, name: str = "labels", *, both: bool = True, hint: str = "Both kinds are needed"
) -> Flags:
    """Return one truth value for each of `count` things.

    Raises
    ------
    InputError
        If there are more or fewer, one is neither 0 nor 1, or (with `both`) all are the same.
    """
    array = np.asarray(labels)
    if array.shape != (count,):
        raise InputError(f"{name} has the shape {array.shape}, expected one label for each of {count}")
    if not np.isin(array, (0, 1)).all():
        raise InputError(f"{name} holds other values than 0 and 1, or false and true")
    found: Flags = array.astype(bool)
    if both and (found.all() or not found.any()):
        raise InputError(
            f"{name} has one class only: all {count} are {int(found[0]) if count else 'missing'}", hint=hint
        )
    return found
