"""The head over a pooled encoder: a linear map and a layer normalisation, shared by queries and documents."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.errors import InputError

_ROWS = 4096


class Head(nn.Module):
    """`e = LayerNorm(W v + b)` (BiDR, 2022); similarities are inner products without a temperature.

    W begins as the identity, so that a trained encoder's vectors begin as they are but for their mean; the
    normalisation begins at the scale that makes inner products cosines over `temperature`.

    Parameters
    ----------
    dim
        Width of the vectors, >= 1.
    temperature
        Of the beginning, > 0; the scale is learned.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    def __init__(self, dim: int, *, temperature: float = 0.05) -> None:
        super().__init__()
        if dim < 1:
            raise InputError(f"dim is {dim}, expected at least 1")
        if not temperature > 0:
            raise InputError(f"temperature is {temperature}, expected a number > 0")
        self.map, self.norm = nn.Linear(dim, dim), nn.LayerNorm(dim)
        nn.init.eye_(self.map.weight)
        nn.init.zeros_(self.map.bias)
        nn.init.constant_(self.norm.weight, (temperature * dim) ** -0.5)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return embeddings (n, d) of vectors (n, d)."""
        embedded: torch.Tensor = self.norm(self.map(vectors))
        return embedded


@torch.no_grad()
def project(head: nn.Module, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return what a head makes of vectors (n, d), float32."""
    starts = range(0, len(vectors), _ROWS)
    parts = [head(torch.from_numpy(np.array(vectors[start : start + _ROWS]))).numpy() for start in starts]
    return np.concatenate(parts).astype(np.float32)
