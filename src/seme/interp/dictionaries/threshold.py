"""Units that are active above a threshold of their own, which is learned through a smoothed step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from seme.interp.dictionaries.network import Network, Start
from seme.interp.dictionaries.sparse import Active, where


class ThresholdNetwork(Network):
    """Active are the units whose pre-activation reaches their threshold; their values are not shrunk.

    The threshold's gradient is that of an expectation, estimated with a rectangular kernel (Rajamanoharan et al. 2024,
    eq. 11 and 12).

    Parameters
    ----------
    start
        What it starts from.
    l0
        Active units per row that are aimed at: the penalty is `sparsity * (L0 / l0 - 1) ** 2`. None for a penalty of
        `sparsity * L0`.
    sparsity
        Weight of the penalty, beside an error that is about the fraction of variance unexplained.
    bandwidth
        Of the kernel, as a share of the threshold.
    shared
        All units have one threshold.
    """

    in_units = ("threshold",)

    def __init__(
        self, start: Start, *, l0: float | None, sparsity: float, bandwidth: float, shared: bool = False
    ) -> None:
        super().__init__(start)
        self.l0, self.sparsity, self.bandwidth = l0, sparsity, bandwidth
        self.threshold = nn.Parameter(torch.ones(1 if shared else self.units))

    @torch.no_grad()
    def prepare(self, rows: torch.Tensor) -> None:
        """Set the thresholds so that the untrained network has the wanted number of active units, or 32."""
        dense = self.dense(rows[:2048] * self.scale - self.bias)
        wanted = min(32.0 if self.l0 is None else self.l0, self.units / 4)
        count = max(1, int(wanted * len(dense)))
        self.threshold.fill_(float(dense.flatten().topk(count).values[-1].clamp_min(1e-3)))

    def active(self, dense: torch.Tensor) -> Active:
        """Return the units that reach their thresholds."""
        return where(dense >= self.threshold)

    def training_active(self, dense: torch.Tensor) -> Active:
        """Return the units that reach their thresholds or that are within the kernel below."""
        return where(dense >= self.threshold * (1 - self.bandwidth / 2))

    def activate(self, values: torch.Tensor, active: Active) -> tuple[torch.Tensor, torch.Tensor]:
        """Return values that are 0 below the threshold, and the penalty for those that are not."""
        threshold = self.threshold.expand(self.units)[active.units]
        kept, count = _jump(values, threshold, self.bandwidth)
        l0 = count.sum() / (len(active.offsets) - 1)
        penalty = l0 if self.l0 is None else (l0 / self.l0 - 1).square()
        return kept, self.sparsity * penalty

    @torch.no_grad()
    def after_update(self) -> None:
        """Keep the thresholds above 0."""
        super().after_update()
        self.threshold.clamp_(min=1e-4)

    @torch.no_grad()
    def restart(self, dead: torch.Tensor, directions: torch.Tensor) -> list[nn.Parameter]:
        """Give restarted units the threshold of the median."""
        changed = super().restart(dead, directions)
        if len(self.threshold) == 1:
            return changed
        self.threshold[dead] = self.threshold.median()
        return [*changed, self.threshold]


class _Jump(torch.autograd.Function):
    """Values at or above their thresholds, and how many those are (0 or 1 each)."""

    @staticmethod
    def forward(
        ctx: Any, values: torch.Tensor, threshold: torch.Tensor, bandwidth: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        above = values >= threshold
        ctx.save_for_backward(values, threshold, above)
        ctx.bandwidth = bandwidth
        return values * above, above.to(values.dtype)

    @staticmethod
    def backward(
        ctx: Any, grad_values: torch.Tensor, grad_count: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, None]:
        values, threshold, above = ctx.saved_tensors
        width = ctx.bandwidth * threshold
        near = (values - threshold).abs() < width / 2
        grad_threshold = near * (threshold * grad_values + grad_count) / -width
        return grad_values * above, grad_threshold, None


_jump: Callable[..., tuple[torch.Tensor, torch.Tensor]] = _Jump.apply
