"""States, labels and scores as arguments."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from seme.errors import InputError
from seme.interp import binary
from seme.interp.binary import Flags, Floats

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


def as_labels(hallucinated: npt.ArrayLike, count: int) -> Flags:
    """Return one truth value for each row, both of them among these.

    Raises
    ------
    InputError
        If there are more or fewer than rows, one is neither 0 nor 1, or all are the same.
    """
    return binary.as_labels(
        hallucinated,
        count,
        "hallucinated",
        hint="Generate more captions, or ones that go wrong more often, until there are mentions of both kinds",
    )
