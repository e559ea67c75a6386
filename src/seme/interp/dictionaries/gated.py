"""Gates that say whether a unit is active, apart from how strongly."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from seme.interp.dictionaries.arguments import positive
from seme.interp.dictionaries.autoencoder import SparseAutoencoder
from seme.interp.dictionaries.network import Network, Start
from seme.interp.dictionaries.sparse import Active, decode, where


class Gated(SparseAutoencoder):
    """A sparse autoencoder with an l1 penalty on gates alone, so that values do not shrink ("Gated SAEs").

    Rajamanoharan et al. 2024, arXiv 2404.16014, section 3.

    Parameters
    ----------
    n_atoms
        Number of units, m; None for four times the width.
    sparsity
        Weight of the l1 norm of a row's gates, divided by the root of d; beside an error that is about the fraction of
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
        """Return a network with gates."""
        positive(sparsity=self.sparsity)
        return GatedNetwork(start, sparsity=self.sparsity)


class GatedNetwork(Network):
    """Active are the units whose gate is above 0; their values come from the same encoder, rescaled and shifted.

    Parameters
    ----------
    start
        What it starts from.
    sparsity
        Weight of the gates' l1 norm.

    Attributes
    ----------
    encoder_bias : Parameter of shape (m,)
        Of the gates.
    log_scale, value_bias : Parameter of shape (m,)
        A value is `relu(exp(log_scale) * encoder @ x + value_bias)`.
    """

    in_units = ("value_bias",)

    def __init__(self, start: Start, *, sparsity: float) -> None:
        super().__init__(start)
        self.sparsity = sparsity
        self.log_scale = nn.Parameter(torch.zeros(self.units))
        self.value_bias = nn.Parameter(torch.zeros(self.units))

    def active(self, dense: torch.Tensor) -> Active:
        """Return the units whose gate is open."""
        return where(dense > 0)

    def activate(self, values: torch.Tensor, active: Active) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the values of units with open gates; the main path gives the gates no gradient but through them."""
        units = active.units
        inner = values - self.encoder_bias[units]
        return functional.relu(inner * self.log_scale[units].exp() + self.value_bias[units]), values.new_zeros(())

    def auxiliary(self, rows: torch.Tensor, centred: torch.Tensor, dense: torch.Tensor) -> torch.Tensor:
        """Return the l1 penalty on the gates, and their own error with a decoder that does not learn from it."""
        active = where(dense > 0)
        gates = functional.relu(self.read(centred, dense, active))
        error = rows - self.bias.detach() - decode(gates, active, self.decoder.detach())
        length = gates.sum() / (len(rows) * rows.shape[1] ** 0.5)
        loss: torch.Tensor = self.sparsity * length + error.square().mean()
        return loss

    @torch.no_grad()
    def restart(self, dead: torch.Tensor, directions: torch.Tensor) -> list[nn.Parameter]:
        """Give restarted units plain values."""
        changed = super().restart(dead, directions)
        self.log_scale[dead] = 0
        self.value_bias[dead] = 0
        return [*changed, self.log_scale, self.value_bias]
