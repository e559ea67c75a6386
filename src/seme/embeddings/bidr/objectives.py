"""The losses of both stages: cross-entropy over all documents of a batch, of vectors and of their codes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from seme.embeddings.bidr.quantiser import ContrastiveQuantiser
from seme.embeddings.contrastive import info_nce
from seme.errors import InputError
from seme.retrieval.bigranular import ProductQuantiser
from seme.training import Loss


class DenseObjective(nn.Module):
    """Cross-entropy of each query's document among all of the batch: stages 0 and 2."""

    def forward(self, model: nn.Module, batch: Any) -> Loss:
        """Return the loss of a `Step` of a head."""
        queries, documents = model(batch["queries"]), model(batch["documents"])
        return Loss(info_nce(queries @ documents.T, ignored=batch["ignored"]))


class CodesObjective(nn.Module):
    """Contrastive quantisation: the same of vectors and of quantised documents, with the same queries (stage 1).

    Parameters
    ----------
    quantiser
        What is trained along with the head.
    reconstruction
        Weight of `mean |R v - v̂|²`; the paper's command has 0. It is measured against the rotated vector, unlike in
        the published code, which compares with v.
    dense
        Weight of the loss of the vectors themselves.

    Raises
    ------
    InputError
        If a weight is negative.
    """

    def __init__(self, quantiser: ContrastiveQuantiser, *, reconstruction: float = 0.0, dense: float = 1.0) -> None:
        super().__init__()
        if not (reconstruction >= 0 and dense >= 0):
            raise InputError(f"reconstruction is {reconstruction} and dense {dense}, expected numbers >= 0")
        self.quantiser, self.reconstruction, self.dense = quantiser, reconstruction, dense

    def forward(self, model: nn.Module, batch: Any) -> Loss:
        """Return the loss of a `Step` of a head."""
        queries = self.quantiser.rotated(model(batch["queries"]))
        documents = self.quantiser.rotated(model(batch["documents"]))
        quantised = self.quantiser(documents)
        codes = info_nce(queries @ quantised.T, ignored=batch["ignored"])
        # R is orthogonal: products of rotated vectors are those of the vectors.
        plain = info_nce(queries @ documents.T, ignored=batch["ignored"])
        lost = (documents - quantised).square().sum(1).mean()
        total = codes + self.dense * plain + self.reconstruction * lost
        return Loss(total, {"codes": codes.detach(), "dense": plain.detach(), "lost": lost.detach()})


@torch.no_grad()
def dead_codewords(quantiser: ProductQuantiser, codes: Any) -> int:
    """Return how many codewords no document has, of P · K, given codes (n, P)."""
    used = sum(len(torch.unique(torch.as_tensor(codes[:, part]))) for part in range(quantiser.parts))
    return quantiser.parts * quantiser.centroids - used
