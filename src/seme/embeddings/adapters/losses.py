"""Losses over similarities of queries with right and wrong documents."""

from __future__ import annotations

import torch
from torch import nn

from seme.embeddings.contrastive import info_nce
from seme.errors import InputError


class SoftmaxLoss(nn.Module):
    """InfoNCE: right documents among all, similarities over a temperature; several right ones are summed."""

    def __init__(self, temperature: float = 0.05) -> None:
        super().__init__()
        if not temperature > 0:
            raise InputError(f"temperature is {temperature}, expected a number > 0")
        self.temperature = temperature

    def forward(self, scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Return the loss, a scalar, of similarities (n, k) and which of them are of right documents (n, k).

        What cannot be chosen has the similarity -inf.
        """
        return info_nce(scores / self.temperature, right)


class TripletLoss(nn.Module):
    """The mean over queries of `sum max(0, margin - s_right + s_wrong)` over each right with each wrong document."""

    def __init__(self, margin: float = 0.2) -> None:
        super().__init__()
        if not margin > 0:
            raise InputError(f"margin is {margin}, expected a number > 0")
        self.margin = margin

    def forward(self, scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Return the loss, as `SoftmaxLoss.forward`."""
        rows, columns = right.nonzero(as_tuple=True)
        excess = (self.margin - scores[rows, columns][:, None] + scores[rows]).relu()
        return excess.masked_fill(right[rows], 0.0).sum() / len(scores)


class CosineEmbeddingLoss(nn.Module):
    """`1 - s` of right documents and `max(0, s - margin)` of wrong ones, the mean of each kind, added."""

    def __init__(self, margin: float = 0.2) -> None:
        super().__init__()
        if not -1 <= margin < 1:
            raise InputError(f"margin is {margin}, expected a number from -1 to below 1")
        self.margin = margin

    def forward(self, scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Return the loss, as `SoftmaxLoss.forward`."""
        wrong = ~right & scores.isfinite()
        near = (scores[wrong] - self.margin).relu()
        return (1 - scores[right]).mean() + (near.mean() if len(near) else scores.new_zeros(()))
