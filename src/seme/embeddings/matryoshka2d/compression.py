"""What a narrow vector should keep of a full one (ESE's learn-to-compress)."""

from __future__ import annotations

import torch

from seme.errors import InputError


@torch.no_grad()
def principal_targets(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """Return `X U_k diag(s_k)` of the decomposition U diag(s) V' = softmax(X'X / sqrt(d)), (n, dim), without gradient.

    The published code takes a random low-rank decomposition; this one is exact. A singular vector's sign is free:
    each has its largest coordinate positive, so that the target does not turn over from step to step.

    Raises
    ------
    InputError
        If there are fewer vectors or coordinates than `dim`, for the rank is then too low.
    """
    n, width = vectors.shape
    if not 1 <= dim <= min(n, width):
        raise InputError(f"dim is {dim} for {n} vectors of width {width}, expected 1 to {min(n, width)}")
    likeness = torch.softmax(vectors.T @ vectors / width**0.5, dim=-1)
    u, s, _ = torch.linalg.svd(likeness)
    u = u[:, :dim]
    largest = u.gather(0, u.abs().argmax(0, keepdim=True))
    targets: torch.Tensor = vectors @ (u * largest.sign() * s[:dim])
    return targets
