"""Steps of an adapter's training: batches, negatives, gradients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from seme.embeddings.adapters.losses import CosineEmbeddingLoss, SoftmaxLoss, TripletLoss
from seme.embeddings.adapters.negatives import hard_negatives
from seme.embeddings.adapters.pairs import Indices, Pairs
from seme.embeddings.adapters.settings import AdapterSettings


class AdapterTraining:
    """Trains modules of both sides in place."""

    def __init__(self, settings: AdapterSettings, pairs: Pairs, sides: Mapping[str, nn.Module], seed: int) -> None:
        self._settings, self._pairs, self._sides = settings, pairs, sides
        self._rng = np.random.default_rng(seed)
        self._queries, self._documents = torch.from_numpy(pairs.queries), torch.from_numpy(pairs.documents)
        self._hard: Indices | None = None
        self._loss = {
            "softmax": SoftmaxLoss(settings.temperature),
            "triplet": TripletLoss(settings.margin),
            "cosine-embedding": CosineEmbeddingLoss(settings.margin),
        }[settings.loss]
        modules = {id(one): one for one in sides.values()}.values()
        named = [pair for module in modules for pair in module.named_parameters() if pair[1].requires_grad]
        groups = [
            {"params": [one for name, one in named if name != "keys"], "weight_decay": settings.weight_decay},
            {"params": [one for name, one in named if name == "keys"], "weight_decay": 0.0},
        ]
        self._optimizer = torch.optim.AdamW([one for one in groups if one["params"]], lr=settings.rate)

    def epoch(self, number: int) -> None:
        """Take a step for each batch of queries; `number` counts from 1."""
        if self._settings.hard and (number - 1) % self._settings.mine_every == 0:
            self._mine()
        order = self._rng.permutation(len(self._queries))
        for start in range(0, len(order), self._settings.batch):
            self._step(order[start : start + self._settings.batch])

    @torch.no_grad()
    def _mine(self) -> None:
        queries, documents = self._sides["query"](self._queries), self._sides["document"](self._documents)
        self._hard = hard_negatives(self._pairs, queries.numpy(), documents.numpy(), count=self._settings.hard)

    def _step(self, rows: Indices) -> None:
        own = [int(self._rng.choice(np.asarray(self._pairs.positives[row]))) for row in rows.tolist()]
        drawn = self._rng.integers(len(self._documents), size=self._settings.drawn)
        columns = np.unique(np.concatenate([np.array(own, dtype=np.int64), drawn]))
        queries = self._sides["query"](self._queries[torch.from_numpy(rows)])
        documents = self._sides["document"](self._documents[torch.from_numpy(columns)])
        scores, right = queries @ documents.T, torch.from_numpy(self._pairs.right(rows, columns))
        if self._hard is not None:
            hard = torch.from_numpy(self._hard[rows])
            near = self._sides["document"](self._documents[hard.clamp_min(0)])
            extra = torch.einsum("qd,qhd->qh", queries, near).masked_fill(hard < 0, -torch.inf)
            scores = torch.cat([scores, extra], dim=1)
            right = torch.cat([right, torch.zeros_like(hard, dtype=torch.bool)], dim=1)
        loss = self._loss(scores, right)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
