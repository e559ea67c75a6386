"""Training a gate, or a linear map as its control, over frozen vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from seme.embeddings.contrastive import ContrastiveLoss
from seme.embeddings.lexsembridge import Bridge, BridgeConfig, Paradigm
from seme.experiment import Context
from seme.experiments.lexsembridge.features import Encoded, Queries

if TYPE_CHECKING:
    from seme.experiments.p53_lexsembridge import LexSemBridgeSettings


class QueryMap(nn.Module):
    """A linear map of query vectors that begins as the identity: what training gives without any token."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.map = nn.Linear(dim, dim, bias=False)
        nn.init.eye_(self.map.weight)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return mapped vectors (n, d) of unit norm."""
        return F.normalize(self.map(vectors), dim=-1)


def build(paradigm: str, encoded: Encoded, seed: int) -> nn.Module:
    """Return a fresh gate, or the linear map."""
    torch.manual_seed(seed)
    if paradigm == "map":
        return QueryMap(encoded.encoder.dim)
    kind: Paradigm = paradigm  # type: ignore[assignment]
    return Bridge(BridgeConfig(encoded.encoder.dim, encoded.vocabulary, kind, encoded.ignored))


def enhanced(model: nn.Module, encoded: Encoded, queries: Queries) -> torch.Tensor:
    """Return the vectors that a gate or map makes of queries."""
    if isinstance(model, QueryMap):
        return model(queries.vectors)  # type: ignore[no-any-return]
    assert isinstance(model, Bridge)  # noqa: S101  # there are two kinds
    logits = encoded.logits(queries) if model.config.paradigm == "clr" else None
    return model(queries.vectors, queries.ids, queries.mask, states=queries.states, logits=logits)  # type: ignore[no-any-return]


def train(
    paradigm: str, seed: int, encoded: Encoded, places: torch.Tensor, settings: LexSemBridgeSettings, context: Context
) -> nn.Module:
    """Train on queries whose passages stand at `places`, the same batches for every paradigm of a seed."""
    with torch.random.fork_rng():
        model = build(paradigm, encoded, seed)
    rate = settings.rate_contextual if paradigm == "clr" else settings.rate
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    loss = ContrastiveLoss(temperature=settings.temperature)
    rng = context.rng("batches", seed)
    for _ in context.progress(range(settings.steps), f"Training {paradigm}, seed {seed}"):
        chosen = rng.choice(len(places), min(settings.batch, len(places)), replace=False)
        right = places[torch.as_tensor(chosen)]
        documents, positives = torch.unique(right, return_inverse=True)
        vectors = enhanced(model, encoded, encoded.train.rows(chosen))
        optimizer.zero_grad()
        loss(vectors, encoded.passages[documents], positives=positives).backward()
        optimizer.step()
    return model.eval()
