"""The threshold sparse autoencoder that finds atoms."""

from __future__ import annotations

from typing import Literal

from seme.interp.dictionaries.arguments import at_least_one, positive
from seme.interp.dictionaries.autoencoder import SparseAutoencoder
from seme.interp.dictionaries.network import Network, Start
from seme.interp.dictionaries.threshold import ThresholdNetwork


class TSAE(SparseAutoencoder):
    """A threshold sparse autoencoder that is trained for a number of active units (Hu et al. 2025, "TSAE").

    Parameters
    ----------
    n_atoms
        Number of units, m; None for four times the width, as in the paper.
    l0
        Active units per row that are aimed at; the penalty is `sparsity * (L0 / l0 - 1) ** 2`, so that L0 can be chosen
        beforehand. The paper does not give its loss.
    sparsity
        Weight of the penalty.
    bandwidth
        Of the kernel by which thresholds learn, as a share of the threshold.
    shared_threshold
        One threshold for all units, the paper's scalar tau; otherwise its vector.
    learning_rate, batch_size, steps, revive_every, seed, device
        See `SparseAutoencoder`.
    """

    def __init__(
        self,
        n_atoms: int | None = None,
        *,
        l0: float = 16,
        sparsity: float = 1.0,
        bandwidth: float = 0.2,
        shared_threshold: bool = False,
        learning_rate: float = 1e-3,
        batch_size: int = 1024,
        steps: int = 2000,
        revive_every: int = 100,
        seed: int = 0,
        device: Literal["cpu"] | None = None,
    ) -> None:
        self.n_atoms, self.l0, self.sparsity, self.bandwidth = n_atoms, l0, sparsity, bandwidth
        self.shared_threshold, self.learning_rate, self.batch_size = shared_threshold, learning_rate, batch_size
        self.steps, self.revive_every, self.seed, self.device = steps, revive_every, seed, device

    def make_network(self, start: Start) -> Network:
        """Return a network with thresholds."""
        at_least_one(l0=self.l0)
        positive(sparsity=self.sparsity, bandwidth=self.bandwidth)
        return ThresholdNetwork(
            start, l0=self.l0, sparsity=self.sparsity, bandwidth=self.bandwidth, shared=self.shared_threshold
        )
