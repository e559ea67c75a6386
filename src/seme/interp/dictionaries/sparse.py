"""Encoding and decoding that touch active units alone, with their gradients.

A dense autoencoder multiplies five large matrices a step. With k of m units active only the encoder's forward product
has to be dense; the others cost k / m of it. (Gao et al. 2024, section 2.4 and appendix D.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch.nn import functional

# Above this share of active units dense products are faster (measured with width 576 on a CPU).
_DENSE = 0.2


class Active(NamedTuple):
    """Which units are active: of row i the entries `offsets[i]` to `offsets[i + 1]` of `units`, int64."""

    offsets: torch.Tensor
    units: torch.Tensor
    width: int

    @property
    def rows(self) -> torch.Tensor:
        """The row of each entry."""
        counts = self.offsets.diff()
        return torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)

    @property
    def share(self) -> float:
        """Active entries over all."""
        return len(self.units) / max(1, (len(self.offsets) - 1) * self.width)


def where(mask: torch.Tensor) -> Active:
    """Return the true entries of a mask (n, m)."""
    units = mask.nonzero()[:, 1]
    return Active(functional.pad(mask.sum(dim=1).cumsum(0), (1, 0)), units, mask.shape[1])


def of_indices(indices: torch.Tensor, width: int) -> Active:
    """Return entries of which every row has the same number, (n, k)."""
    rows, most = indices.shape
    return Active(torch.arange(0, rows * most + 1, most, device=indices.device), indices.flatten(), width)


def read(
    x: torch.Tensor, encoder: torch.Tensor, bias: torch.Tensor, dense: torch.Tensor, active: Active
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

    Returns
    -------
    Tensor
        Values in the order of `active`.
    """
    return _read(x, encoder, bias, dense, active)


def decode(values: torch.Tensor, active: Active, decoder: torch.Tensor) -> torch.Tensor:
    """Return the sums of decoder rows (m, d), weighted with the values: (n, d)."""
    if active.share > _DENSE:
        dense = values.new_zeros(len(active.offsets) - 1, active.width)
        return dense.index_put((active.rows, active.units), values) @ decoder
    return functional.embedding_bag(active.units, decoder, active.offsets[:-1], per_sample_weights=values, mode="sum")


class _Read(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        encoder: torch.Tensor,
        bias: torch.Tensor,
        dense: torch.Tensor,
        active: Active,
    ) -> torch.Tensor:
        ctx.save_for_backward(x, encoder, bias)
        ctx.active = active
        return dense[active.rows, active.units]

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, encoder, bias = ctx.saved_tensors
        with torch.enable_grad():
            weight = encoder.detach().requires_grad_()
            # The gradient of x is what the gradient decodes to by the encoder; that of the encoder is then the
            # gradient of this decoding for x.
            grad_x = decode(grad, ctx.active, weight)
            (grad_weight,) = torch.autograd.grad(grad_x, weight, x)
        grad_bias = torch.zeros_like(bias).index_add(0, ctx.active.units, grad)
        return grad_x.detach(), grad_weight, grad_bias, None, None


_read: Callable[..., torch.Tensor] = _Read.apply
