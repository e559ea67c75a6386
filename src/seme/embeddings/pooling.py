"""From the states of tokens to one vector."""

from __future__ import annotations

from typing import Literal

import torch

from seme.errors import InputError

Pooling = Literal["mean", "cls"]


def pool(states: torch.Tensor, mask: torch.Tensor, pooling: Pooling = "mean") -> torch.Tensor:
    """Return one vector of each text, (n, d).

    Parameters
    ----------
    states
        Of tokens, (n, length, d).
    mask
        1 where there is a token and 0 where there is padding, (n, length).
    pooling
        `mean` of the tokens, or `cls`: the first one's state.

    Raises
    ------
    InputError
        If a text has no token, or the pooling is unknown.
    """
    if pooling == "cls":
        return states[:, 0]
    if pooling != "mean":
        raise InputError(f"pooling is {pooling!r}, expected 'mean' or 'cls'")
    count = mask.sum(1)
    if not bool((count > 0).all()):
        raise InputError(f"text {int((count == 0).nonzero()[0])} of the batch has no token", hint="Leave it out")
    return (states * mask[..., None].to(states.dtype)).sum(1) / count[:, None].to(states.dtype)
