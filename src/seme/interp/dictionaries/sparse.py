"""Encoding and decoding that touch active units alone, with their gradients.

A dense autoencoder multiplies five large matrices a step. With k of m units active only the encoder's forward product
has to be dense; the others cost k / m of it. (Gao et al. 2024, section 2.4 and appendix D.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch.nn import functional

# Above this share of active units dense products are faster (measured with width 576 on a CPU).
_DENSE = 0.2


@dataclass(frozen=True, eq=False)
class Active:
    """Which units are active.

    Parameters
    ----------
    offsets
        Row i has the entries `offsets[i]` to `offsets[i + 1]` of `units`, int64 (n + 1,).
    units
        Units, int64.
    width
        How many units there are, m.
    """

    offsets: torch.Tensor
    units: torch.Tensor
    width: int

    @cached_property
    def rows(self) -> torch.Tensor:
        """The row of each entry."""
        counts = self.offsets.diff()
        return torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)

    @cached_property
    def by_unit(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The order that sorts entries by their units, and where each unit's begin in it, (m,)."""
        counts = torch.bincount(self.units, minlength=self.width)
        return self.units.argsort(stable=True), counts.cumsum(0) - counts

    @property
    def share(self) -> float:
        """Active entries over all."""
        return len(self.units) / max(1, (len(self.offsets) - 1) * self.width)

    def dense(self, values: torch.Tensor) -> torch.Tensor:
        """Return values of the entries as a matrix (n, m)."""
        empty = values.new_zeros(len(self.offsets) - 1, self.width)
        return empty.index_put((self.rows, self.units), values)


def where(mask: torch.Tensor) -> Active:
    """Return the true entries of a mask (n, m)."""
    units = mask.nonzero()[:, 1]
    return Active(functional.pad(mask.sum(dim=1).cumsum(0), (1, 0)), units, mask.shape[1])


def of_indices(indices: torch.Tensor, width: int) -> Active:
    """Return entries of which every row has the same number, (n, k)."""
    rows, most = indices.shape
    return Active(torch.arange(0, rows * most + 1, most, device=indices.device), indices.flatten(), width)


def read(
    x: torch.Tensor,
    encoder: torch.Tensor,
    bias: torch.Tensor,
    dense: torch.Tensor,
    active: Active,
    *,
    shift: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the active pre-activations, with gradients for x, encoder and bias that cost no dense product.

    Parameters
    ----------
    x
        Rows, (n, d).
    encoder, bias
        (m, d) and (m,).
    dense
        `x @ encoder.T + bias`, computed without a graph.
    active
        Which entries are wanted.
    shift
        What was subtracted from all rows, (d,), if its gradient is wanted and that of x is not: it costs far less.

    Returns
    -------
    Tensor
        Values in the order of `active`.
    """
    return _read(x, encoder, bias, shift, dense, active)


def decode(values: torch.Tensor, active: Active, decoder: torch.Tensor) -> torch.Tensor:
    """Return the sums of decoder rows (m, d), weighted with the values: (n, d)."""
    if active.share > _DENSE:
        return active.dense(values) @ decoder
    made = _sums(values, active, decoder.detach())
    return _through(made, decoder, values.detach(), active) if decoder.requires_grad else made


def _sums(values: torch.Tensor, active: Active, weight: torch.Tensor) -> torch.Tensor:
    return functional.embedding_bag(active.units, weight, active.offsets[:-1], per_sample_weights=values, mode="sum")


def _products(values: torch.Tensor, active: Active, rows: torch.Tensor) -> torch.Tensor:
    """Return the transposed codes times rows (n, d): (m, d).

    The entries are taken unit by unit: each result is written once, and a batch of rows stays in the cache.
    """
    if active.share > _DENSE:
        return active.dense(values).T @ rows
    order, starts = active.by_unit
    return functional.embedding_bag(active.rows[order], rows, starts, per_sample_weights=values[order], mode="sum")


class _Read(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        encoder: torch.Tensor,
        bias: torch.Tensor,
        shift: torch.Tensor | None,
        dense: torch.Tensor,
        active: Active,
    ) -> torch.Tensor:
        del bias, shift
        ctx.save_for_backward(x, encoder)
        ctx.active = active
        return dense[active.rows, active.units]

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, encoder = ctx.saved_tensors
        active = ctx.active
        grad_bias = grad.new_zeros(active.width).index_add(0, active.units, grad)
        grad_x = decode(grad, active, encoder) if ctx.needs_input_grad[0] else None
        grad_shift = -(grad_bias @ encoder) if ctx.needs_input_grad[3] else None
        return grad_x, _products(grad, active, x), grad_bias, grad_shift, None, None


class _Through(torch.autograd.Function):
    """Gives a decoder the gradient of what was made with it; the sums' own gradient needs a slower way for it."""

    @staticmethod
    def forward(
        ctx: Any, made: torch.Tensor, decoder: torch.Tensor, values: torch.Tensor, active: Active
    ) -> torch.Tensor:
        del decoder
        ctx.save_for_backward(values)
        ctx.active = active
        return made.view_as(made)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (values,) = ctx.saved_tensors
        return grad, _products(values, ctx.active, grad.contiguous()), None, None


_read: Callable[..., torch.Tensor] = _Read.apply
_through: Callable[..., torch.Tensor] = _Through.apply
