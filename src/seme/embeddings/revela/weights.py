"""How much each chunk of a batch attends to each other one: rows that sum to 1, with nothing on the diagonal."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from seme.errors import InputError


def similarity_weights(queries: torch.Tensor, passages: torch.Tensor, *, temperature: float = 0.05) -> torch.Tensor:
    """Return `w_ij = softmax_j(cos(q_i, p_j) / temperature)` over the other chunks j (Revela, in-batch attention).

    It is computed in float32: the released command's temperature is 1e-4, where half precision overflows.

    Parameters
    ----------
    queries, passages
        Vectors of the chunks' first halves and of the whole chunks, (n, d).
    temperature
        What cosines are divided by.

    Returns
    -------
    Tensor
        (n, n), float32 (float64 for float64 vectors); the diagonal is exactly 0.

    Raises
    ------
    InputError
        If there are fewer than two chunks, shapes differ, or the temperature is not positive.
    """
    if not temperature > 0:
        raise InputError(f"temperature is {temperature}, expected a number > 0")
    if queries.ndim != 2 or queries.shape != passages.shape:
        raise InputError(
            f"queries are {tuple(queries.shape)} and passages {tuple(passages.shape)}, expected (n, d) for both"
        )
    own = _own(len(queries), queries.device)
    kept = queries.dtype if queries.dtype == torch.float64 else torch.float32
    with torch.autocast(queries.device.type, enabled=False):
        cosines = F.normalize(queries.to(kept), dim=-1) @ F.normalize(passages.to(kept), dim=-1).T
        return torch.softmax((cosines / temperature).masked_fill(own, -torch.inf), dim=-1)


def uniform_weights(chunks: int, *, device: torch.device | str = "cpu") -> torch.Tensor:
    """Return the weights of a retriever that knows nothing: 1 / (n - 1) for each other chunk.

    Raises
    ------
    InputError
        If there are fewer than two chunks.
    """
    return (~_own(chunks, torch.device(device))).float() / (chunks - 1)


def shuffled_weights(weights: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
    """Return the weights (n, n) with each row's values dealt anew to the other chunks: as peaked, but at random.

    Raises
    ------
    InputError
        If the weights are no square of two chunks or more.
    """
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise InputError(f"weights is {tuple(weights.shape)}, expected (n, n)")
    n = len(weights)
    others = ~_own(n, weights.device)
    order = torch.rand(n, n - 1, generator=generator).argsort(dim=1).to(weights.device)
    dealt = torch.zeros_like(weights)
    dealt[others] = weights[others].view(n, n - 1).gather(1, order).flatten()
    return dealt


def _own(chunks: int, device: torch.device) -> torch.Tensor:
    if chunks < 2:
        raise InputError(
            f"the batch has {chunks} chunk, expected at least 2",
            hint="A chunk attends to the others alone; without any the weights are not defined",
        )
    return torch.eye(chunks, dtype=torch.bool, device=device)
