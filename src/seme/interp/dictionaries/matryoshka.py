"""Nested dictionaries: the first units alone have to explain as much as they can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch.nn import functional

from seme.errors import InputError
from seme.interp.dictionaries.arguments import at_least_one
from seme.interp.dictionaries.autoencoder import SparseAutoencoder
from seme.interp.dictionaries.batch_topk import BatchTopKNetwork
from seme.interp.dictionaries.network import Network, Start
from seme.interp.dictionaries.sparse import Active, decode

_GROUPS = (1 / 16, 1 / 16, 1 / 8, 1 / 4, 1 / 2)


class Matryoshka(SparseAutoencoder):
    """A BatchTopK autoencoder whose first units reconstruct without the others, too (Bussmann et al. 2025).

    Parameters
    ----------
    n_atoms
        Number of units, m; None for four times the width.
    k
        Active units per row, on average.
    groups
        Shares of the units that make up each group; None for a 16th, a 16th, an eighth, a quarter and a half. The loss
        is the mean error of the first group, of the first two, and so on.
    learning_rate, batch_size, steps, revive_every, seed, device
        See `SparseAutoencoder`.
    """

    def __init__(
        self,
        n_atoms: int | None = None,
        *,
        k: float = 32,
        groups: Sequence[float] | None = None,
        learning_rate: float = 1e-3,
        batch_size: int = 1024,
        steps: int = 2000,
        revive_every: int = 100,
        seed: int = 0,
        device: Literal["cpu"] | None = None,
    ) -> None:
        self.n_atoms, self.k, self.groups = n_atoms, k, groups
        self.learning_rate, self.batch_size = learning_rate, batch_size
        self.steps, self.revive_every, self.seed, self.device = steps, revive_every, seed, device

    def make_network(self, start: Start) -> Network:
        """Return a network with nested groups."""
        at_least_one(k=self.k)
        groups = _GROUPS if self.groups is None else self.groups
        if not groups or min(groups) <= 0 or abs(sum(groups) - 1) > 1e-6:
            raise InputError(f"groups are {groups}; they have to be above 0 and add up to 1")
        return MatryoshkaNetwork(start, k=self.k, groups=groups)


class MatryoshkaNetwork(BatchTopKNetwork):
    """A BatchTopK network with an error for each prefix of its units.

    Parameters
    ----------
    start
        What it starts from.
    k
        Active units per row.
    groups
        Shares of the units.
    """

    def __init__(self, start: Start, *, k: float, groups: Sequence[float]) -> None:
        super().__init__(start, k=k)
        ends = [round(self.units * sum(groups[: number + 1])) for number in range(len(groups))]
        self.ends = [*ends[:-1], self.units]

    def errors(self, rows: torch.Tensor, values: torch.Tensor, active: Active) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what is left of the rows, and the mean loss of all prefixes."""
        error, losses, begin = rows - self.bias, [], 0
        for end in self.ends:
            chosen = (active.units >= begin) & (active.units < end)
            counts = torch.zeros_like(active.offsets[1:]).index_add(0, active.rows[chosen], chosen[chosen].long())
            offsets = functional.pad(counts.cumsum(0), (1, 0))
            error = error - decode(values[chosen], Active(offsets, active.units[chosen], active.width), self.decoder)
            losses.append(error.square().mean())
            begin = end
        return error, torch.stack(losses).mean()
