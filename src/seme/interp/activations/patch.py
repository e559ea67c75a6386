"""What a reversible change to a model is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import nn


@dataclass(frozen=True, slots=True)
class Cost:
    """What a patch adds to a forward pass, or saves where it is negative.

    Parameters
    ----------
    flops
        Multiplications and additions per token.
    bytes
        Bytes of weights that are read per forward pass.
    """

    flops: float
    bytes: float


@runtime_checkable
class Patch(Protocol):
    """A reversible change to a model: `with patch(model): ...`; afterwards the model is as it was, whatever happens.

    The cost makes it possible to set the most that a patch could gain beside what was measured.
    """

    def __call__(self, model: nn.Module, /) -> AbstractContextManager[nn.Module]:
        """Change a model for as long as a block lasts."""

    def cost(self) -> Cost:
        """Return what the patch adds or saves."""
