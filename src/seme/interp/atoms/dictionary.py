"""Atoms found by a threshold autoencoder in the coordinates of the atomic metric."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from seme.interp.activations import as_store
from seme.interp.atoms.metric import AtomicMetric, atomic_metric
from seme.interp.dictionaries import TSAE, Codes
from seme.interp.dictionaries.base import Rows
from seme.interp.dictionaries.learning import ShowProgress
from seme.interp.dictionaries.network import Network
from seme.training import Budget

Floats = npt.NDArray[np.float32]


class AtomDictionary(TSAE):
    """Atoms of activations (Hu et al. 2025): a `TSAE` on whitened rows, with atoms in the model's own coordinates.

    Whitening makes the autoencoder's ordinary products atomic ones, so that its encoder starts at D^T S and its
    decoder's unit rows have atomic norm 1. Reconstructions and codes are of the rows as they are.

    Parameters
    ----------
    n_atoms
        Number of atoms, N; None for four times the width, as in the paper.
    l0
        Active atoms per row that are aimed at.
    start
        `data`: the first directions are rows of the data, where there are enough; `random`: all are random.
    sparsity, bandwidth, shared_threshold, learning_rate, batch_size, steps, revive_every, seed, device
        See `TSAE`.

    Attributes
    ----------
    metric_ : AtomicMetric
        The metric that rows are whitened with.
    """

    metric_: AtomicMetric

    def __init__(
        self,
        n_atoms: int | None = None,
        *,
        l0: float = 4,
        start: Literal["data", "random"] = "data",
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
        super().__init__(
            n_atoms,
            l0=l0,
            sparsity=sparsity,
            bandwidth=bandwidth,
            shared_threshold=shared_threshold,
            learning_rate=learning_rate,
            batch_size=batch_size,
            steps=steps,
            revive_every=revive_every,
            seed=seed,
            device=device,
        )
        self.start = start

    def fit(
        self,
        x: Rows,
        y: None = None,
        *,
        metric: AtomicMetric | None = None,
        budget: Budget | None = None,
        folder: Path | str | None = None,
        progress: ShowProgress | None = None,
    ) -> Self:
        """Learn atoms from rows, from the start.

        Parameters
        ----------
        x
            Rows (n, H): an array, a tensor, a `Store` or its folder. They are whitened in memory.
        y
            Not used.
        metric
            Estimated on other texts; None estimates it on these rows.
        budget, folder, progress
            See `SparseAutoencoder.fit`.

        Raises
        ------
        InputError
            If an argument is wrong, or the metric cannot be estimated from so few rows.
        """
        store = as_store(x)
        self.metric_ = atomic_metric(store) if metric is None else metric
        whitened = self._whiten(store.rows(slice(None)))
        super().fit(whitened, y, budget=budget, folder=folder, progress=progress)
        self.site_, self.model_name_ = store.site, store.model_name
        return self

    def partial_fit(self, x: Rows, y: None = None) -> Self:
        """Take one step of training on a batch of rows (n, H); the metric is that of `fit`.

        Raises
        ------
        InputError
            If nothing was fitted: one batch says too little about the metric.
        """
        self._require_fit()
        return super().partial_fit(self._whiten(self.checked(x).rows(slice(None))), y)

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """Return the network's parameters and buffers, in whitened coordinates, and the factor of the metric."""
        return {**super().tensors(), "factor": self.metric_.factor}

    def set_tensors(self, tensors: dict[str, npt.NDArray[Any]]) -> None:
        """Take over what `tensors` returned."""
        factor = np.asarray(tensors["factor"], dtype=np.float64)
        self.metric_ = AtomicMetric(factor @ factor.T)
        super().set_tensors({name: tensor for name, tensor in tensors.items() if name != "factor"})

    def _encode(self, rows: Floats) -> Codes:
        return super()._encode(self._whiten(rows))

    def _set_network(self, network: Network) -> None:
        super()._set_network(network)
        self.atoms_ = self.metric_.unwhiten(self.atoms_).astype(np.float32)
        self.bias_ = self.metric_.unwhiten(self.bias_[None])[0].astype(np.float32)

    def _whiten(self, rows: Floats) -> Floats:
        return self.metric_.whiten(rows).astype(np.float32)
