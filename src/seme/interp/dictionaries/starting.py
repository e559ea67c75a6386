"""Where the units of an autoencoder point before training."""

from __future__ import annotations

from typing import Literal

import torch
from torch.nn import functional

from seme.errors import InputError


def first_directions(rows: torch.Tensor, count: int, seed: int, *, start: Literal["data", "random"]) -> torch.Tensor:
    """Return unit vectors that point where rows lie, as seen from their mean.

    They are different rows, drawn at random, as k-means starts (Forgy 1965). `TopK` reaches the error of random
    directions in fewer steps. It scales its encoder for it: directions of data overlap, and autoencoders whose encoder
    begins as the decoder's transpose overshoot far more than with random ones. No row is drawn twice: units that start
    alike are active alike, which a penalty of active units never undoes.

    Parameters
    ----------
    rows
        (n, d).
    count
        How many are wanted, m; those beyond the number of rows are random.
    seed
        Of the drawing.
    start
        `random`: all are random.

    Returns
    -------
    Tensor
        (m, d).

    Raises
    ------
    InputError
        If `start` is neither.
    """
    if start not in ("data", "random"):
        raise InputError(f"start is {start!r}, expected 'data' or 'random'")
    generator = torch.Generator().manual_seed(seed)
    random = torch.randn(count, rows.shape[1], generator=generator)
    if start == "data":
        centred = torch.unique(rows, dim=0) - rows.mean(dim=0)
        centred = centred[centred.abs().amax(dim=1) > 1e-6 * rows.abs().max()]
        drawn = torch.randperm(len(centred), generator=generator)[:count]
        random[: len(drawn)] = centred[drawn]
    return functional.normalize(random, dim=1)
