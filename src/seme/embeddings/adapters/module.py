"""Low-rank residuals over the vectors of an encoder that stays as it is (ADDER, 2023)."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.nn import functional as F

from seme.errors import InputError
from seme.retrieval.adapter import ACTIVATIONS, Activation


class LowRankAdapter(nn.Module):
    """`h(v) = v + V f(K v)` at unit length: each of r keys that a vector is like moves it by a learned value.

    With `identity` it is the linear residual `v + B A v`. The values start at 0, so that nothing is changed at first.

    Parameters
    ----------
    dim
        Width D of the vectors.
    rank
        Keys r; `None` for a full D x D residual, whose keys are the axes and stay so.
    activation
        f: `identity`, `softmax` over the keys, or `relu`.
    generator
        Of the keys, which are drawn from a normal distribution.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    def __init__(
        self,
        dim: int,
        rank: int | None,
        activation: Activation = "identity",
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if dim < 1 or (rank is not None and rank < 1):
            raise InputError(f"dim is {dim} and rank {rank}, expected at least 1 of both, or None for the full rank")
        if activation not in ACTIVATIONS:
            raise InputError(f"activation is {activation!r}, expected one of {', '.join(ACTIVATIONS)}")
        if rank is not None and rank >= dim:
            warnings.warn(f"rank {rank} is not low for vectors of width {dim}", stacklevel=2)
        self.activation = activation
        keys = torch.eye(dim) if rank is None else torch.randn(rank, dim, generator=generator)
        self.keys = nn.Parameter(keys, requires_grad=rank is not None)
        self.values = nn.Parameter(torch.zeros(dim, len(keys)))

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return the moved vectors (..., D), of unit length."""
        active = vectors @ self.keys.T
        if self.activation == "softmax":
            active = active.softmax(-1)
        elif self.activation == "relu":
            active = active.relu()
        return F.normalize(vectors + active @ self.values.T, dim=-1)

    @property
    def parameter_count(self) -> int:
        """Numbers that are learned: 2 r D, or D² at full rank."""
        return sum(one.numel() for one in self.parameters() if one.requires_grad)


class FreeMap(nn.Module):
    """`h(v) = W v` at unit length from a random W: what a residual is compared with."""

    def __init__(self, dim: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(dim, dim, generator=generator) / dim**0.5)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return the mapped vectors (..., D), of unit length."""
        return F.normalize(vectors @ self.weight.T, dim=-1)
