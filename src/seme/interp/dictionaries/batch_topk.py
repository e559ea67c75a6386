"""The largest units of a whole batch; afterwards, the units above the threshold that this came to."""

from __future__ import annotations

from typing import Literal

import torch

from seme.interp.dictionaries.arguments import at_least_one
from seme.interp.dictionaries.autoencoder import SparseAutoencoder
from seme.interp.dictionaries.network import Network, Start
from seme.interp.dictionaries.sparse import Active, where


class BatchTopK(SparseAutoencoder):
    """A sparse autoencoder in which k units per row are active on average (Bussmann et al. 2024, "BatchTopK").

    During training those are the largest of the batch. The running mean of the smallest of them becomes a threshold, by
    which rows are encoded whatever else is in their batch, and which is saved.

    Parameters
    ----------
    n_atoms
        Number of units, m; None for four times the width.
    k
        Active units per row, on average.
    learning_rate, batch_size, steps, revive_every, seed, device
        See `SparseAutoencoder`.
    """

    def __init__(
        self,
        n_atoms: int | None = None,
        *,
        k: float = 32,
        learning_rate: float = 1e-3,
        batch_size: int = 1024,
        steps: int = 2000,
        revive_every: int = 100,
        seed: int = 0,
        device: Literal["cpu"] | None = None,
    ) -> None:
        self.n_atoms, self.k, self.learning_rate, self.batch_size = n_atoms, k, learning_rate, batch_size
        self.steps, self.revive_every, self.seed, self.device = steps, revive_every, seed, device

    def make_network(self, start: Start) -> Network:
        """Return a network that selects by batch."""
        at_least_one(k=self.k)
        return BatchTopKNetwork(start, k=self.k)


class BatchTopKNetwork(Network):
    """Active are, in training, the largest units of the batch, and then those above a threshold.

    Parameters
    ----------
    start
        What it starts from.
    k
        Active units per row.

    Attributes
    ----------
    threshold : Tensor of shape (1,)
        Running mean of the smallest active value.
    """

    threshold: torch.Tensor
    in_units = ("threshold",)

    def __init__(self, start: Start, *, k: float) -> None:
        super().__init__(start)
        self.k = min(k, self.units)
        self.register_buffer("threshold", torch.full((1,), -1.0))

    def active(self, dense: torch.Tensor) -> Active:
        """Return the units that are above 0 and reach the threshold."""
        return where(dense >= self.threshold.clamp_min(torch.finfo(dense.dtype).tiny))

    @torch.no_grad()
    def training_active(self, dense: torch.Tensor) -> Active:
        """Return the largest units of the batch, and let the threshold follow."""
        count = max(1, round(self.k * len(dense)))
        smallest = _kth_largest(dense, count).clamp_min(torch.finfo(dense.dtype).tiny)
        self.threshold.copy_(torch.where(self.threshold < 0, smallest, self.threshold.lerp(smallest, 0.02)))
        return where(dense >= smallest)


def _kth_largest(dense: torch.Tensor, count: int) -> torch.Tensor:
    """Return the value that `count` of all values reach."""
    return dense.flatten().topk(count, sorted=False).values.min()
