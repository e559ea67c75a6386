"""Rows of all processes as one tensor, through which gradients go back to the process that they are from."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import distributed
from torch.autograd.function import FunctionCtx


def gather_rows(rows: torch.Tensor) -> torch.Tensor:
    """Return the rows of all processes in the order of their ranks, (processes * n, d).

    A loss that each process takes of its own queries over all rows, averaged over processes as distributed data
    parallelism does, has the gradient of one process with the whole batch. Every process must have as many rows; in a
    single one, they are returned as they are.
    """
    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return rows
    return cast("torch.Tensor", _Gather.apply(rows))  # type: ignore[no-untyped-call]


def process() -> int:
    """Return the rank of this process, 0 where there is one only."""
    return distributed.get_rank() if distributed.is_available() and distributed.is_initialized() else 0


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, rows: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        parts = [torch.empty_like(rows) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        # Other processes' losses depend on these rows, too.
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total.chunk(distributed.get_world_size())[distributed.get_rank()]
