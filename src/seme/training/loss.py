"""What an objective is: a loss with named parts, and three moments of a step at which it may act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss of one batch.

    Parameters
    ----------
    total
        The scalar whose gradient is taken.
    parts
        Named scalars that are logged beside it; no gradient is taken of them.
    """

    total: torch.Tensor
    parts: Mapping[str, torch.Tensor | float] = field(default_factory=dict)


class Objective(nn.Module):
    """A loss that may act around the update; a plain `nn.Module` that returns a `Loss` does as well.

    `forward(model, batch)` returns the `Loss`. What it learns itself (a head, a temperature) is trained and saved with
    the model, as are its buffers.
    """

    def forward(self, model: nn.Module, batch: Any) -> Loss:
        """Return the loss of a batch."""
        raise NotImplementedError

    def begin_step(self, model: nn.Module, fraction: float) -> None:
        """Act before the forward pass; `fraction` of the budget is spent. For warm-ups."""

    def before_update(self, model: nn.Module) -> None:
        """Act between the gradients and the update. For projections of gradients."""

    def after_update(self, model: nn.Module) -> None:
        """Act after the update. For projections of weights."""
