"""Small networks on fixed inputs, and the loop that trains them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import nn

from seme.embeddings.matryoshka import checked_dims
from seme.training.schedule import linear


class Perceptron(nn.Sequential):
    """One hidden layer of rectified units: what the paper's ResNet is here."""

    def __init__(self, inputs: int, hidden: int, dim: int) -> None:
        super().__init__(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, dim))


class Projection(nn.Module):
    """A residual map of vectors (n, d) that begins as the identity."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.straight, self.bent = nn.Linear(dim, dim, bias=False), Perceptron(dim, 2 * dim, dim)
        nn.init.eye_(self.straight.weight)
        for parameter in self.bent[2].parameters():
            nn.init.zeros_(parameter)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return mapped vectors (n, d)."""
        mapped: torch.Tensor = self.straight(vectors) + self.bent(vectors)
        return mapped


class Slimmable(nn.Module):
    """Sub-networks whose width is the size's share of the whole, in shared weights (Yu et al. 2018), without norms.

    Parameters
    ----------
    inputs, hidden, dim
        Of the whole network.
    dims
        Sizes, rising; the last is `dim`.
    classes
        Of each size's own head.
    """

    def __init__(self, inputs: int, hidden: int, dims: Sequence[int], classes: int) -> None:
        super().__init__()
        self.dims = checked_dims(dims)
        self.first, self.second = nn.Linear(inputs, hidden), nn.Linear(hidden, self.dims[-1])
        self.heads = nn.ModuleList(nn.Linear(one, classes) for one in self.dims)

    def vectors(self, inputs: torch.Tensor, dim: int) -> torch.Tensor:
        """Return the vectors (n, dim) of the sub-network of a size."""
        units = max(1, self.first.out_features * dim // self.dims[-1])
        hidden = torch.relu(nn.functional.linear(inputs, self.first.weight[:units], self.first.bias[:units]))
        return nn.functional.linear(hidden, self.second.weight[:dim, :units], self.second.bias[:dim])

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the logits of each size; every one needs a pass of its own."""
        return tuple(head(self.vectors(inputs, dim)) for dim, head in zip(self.dims, self.heads, strict=True))


def descend(
    parameters: Iterable[nn.Parameter],
    loss: Callable[[torch.Tensor], torch.Tensor],
    rows: int,
    *,
    steps: int,
    batch: int,
    rate: float,
    rng: np.random.Generator,
) -> None:
    """Minimise a loss of row numbers (batch,) out of so many rows, by Adam with a rate that falls to 0."""
    optimizer = torch.optim.Adam(parameters, lr=rate, fused=True)
    factor = linear()
    order = rng.permutation(rows)
    place = 0
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * factor(step / steps)
        if place + min(batch, rows) > rows:
            order, place = rng.permutation(rows), 0
        chosen = torch.from_numpy(order[place : place + batch])
        place += batch
        optimizer.zero_grad()
        loss(chosen).backward()
        optimizer.step()
