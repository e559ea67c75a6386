"""The k largest units of each row."""

from __future__ import annotations

from typing import Literal

import torch

from seme.interp.dictionaries.arguments import at_least_one
from seme.interp.dictionaries.autoencoder import SparseAutoencoder
from seme.interp.dictionaries.network import Network, Start
from seme.interp.dictionaries.sparse import Active, decode, of_indices


class TopK(SparseAutoencoder):
    """A sparse autoencoder in which the k largest units of each row are active (Gao et al. 2024, section 2.3).

    Units that die are restarted, in place of the paper's auxiliary loss, and the first directions are rows of the data,
    in place of random ones.

    Parameters
    ----------
    n_atoms
        Number of units, m; None for four times the width.
    k
        Active units per row; fewer where pre-activations are negative.
    learning_rate, batch_size, steps, revive_every, seed, device
        See `SparseAutoencoder`.
    """

    start = "data"

    def __init__(
        self,
        n_atoms: int | None = None,
        *,
        k: int = 32,
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
        """Return a network with k active units."""
        at_least_one(k=self.k)
        return TopKNetwork(start, k=self.k)


class TopKNetwork(Network):
    """Active are the k largest units of each row.

    Parameters
    ----------
    start
        What it starts from.
    k
        Active units per row.
    """

    def __init__(self, start: Start, *, k: int) -> None:
        super().__init__(start)
        self.k = min(k, self.units)

    @torch.no_grad()
    def prepare(self, rows: torch.Tensor) -> None:
        """Scale the encoder so that the untrained network reconstructs best: directions overlap."""
        centred = rows[:512] * self.scale - self.bias
        dense = self.dense(centred)
        active = self.active(dense)
        values, _ = self.activate(dense[active.rows, active.units], active)
        made = decode(values, active, self.decoder)
        if made.any():
            self.encoder.mul_((made * centred).sum() / made.square().sum())

    def active(self, dense: torch.Tensor) -> Active:
        """Return the k largest units of each row."""
        return of_indices(dense.topk(self.k, dim=1, sorted=False).indices, self.units)
