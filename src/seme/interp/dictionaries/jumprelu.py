"""JumpReLU: thresholds that are learned for a price per active unit."""

from __future__ import annotations

from typing import Literal

from seme.interp.dictionaries.arguments import positive
from seme.interp.dictionaries.autoencoder import SparseAutoencoder
from seme.interp.dictionaries.network import Network, Start
from seme.interp.dictionaries.threshold import ThresholdNetwork


class JumpReLU(SparseAutoencoder):
    """A sparse autoencoder with a threshold per unit and a penalty on L0 (Rajamanoharan et al. 2024, "JumpReLU SAEs").

    Parameters
    ----------
    n_atoms
        Number of units, m; None for four times the width.
    sparsity
        What one active unit costs, beside an error that is about the fraction of variance unexplained.
    bandwidth
        Of the kernel by which thresholds learn, as a share of the threshold.
    learning_rate, batch_size, steps, revive_every, seed, device
        See `SparseAutoencoder`.
    """

    def __init__(
        self,
        n_atoms: int | None = None,
        *,
        sparsity: float = 3e-3,
        bandwidth: float = 0.2,
        learning_rate: float = 1e-3,
        batch_size: int = 1024,
        steps: int = 2000,
        revive_every: int = 100,
        seed: int = 0,
        device: Literal["cpu"] | None = None,
    ) -> None:
        self.n_atoms, self.sparsity, self.bandwidth = n_atoms, sparsity, bandwidth
        self.learning_rate, self.batch_size = learning_rate, batch_size
        self.steps, self.revive_every, self.seed, self.device = steps, revive_every, seed, device

    def make_network(self, start: Start) -> Network:
        """Return a network with thresholds."""
        positive(sparsity=self.sparsity, bandwidth=self.bandwidth)
        return ThresholdNetwork(start, l0=None, sparsity=self.sparsity, bandwidth=self.bandwidth)
