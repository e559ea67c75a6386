"""Training: queries with their first hits are drawn to what is right for them, while the documents' vectors stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.embeddings.contrastive import ContrastiveLoss
from seme.errors import InputError
from seme.training.loss import Loss, Objective

Rows = npt.NDArray[np.int64]


def hard_negatives(
    ranking: Sequence[int] | Rows,
    relevant: Sequence[int] | Rows,
    *,
    depth: int = 200,
    count: int = 100,
    rng: np.random.Generator,
) -> Rows:
    """Return up to `count` documents, drawn from the `depth` best of a ranking, that are not relevant.

    Parameters
    ----------
    ranking
        Rows of documents, the best first, as the base retriever ranks them.
    relevant
        Rows of all documents that are known to be right.

    Raises
    ------
    InputError
        If `depth` or `count` is not positive.
    """
    if depth < 1 or count < 1:
        raise InputError(f"depth is {depth} and count is {count}, both must be at least 1")
    best = np.asarray(ranking[:depth], dtype=np.int64)
    left = best[~np.isin(best, np.asarray(relevant, dtype=np.int64))]
    return np.sort(rng.permutation(left)[:count])


class FeedbackBatches:
    """Batches that can be taken up at any number: batch k is the same in every process.

    Parameters
    ----------
    states
        Of the tokens of each training query with its passages (n, length, d), below the trained blocks; it may be
        memory-mapped.
    mask
        (n, length).
    documents
        Vectors of all documents (m, d).
    relevant
        Rows of the right documents of each query; one of them is drawn each time.
    negatives
        Rows of the hard negatives of each query.
    size, hard
        Queries of a batch, and hard negatives of each.
    seed
        Of what is drawn.

    Raises
    ------
    InputError
        If the parts do not fit each other, or a query has no relevant document or no negative.
    """

    def __init__(
        self,
        states: npt.NDArray[np.float32],
        mask: torch.Tensor,
        documents: npt.NDArray[np.float32],
        relevant: Sequence[Rows],
        negatives: Sequence[Rows],
        *,
        size: int = 16,
        hard: int = 8,
        seed: int = 0,
    ) -> None:
        if not len(states) == len(mask) == len(relevant) == len(negatives):
            raise InputError(
                f"there are {len(states)} states, {len(mask)} masks, {len(relevant)} lists of relevant documents and "
                f"{len(negatives)} of negatives, they must be as many"
            )
        if size < 1 or hard < 1:
            raise InputError(f"size is {size} and hard is {hard}, both must be at least 1")
        for name, lists in (("relevant document", relevant), ("negative", negatives)):
            bare = next((i for i, one in enumerate(lists) if not len(one)), None)
            if bare is not None:
                raise InputError(f"query {bare} has no {name}", hint="Leave it out of the training")
        self.states, self.mask, self.documents = states, mask, documents
        self.relevant, self.negatives = relevant, negatives
        self.size, self.hard, self.seed = min(size, len(states)), hard, seed

    def starting_at(self, number: int) -> Iterator[dict[str, torch.Tensor]]:
        """Yield the batches from that number on, without end."""
        while True:
            yield self._batch(np.random.default_rng([self.seed, number]))
            number += 1

    def _batch(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        rows = rng.choice(len(self.states), self.size, replace=False)
        right = np.array([rng.choice(self.relevant[row]) for row in rows])
        hard = np.stack([rng.choice(self.negatives[row], self.hard) for row in rows])
        mask = self.mask[torch.from_numpy(rows)]
        width = int(mask.sum(1).max())
        return {
            "states": torch.from_numpy(np.array(self.states[rows][:, :width])),
            "attention_mask": mask[:, :width],
            "documents": torch.from_numpy(self.documents[right]),
            "hard": torch.from_numpy(self.documents[hard]),
            "ignored": torch.from_numpy(np.stack([np.isin(right, self.relevant[row]) for row in rows])),
        }


class FeedbackObjective(Objective):
    """Cross-entropy of the right document among the query's hard negatives and those of the batch.

    `-log exp(q'·d+) / (exp(q'·d+) + sum exp(q'·d-))`, the products over a temperature (Yu et al. 2021); no gradient
    goes through documents. What is right for another query of the batch, and for this one too, is no negative.

    Parameters
    ----------
    temperature
        What inner products are divided by; 1 for vectors without unit norm, as ANCE's.
    in_batch
        Whether other queries' documents are negatives, too; ANCE-PRF took hard negatives only.
    """

    def __init__(self, *, temperature: float = 0.05, in_batch: bool = True) -> None:
        super().__init__()
        self.contrast, self.in_batch = ContrastiveLoss(temperature=temperature, similarity="dot"), in_batch

    def forward(self, model: nn.Module, batch: Mapping[str, Any]) -> Loss:
        """Return the loss of a batch of `FeedbackBatches`."""
        ignored = batch["ignored"] if self.in_batch else torch.ones_like(batch["ignored"])
        return Loss(self.contrast(model(batch), batch["documents"], ignored=ignored, hard=batch["hard"]))
