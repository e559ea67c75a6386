"""ReLU with an l1 penalty, the first sparse autoencoder of language models."""

from __future__ import annotations

from typing import Literal

import torch
from torch.nn import functional

from seme.interp.dictionaries.arguments import positive
from seme.interp.dictionaries.autoencoder import SparseAutoencoder
from seme.interp.dictionaries.network import Network, Start
from seme.interp.dictionaries.sparse import Active, where


class ReLU(SparseAutoencoder):
    """A sparse autoencoder with a penalty on the sum of the codes (Bricken et al. 2023).

    Parameters
    ----------
    n_atoms
        Number of units, m; None for four times the width.
    sparsity
        Weight of the l1 norm of a row's code, divided by the root of d; beside an error that is about the fraction of
        variance unexplained.
    learning_rate, batch_size, steps, revive_every, seed, device
        See `SparseAutoencoder`.
    """

    def __init__(
        self,
        n_atoms: int | None = None,
        *,
        sparsity: float = 0.03,
        learning_rate: float = 1e-3,
        batch_size: int = 1024,
        steps: int = 2000,
        revive_every: int = 100,
        seed: int = 0,
        device: Literal["cpu"] | None = None,
    ) -> None:
        self.n_atoms, self.sparsity, self.learning_rate, self.batch_size = n_atoms, sparsity, learning_rate, batch_size
        self.steps, self.revive_every, self.seed, self.device = steps, revive_every, seed, device

    def make_network(self, start: Start) -> Network:
        """Return a network with an l1 penalty."""
        positive(sparsity=self.sparsity)
        return ReLUNetwork(start, sparsity=self.sparsity)


class ReLUNetwork(Network):
    """Active are the units whose pre-activation is above 0.

    Parameters
    ----------
    start
        What it starts from.
    sparsity
        Weight of the l1 norm.
    """

    def __init__(self, start: Start, *, sparsity: float) -> None:
        super().__init__(start)
        self.sparsity = sparsity

    def active(self, dense: torch.Tensor) -> Active:
        """Return the units above 0."""
        return where(dense > 0)

    def activate(self, values: torch.Tensor, active: Active) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the values, and their mean sum."""
        kept = functional.relu(values)
        rows, width = len(active.offsets) - 1, self.bias.numel()
        return kept, self.sparsity * kept.sum() / (rows * width**0.5)
