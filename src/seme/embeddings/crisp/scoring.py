"""The score of sets of vectors for each other, and the loss over a batch of them."""

from __future__ import annotations

import torch
from torch import nn

from seme.embeddings.contrastive import info_nce
from seme.embeddings.crisp.reductions import Reduced
from seme.errors import InputError


def chamfer(queries: Reduced, documents: Reduced) -> torch.Tensor:
    """Return `sum_q max_x <q, x>` for every query and document (q, n).

    It is the MaxSim of ColBERT, and not symmetric. Padding of a document wins no maximum, that of a query adds nothing.

    Parameters
    ----------
    queries
        Vectors (q, l, d) and mask.
    documents
        Vectors (n, m, d) and mask.

    Raises
    ------
    InputError
        If widths differ or a document has no vector.
    """
    if (
        queries.vectors.ndim != 3
        or documents.vectors.ndim != 3
        or queries.vectors.shape[2] != documents.vectors.shape[2]
    ):
        raise InputError(
            f"queries are {tuple(queries.vectors.shape)} and documents {tuple(documents.vectors.shape)}, expected "
            "(q, l, d) and (n, m, d)"
        )
    if not bool(documents.mask.any(1).all()):
        raise InputError("a document has no vector", hint="Leave empty texts out")
    products = torch.einsum("qld,nmd->qlnm", queries.vectors, documents.vectors)
    best = products.masked_fill(~documents.mask.bool()[None, None], -torch.inf).amax(3)
    return torch.einsum("qln,ql->qn", best, queries.mask.to(best.dtype))


class ChamferLoss(nn.Module):
    """Cross-entropy of each query's document among those of the batch, over Chamfer scores (CRISP 2025).

    Parameters
    ----------
    temperature
        What scores are divided by, > 0.
    per_vector
        Whether scores are divided by the number of query vectors too, so that one temperature fits reductions of every
        size. The paper does not say how it scales them.

    Raises
    ------
    InputError
        If the temperature is not positive.
    """

    def __init__(self, *, temperature: float = 0.05, per_vector: bool = True) -> None:
        super().__init__()
        if not temperature > 0:
            raise InputError(f"temperature is {temperature}, expected a number > 0")
        self.temperature, self.per_vector = temperature, per_vector

    def forward(
        self,
        queries: Reduced,
        documents: Reduced,
        *,
        positives: torch.Tensor | None = None,
        ignored: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the loss, a scalar; `positives` and `ignored` are those of `info_nce`."""
        scores = chamfer(queries, documents) / self.temperature
        if self.per_vector:
            scores = scores / queries.mask.sum(1, keepdim=True).clamp(min=1).to(scores.dtype)
        return info_nce(scores, positives, ignored=ignored)
