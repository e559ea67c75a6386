"""Contrast with the other keys of the batch, which the same encoder makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from seme.embeddings.contrastive import ContrastiveLoss, Similarity
from seme.embeddings.contriever.gathering import gather_rows, process
from seme.training.loss import Loss, Objective


class InBatchContrast(Objective):
    """Cross-entropy of each query's key among the keys of all processes (Izacard et al. 2022, section 3.2).

    A batch has `query` and `key`, each as the encoder takes them, and may have `negative`, one text that is wrong for
    each query and serves all of them; so it is in fine-tuning.

    Parameters
    ----------
    temperature
        What similarities are divided by, > 0.
    similarity
        `dot` as published, for vectors of any norm, or `cosine`.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    def __init__(self, *, temperature: float = 0.05, similarity: Similarity = "dot") -> None:
        super().__init__()
        self.contrast = ContrastiveLoss(temperature=temperature, similarity=similarity)

    def forward(self, model: nn.Module, batch: Mapping[str, Any]) -> Loss:
        """Return the loss, and how often the right key is the best (`accuracy`)."""
        queries = model(batch["query"])
        keys = gather_rows(model(batch["key"]))
        right = torch.arange(len(queries), device=queries.device) + process() * len(queries)
        if "negative" in batch:
            keys = torch.cat([keys, gather_rows(model(batch["negative"]))])
        total = self.contrast(queries, keys, positives=right)
        with torch.no_grad():
            best = self.contrast.scores(queries, keys).argmax(1)
        return Loss(total, {"accuracy": (best == right).float().mean()})
