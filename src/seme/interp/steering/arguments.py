"""States, labels and scores as arguments."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from seme.errors import InputError

Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.ArrayLike | torch.Tensor


class Detector(Protocol):
    """Says of each of a batch of states how likely what follows is hallucinated.

    What reads the distribution over the next token instead of the states gets it as `logits` (n, vocabulary).
    """

    def __call__(self, states: Rows, logits: Rows | None = None) -> Floats:
        """Return scores (n,): the higher, the likelier is a hallucination."""


def as_rows(x: Rows, name: str = "states", width: int | None = None) -> Floats:
    """Return rows (n, d) of numbers.

    Raises
    ------
    InputError
        If there are none, they are not two-dimensional, of another width, or hold NaN or infinity.
    """
    array = x.detach().double().cpu().numpy() if isinstance(x, torch.Tensor) else np.asarray(x, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(
            f"{name} has the shape {array.shape}, expected (rows, width) with at least one row",
            hint="x.reshape(-1, x.shape[-1]) makes rows of (batch, tokens, width)" if array.ndim > 2 else "",
        )
    if width is not None and array.shape[1] != width:
        raise InputError(
            f"{name} has {array.shape[1]} columns, expected {width}",
            hint="A detector reads the site of the model that it was fitted on",
        )
    if not np.isfinite(array).all():
        raise InputError(f"{name} holds NaN or infinity", hint="Leave those rows out")
    return array


def as_labels(hallucinated: npt.ArrayLike, count: int, *, both: bool = True) -> Flags:
    """Return one truth value for each row.

    Raises
    ------
    InputError
        If there are more or fewer than rows, one is neither 0 nor 1, or (with `both`) all are the same.
    """
    array = np.asarray(hallucinated)
    if array.shape != (count,):
        raise InputError(f"hallucinated has the shape {array.shape}, expected one label for each of {count} rows")
    if not np.isin(array, (0, 1)).all():
        raise InputError("hallucinated holds other values than 0 (truthful) and 1 (hallucinated)")
    labels: Flags = array.astype(bool)
    if both and (labels.all() or not labels.any()):
        raise InputError(
            f"hallucinated has one class only: all {count} are {int(labels[0]) if count else 'missing'}",
            hint="Generate more captions, or ones that go wrong more often, until there are mentions of both kinds",
        )
    return labels


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
