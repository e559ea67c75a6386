"""The tokens that a vector points at, found without ever holding vectors times vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from seme.errors import InputError

NEURONS_AT_ONCE = 1536
TOKENS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class TopTokens:
    """The best tokens of each row and what the whole vocabulary adds up to.

    Attributes
    ----------
    ids
        Token ids, the best first, shape (n, k), int64.
    scores
        Their logits, shape (n, k).
    log_normaliser
        Log of the sum of exponentials over the whole vocabulary, shape (n,).
    """

    ids: Tensor
    scores: Tensor
    log_normaliser: Tensor

    @property
    def probabilities(self) -> Tensor:
        """Return the soft-max of the logits, for the best tokens alone: shape (n, k)."""
        return (self.scores - self.log_normaliser[:, None]).exp()


@torch.no_grad()
def top_tokens(
    rows: Tensor,
    head: Tensor,
    k: int = 10,
    *,
    neurons_at_once: int = NEURONS_AT_ONCE,
    tokens_at_once: int = TOKENS_AT_ONCE,
) -> TopTokens:
    """Return the `k` tokens with the largest logits `head @ row` for each row (arXiv 2501.02688, section 3).

    The product is made in tiles of `neurons_at_once` x `tokens_at_once`; what is kept between tiles is the running
    best `k` and the running log-sum-exp. Memory beyond the input is one tile.

    Parameters
    ----------
    rows
        Vectors of the residual space, shape (n, d).
    head
        The unembedding, one row a token, shape (V, d).
    k
        Tokens to keep for each row.

    Raises
    ------
    InputError
        If the widths differ, a value is not finite, or `k` is not between 1 and V.
    """
    _check(rows, head, k)
    parts = [_one_chunk(chunk, head, k, tokens_at_once) for chunk in rows.split(neurons_at_once)]
    return TopTokens(*(torch.cat(column) for column in zip(*parts, strict=True)))


def _one_chunk(rows: Tensor, head: Tensor, k: int, tokens_at_once: int) -> tuple[Tensor, Tensor, Tensor]:
    scores = rows.new_empty(len(rows), 0)
    ids = torch.empty(len(rows), 0, dtype=torch.long, device=rows.device)
    log_normaliser = rows.new_full((len(rows),), -torch.inf)
    for start in range(0, len(head), tokens_at_once):
        tile = rows @ head[start : start + tokens_at_once].T
        best, where = tile.topk(min(k, tile.shape[1]))
        scores, ids = torch.cat([scores, best], 1), torch.cat([ids, where + start], 1)
        if scores.shape[1] > k:
            scores, where = scores.topk(k)
            ids = ids.gather(1, where)
        log_normaliser = torch.logaddexp(log_normaliser, tile.logsumexp(1))
    return ids, scores, log_normaliser


def _check(rows: Tensor, head: Tensor, k: int) -> None:
    if rows.ndim != 2 or head.ndim != 2 or rows.shape[1] != head.shape[1]:
        raise InputError(
            f"rows and head must be matrices of one width, but have the shapes {tuple(rows.shape)} "
            f"and {tuple(head.shape)}"
        )
    if not len(rows):
        raise InputError("rows is empty: there is no neuron to project")
    if not 1 <= k <= len(head):
        raise InputError(f"k is {k}; it may be 1 to {len(head)}, the number of tokens")
    for name, matrix in (("rows", rows), ("head", head)):
        if not torch.isfinite(matrix).all():
            raise InputError(f"{name} has values that are not finite")
