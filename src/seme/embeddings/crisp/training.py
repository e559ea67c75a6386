"""Training a multi-vector encoder above frozen blocks, through whatever its vectors are reduced to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.embeddings.crisp.encoder import MultiVectorEncoder
from seme.embeddings.crisp.scoring import ChamferLoss
from seme.errors import InputError
from seme.training.loss import Loss, Objective

States = npt.NDArray[np.float16] | npt.NDArray[np.float32]
"""Of one text's tokens (length, d)."""


class PairBatches:
    """Batches of queries with their documents that can be taken up at any number: batch k is always the same.

    Parameters
    ----------
    queries, documents
        States of the tokens of each pair's query and document, below the trained blocks.
    groups
        What tells documents apart (n,): pairs whose document is the same are no negatives of each other.
    size
        Pairs of a batch.
    seed
        Of what is drawn.
    hard
        Rows of documents that are near each query and wrong for it; one of them stands in the batch beside the right
        one. A query without any takes a document by chance.

    Raises
    ------
    InputError
        If there are not as many queries as documents and groups, or fewer than two pairs.
    """

    def __init__(
        self,
        queries: Sequence[States],
        documents: Sequence[States],
        groups: Sequence[int],
        *,
        size: int,
        seed: int = 0,
        hard: Sequence[npt.NDArray[np.int64]] | None = None,
    ) -> None:
        if not len(queries) == len(documents) == len(groups) or len(queries) < 2 or size < 2:
            raise InputError(
                f"there are {len(queries)} queries, {len(documents)} documents and {len(groups)} groups, and size is "
                f"{size}, expected as many of each, and two at least"
            )
        if hard is not None and len(hard) != len(queries):
            raise InputError(f"there are {len(queries)} queries and hard negatives of {len(hard)}, expected as many")
        self.queries, self.documents, self.groups, self.hard = queries, documents, np.asarray(groups), hard
        self.size, self.seed = min(size, len(queries)), seed

    def starting_at(self, number: int) -> Iterator[dict[str, torch.Tensor]]:
        """Yield the batches from that number on, without end."""
        while True:
            rng = np.random.default_rng([self.seed, number])
            rows = rng.choice(len(self.queries), self.size, replace=False)
            beside = [] if self.hard is None else [self._wrong(self.hard[row], rng) for row in rows]
            shown = np.concatenate([rows, np.array(beside, dtype=np.int64)])
            queries, query_mask = padded([self.queries[row] for row in rows])
            documents, document_mask = padded([self.documents[row] for row in shown])
            yield {
                "queries": queries,
                "query_mask": query_mask,
                "documents": documents,
                "attention_mask": document_mask,
                "ignored": torch.from_numpy(self.groups[rows][:, None] == self.groups[shown][None, :]),
            }
            number += 1

    def _wrong(self, near: npt.NDArray[np.int64], rng: np.random.Generator) -> int:
        return int(rng.choice(near)) if len(near) else int(rng.integers(len(self.documents)))


class CrispObjective(Objective):
    """The contrastive loss of Chamfer scores between reduced queries and documents of a batch of `PairBatches`.

    Parameters
    ----------
    layer
        The block after which the states of the batches are.
    temperature
        What scores per query vector are divided by.
    """

    def __init__(self, *, layer: int, temperature: float = 0.05) -> None:
        super().__init__()
        self.layer, self.contrast = layer, ChamferLoss(temperature=temperature)

    def forward(self, model: nn.Module, batch: Mapping[str, Any]) -> Loss:
        """Return the loss of a batch."""
        assert isinstance(model, MultiVectorEncoder)  # noqa: S101  # what else would be trained through sets
        queries = model.resume(batch["queries"], batch["query_mask"], "query", layer=self.layer)
        documents = model.resume(batch["documents"], batch["attention_mask"], "document", layer=self.layer)
        return Loss(self.contrast(queries, documents, ignored=batch["ignored"]))


def padded(texts: Sequence[States]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return states of texts as one float32 array (n, length, d), and their mask (n, length)."""
    longest = max(map(len, texts))
    states = torch.zeros(len(texts), longest, texts[0].shape[1])
    mask = torch.zeros(len(texts), longest, dtype=torch.long)
    for row, one in enumerate(texts):
        states[row, : len(one)] = torch.from_numpy(np.asarray(one, dtype=np.float32))
        mask[row, : len(one)] = 1
    return states, mask


def train_above(encoder: MultiVectorEncoder, layer: int) -> list[nn.Parameter]:
    """Freeze all but the blocks above `layer` and the projection, and switch dropout off; return what is trained."""
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    encoder.requires_grad_(requires_grad=False)
    blocks: Any = encoder.base.model.encoder.layer[layer:]  # type: ignore[union-attr, index]
    trained = [*blocks.parameters(), *encoder.projection.parameters()]
    if not trained:
        raise InputError(f"layer is {layer}, above which the encoder has no block, and there is no projection")
    for one in trained:
        one.requires_grad_(requires_grad=True)
    return trained
