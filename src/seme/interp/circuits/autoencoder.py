"""The one sparse autoencoder of all heads, and the code that it gives to what a head says."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from seme.errors import InputError
from seme.training import Budget, Loss, Objective, RowBatches, Trainer

Codes = npt.NDArray[np.int64]
SILENT = -1
"""The code of an output to which no feature answers."""
_AT_ONCE = 16_384


class HeadAutoencoder:
    """A sparse autoencoder over the outputs of all heads, and their discretisation (arXiv 2405.12522, steps 3 and 4).

    `seme.interp.dictionaries.ReLU` is the same model for sites with many rows and rare features. Here rows are few and
    features common, and dense products are faster.

    Parameters
    ----------
    features
        Learned features, m: how many codes there can be.
    sparsity
        Weight of the l1 norm of a code, over the root of d, beside the mean squared error of rows whose mean length is
        the root of d (about the fraction of variance unexplained).
    learning_rate
        Of Adam.
    epochs
        Steps of training; each sees all rows, or `batch_size` of them.
    batch_size
        None for the whole of the rows in each step, as in the paper.
    seed
        Of the start, and of the order of the rows.

    Attributes
    ----------
    network_ : nn.Module
        The trained autoencoder.
    unexplained_ : float
        Squared error over variance on the rows of training.
    """

    def __init__(
        self,
        features: int = 200,
        *,
        sparsity: float = 0.02,
        learning_rate: float = 1e-3,
        epochs: int = 500,
        batch_size: int | None = None,
        seed: int = 0,
    ) -> None:
        self.features, self.sparsity, self.learning_rate, self.epochs = features, sparsity, learning_rate, epochs
        self.batch_size, self.seed = batch_size, seed

    def fit(self, outputs: Tensor | npt.ArrayLike) -> Self:
        """Learn from the outputs of heads, of positive and negative prompts together.

        Parameters
        ----------
        outputs
            (..., d): each (prompt, head) is a row.

        Raises
        ------
        InputError
            If an argument is out of its range, or the outputs are empty, all 0, or hold NaN or infinity.
        """
        self._check()
        rows = _as_rows(outputs)
        length = float(rows.norm(dim=1).mean())
        if length == 0:
            raise InputError("outputs are all 0: there is nothing to learn")
        network = Autoencoder(rows, self.features, rows.shape[1] ** 0.5 / length, self.seed)
        data = RowBatches(rows, self.batch_size or len(rows), seed=self.seed)
        optimizer = torch.optim.Adam(network.parameters(), lr=self.learning_rate, fused=True)
        objective = Reconstruction(self.sparsity)
        budget = Budget(steps=self.epochs)
        Trainer(network, objective, data, budget, seed=self.seed, optimizer=optimizer, log_every=self.epochs).run()
        self.network_ = network.cpu().eval().requires_grad_(False)
        self.unexplained_ = self._unexplained(rows)
        return self

    def codes(self, outputs: Tensor | npt.ArrayLike) -> Codes:
        """Return the feature that answers most to each output, and `SILENT` where none does.

        Parameters
        ----------
        outputs
            (..., d), of the same model.

        Returns
        -------
        ndarray of shape (...)
            From 0 to m - 1, or -1: on a row of zeros `argmax` would say feature 0.

        Raises
        ------
        InputError
            If nothing was fitted, or the outputs are empty, hold NaN or infinity, or have another width.
        """
        if not hasattr(self, "network_"):
            raise InputError("the autoencoder is not trained", hint="Call fit(outputs) first")
        rows = _as_rows(outputs)
        if rows.shape[1] != len(self.network_.bias):
            raise InputError(f"outputs have width {rows.shape[1]}; the autoencoder has {len(self.network_.bias)}")
        best = [self.network_.encode(part).max(dim=1) for part in rows.split(_AT_ONCE)]
        found = torch.cat([torch.where(one.values > 0, one.indices, SILENT) for one in best])
        return found.reshape(torch.as_tensor(outputs).shape[:-1]).numpy()

    def _unexplained(self, rows: Tensor) -> float:
        error = sum(float((part - self.network_(part)[1]).square().sum()) for part in rows.split(_AT_ONCE))
        return error / float((rows - rows.mean(0)).square().sum())

    def _check(self) -> None:
        for name in ("features", "epochs"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; it may be 1 or more")
        if self.batch_size is not None and self.batch_size < 1:
            raise InputError(f"batch_size is {self.batch_size}; it may be 1 or more, or None for all rows")
        if not self.sparsity >= 0:
            raise InputError(f"sparsity is {self.sparsity}; it may be 0 or more")
        if not self.learning_rate > 0:
            raise InputError(f"learning_rate is {self.learning_rate}; it must be above 0")


class Autoencoder(nn.Module):
    """c = ReLU(E (x - b) + e), x' = D c + b, with decoder rows of unit length.

    Parameters
    ----------
    rows
        Rows that it will see, (n, d), for the start of the bias.
    features
        Learned features, m.
    scale
        What rows are multiplied with inside.
    seed
        Of the first directions.

    Attributes
    ----------
    encoder, decoder : Parameter of shape (m, d)
    encoder_bias : Parameter of shape (m,)
    bias : Parameter of shape (d,)
    """

    scale: Tensor

    def __init__(self, rows: Tensor, features: int, scale: float, seed: int) -> None:
        super().__init__()
        drawn = torch.randn(features, rows.shape[1], generator=torch.Generator().manual_seed(seed))
        directions = functional.normalize(drawn, dim=1)
        self.encoder, self.decoder = nn.Parameter(directions.clone()), nn.Parameter(directions.clone())
        self.encoder_bias = nn.Parameter(torch.zeros(features))
        self.bias = nn.Parameter(rows.mean(0) * scale)
        self.register_buffer("scale", torch.tensor(scale))

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes of rows (n, d): (n, m)."""
        return functional.relu(
            torch.addmm(self.encoder_bias - self.encoder @ self.bias, x * self.scale, self.encoder.T)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return codes (n, m) and restored rows (n, d)."""
        codes = self.encode(x)
        return codes, torch.addmm(self.bias, codes, self.decoder) / self.scale


class Reconstruction(Objective):
    """Mean squared error and an l1 norm, both in units in which rows have a mean length of the root of d.

    Parameters
    ----------
    sparsity
        Weight of the l1 norm.
    """

    def __init__(self, sparsity: float) -> None:
        super().__init__()
        self.sparsity = sparsity

    def forward(self, model: nn.Module, batch: Tensor) -> Loss:
        """Return the loss of rows (n, d)."""
        codes, restored = model(batch)
        error = (restored - batch).square().mean() * model.get_buffer("scale").square()
        return Loss(error + self.sparsity * codes.sum(1).mean() / batch.shape[1] ** 0.5, {"error": error.detach()})

    @torch.no_grad()
    def after_update(self, model: nn.Module) -> None:
        """Give the decoder's rows unit length."""
        decoder = model.get_parameter("decoder")
        decoder.copy_(functional.normalize(decoder, dim=1))


def _as_rows(outputs: Tensor | npt.ArrayLike) -> Tensor:
    given = torch.as_tensor(outputs).detach()
    if given.ndim < 2 or not given.numel():
        raise InputError(f"outputs have shape {tuple(given.shape)}; (..., d) with at least one row is wanted")
    rows = given.reshape(-1, given.shape[-1]).float()
    if not bool(torch.isfinite(rows).all()):
        raise InputError("outputs hold NaN or infinity")
    return rows
