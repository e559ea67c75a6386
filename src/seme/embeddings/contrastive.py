"""Contrastive losses over plain tensors: in-batch, hard and queued negatives, masks for false ones.

The cross-entropy of the right document among all that are scored (InfoNCE; van den Oord et al. 2018). With documents
of the other queries as negatives it is the loss of DPR (Karpukhin et al. 2020), with a queue that of MoCo (He et al.
2020).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional as F

from seme.errors import InputError

Similarity = Literal["cosine", "dot"]


def info_nce(
    scores: torch.Tensor, positives: torch.Tensor | None = None, *, ignored: torch.Tensor | None = None
) -> torch.Tensor:
    """Return `mean_i -log(sum_{j positive} exp(s_ij) / sum_j exp(s_ij))`, a scalar.

    Parameters
    ----------
    scores
        Similarities over the temperature, (queries, documents).
    positives
        Either the column of each query's document, integers (queries,); or which columns are right, truth values
        (queries, documents), of which each row has one at least. Column i for query i if not given.
    ignored
        Columns that are neither right nor wrong, truth values (queries, documents): false negatives. Where a column
        is a positive, too, it stays one.

    Raises
    ------
    InputError
        If a shape does not fit, or a query has no positive.
    """
    queries, documents = _matrix("scores", scores).shape
    if ignored is not None and ignored.shape != scores.shape:
        raise InputError(f"ignored is {tuple(ignored.shape)}, expected {tuple(scores.shape)}, as the scores")
    if ignored is None and (positives is None or positives.ndim == 1):  # one right column each: the usual case, fused
        return F.cross_entropy(scores, _columns(positives, queries, documents, scores.device))
    right = _right(positives, queries, documents, scores.device)
    if ignored is not None:
        scores = scores.masked_fill(ignored.bool() & ~right, -torch.inf)
    found = torch.logsumexp(scores.masked_fill(~right, -torch.inf), dim=1)
    return (torch.logsumexp(scores, dim=1) - found).mean()


class ContrastiveLoss(nn.Module):
    """InfoNCE between query and document vectors.

    Parameters
    ----------
    temperature
        What similarities are divided by, > 0.
    similarity
        `cosine` or `dot`.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    def __init__(self, *, temperature: float = 0.05, similarity: Similarity = "cosine") -> None:
        super().__init__()
        if not temperature > 0:
            raise InputError(f"temperature is {temperature}, expected a number > 0")
        if similarity not in ("cosine", "dot"):
            raise InputError(f"similarity is {similarity!r}, expected 'cosine' or 'dot'")
        self.temperature, self.similarity = temperature, similarity

    def forward(
        self,
        queries: torch.Tensor,
        documents: torch.Tensor,
        *,
        positives: torch.Tensor | None = None,
        ignored: torch.Tensor | None = None,
        hard: torch.Tensor | None = None,
        queue: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the loss, a scalar.

        Parameters
        ----------
        queries
            (q, d).
        documents
            (n, d): every query's document, and any others, which are negatives of all queries.
        positives, ignored
            As in `info_nce`, over `documents`.
        hard
            Negatives of each query alone, (q, h, d).
        queue
            Negatives of all queries, (k, d), through which no gradient goes.
        """
        scores = self.scores(queries, documents)
        if positives is None or positives.ndim == 1:
            right = _columns(positives, len(queries), len(documents), scores.device)
        else:
            right = _right(positives, len(queries), len(documents), scores.device)
        extra = []
        if hard is not None:
            extra.append(torch.einsum("qd,qhd->qh", self._scaled(queries), self._scaled(hard)) / self.temperature)
        if queue is not None:
            extra.append(self.scores(queries, queue.detach()))
        if extra:
            width = sum(one.shape[1] for one in extra)
            right = F.pad(right, (0, width), value=False) if right.ndim == 2 else right
            ignored = None if ignored is None else F.pad(ignored.bool(), (0, width), value=False)
            scores = torch.cat([scores, *extra], dim=1)
        return info_nce(scores, right, ignored=ignored)

    def scores(self, queries: torch.Tensor, documents: torch.Tensor) -> torch.Tensor:
        """Return similarities over the temperature, (q, n)."""
        if _matrix("queries", queries).shape[1] != _matrix("documents", documents).shape[1]:
            raise InputError(f"queries have {queries.shape[1]} dimensions and documents {documents.shape[1]}")
        return self._scaled(queries) @ self._scaled(documents).T / self.temperature

    def _scaled(self, vectors: torch.Tensor) -> torch.Tensor:
        return F.normalize(vectors, dim=-1) if self.similarity == "cosine" else vectors


def _matrix(name: str, tensor: torch.Tensor) -> torch.Tensor:
    if tensor.ndim != 2 or not tensor.numel():
        raise InputError(f"{name} is {tuple(tensor.shape)}, expected a matrix with at least one row and column")
    return tensor


def _columns(positives: torch.Tensor | None, queries: int, documents: int, device: torch.device) -> torch.Tensor:
    if positives is None and queries <= documents:
        return torch.arange(queries, device=device)
    named = torch.arange(queries) if positives is None else positives
    if named.shape != (queries,) or named.min() < 0 or named.max() >= documents:
        raise InputError(
            f"positives name columns {named.min()} to {named.max()} for {len(named)} queries, "
            f"expected one from 0 to {documents - 1} for each of {queries}"
        )
    return named.long()


def _right(positives: torch.Tensor | None, queries: int, documents: int, device: torch.device) -> torch.Tensor:
    if positives is None or positives.ndim == 1:
        return F.one_hot(_columns(positives, queries, documents, device), documents).bool()
    if positives.shape != (queries, documents):
        raise InputError(f"positives is {tuple(positives.shape)}, expected ({queries},) or ({queries}, {documents})")
    if not bool(positives.bool().any(1).all()):
        raise InputError(f"query {int((~positives.bool().any(1)).nonzero()[0])} has no positive document")
    return positives.bool()
