"""Dead units, pointed at what the others leave unexplained (Bricken et al. 2023, "Neuron resampling")."""

from __future__ import annotations

import torch
from torch.nn import functional

from seme.interp.dictionaries.network import Network


@torch.no_grad()
def revive(network: Network, optimizer: torch.optim.Optimizer, *, after: int, seed: int) -> int:
    """Restart the units that have not been active for `after` rows, and forget their moments in the optimiser.

    Each takes the direction of the unexplained part of a row of the last batch; rows are drawn in proportion to its
    squared length.

    Returns
    -------
    int
        How many units were restarted; at most half as many as the batch has rows.
    """
    residual = network.residual
    dead = (network.idle >= after).nonzero()[:, 0][: len(residual) // 2]
    weights = residual.double().square().sum(dim=1).cpu()
    if len(dead) == 0 or not weights.any():
        return 0
    drawn = torch.multinomial(weights, len(dead), generator=torch.Generator().manual_seed(seed))
    directions = functional.normalize(residual[drawn.to(residual.device)], dim=1)
    for parameter in network.restart(dead, directions):
        for value in optimizer.state[parameter].values():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                value[dead] = 0
    return len(dead)
