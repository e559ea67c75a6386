"""The truthful direction: from the mean of states before hallucinated objects to that before truthful ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from seme.errors import InputError
from seme.interp.activations import Site, edit, resolve
from seme.interp.activations.editing import Edit
from seme.interp.binary import Floats
from seme.interp.steering.arguments import Rows, as_labels, as_rows


def truthful_direction(states: Rows, hallucinated: npt.ArrayLike) -> Floats:
    """Return `mean(h | truthful) - mean(h | hallucinated)` (d,), of length one.

    Raises
    ------
    InputError
        If a state is not finite, the labels have one class only, or the two means are the same.
    """
    x = as_rows(states)
    y = as_labels(hallucinated, len(x))
    difference = x[~y].mean(axis=0) - x[y].mean(axis=0)
    length = float(np.linalg.norm(difference))
    if not length > 0:
        raise InputError("states have the same mean in both classes, so there is no direction between them")
    found: Floats = difference / length
    return found


def random_direction(width: int, seed: int = 0) -> Floats:
    """Return a direction (width,) of length one that knows nothing: the control of the truthful one."""
    if width < 1:
        raise InputError(f"width is {width}, expected at least 1")
    drawn = np.random.default_rng(seed).normal(size=width)
    found: Floats = drawn / np.linalg.norm(drawn)
    return found


class DirectionDetector:
    """Score `-<h, n>` along a direction (Duan et al. 2025): the further from the truthful side, the higher.

    Parameters
    ----------
    direction
        Of truth (d,).
    """

    def __init__(self, direction: npt.ArrayLike) -> None:
        self.direction = as_rows(np.atleast_2d(np.asarray(direction, dtype=np.float64)), "direction")[0]

    def __call__(self, states: Rows, logits: Rows | None = None) -> Floats:  # noqa: ARG002
        """Return scores (n,) of states (n, d)."""
        scores: Floats = -(as_rows(states, width=len(self.direction)) @ self.direction)
        return scores


@contextmanager
def shifted(model: nn.Module, site: str | Site, direction: npt.ArrayLike, amount: float) -> Iterator[nn.Module]:
    """Add `amount` of a direction to every state of a site in the block: steering without a detector.

    Parameters
    ----------
    model, site
        Where, as in `seme.interp.activations`.
    direction
        Of truth (d,); `truthful_direction` gives one.
    amount
        Its length, in units of the states.

    Raises
    ------
    InputError
        If the model has no such site, the amount is not finite, or the direction is not as wide as the states.
    """
    vector = torch.tensor(as_rows(np.atleast_2d(np.asarray(direction, dtype=np.float64)), "direction")[0])
    if not np.isfinite(amount):
        raise InputError(f"amount is {amount}, expected a finite number")

    def add(states: Tensor) -> Tensor:
        if states.shape[-1] != len(vector):
            raise InputError(f"direction has {len(vector)} numbers, and the states of {site} have {states.shape[-1]}")
        return states + amount * vector.to(states)

    edits: dict[str | Site, Edit] = {resolve(model, site): add}
    with edit(model, edits):
        yield model
