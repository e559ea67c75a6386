"""Steps over documents with all of their words: of everything at once, or of new documents alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch

from seme.embeddings.binary_paragraphs.network import ParagraphNetwork
from seme.embeddings.binary_paragraphs.settings import ParagraphSettings
from seme.embeddings.binary_paragraphs.terms import Documents, Rows

_LOGITS = 5_000_000
"""Logits, nearly, that are held at once for new documents: V for each, or for each of its words with a context."""
_TINY = 1e-10
Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]
"""Owners, terms and words before them."""


def train(
    network: ParagraphNetwork,
    vectors: torch.Tensor,
    documents: Documents,
    settings: ParagraphSettings,
    epochs: Iterable[int],
    *,
    seed: int,
) -> list[float]:
    """Train the network and the vectors of documents (n, width) in place; return the mean loss of each epoch."""
    optimizer, squares = torch.optim.Adagrad(network.parameters(), lr=settings.rate), torch.zeros_like(vectors)
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    losses = []
    for _ in epochs:
        order, total = rng.permutation(len(documents)), 0.0
        for start in range(0, len(order), settings.batch):
            chosen = np.sort(order[start : start + settings.batch])
            rows = torch.from_numpy(chosen)
            own = vectors[rows].requires_grad_()
            loss = network(own, *_batch(documents, chosen, network), network.softmax.draw(generator))
            optimizer.zero_grad()
            loss.mean().backward()
            optimizer.step()
            _adagrad(vectors, squares, rows, own.grad, settings.rate)
            total += float(loss.detach().sum())
        losses.append(total / len(documents.terms))
    return losses


def _adagrad(
    vectors: torch.Tensor, squares: torch.Tensor, rows: torch.Tensor, gradient: torch.Tensor | None, rate: float
) -> None:
    """Take AdaGrad's step for some rows of the vectors alone: a dense step over all documents would take longest."""
    if gradient is not None:
        squares[rows] += gradient.square()
        vectors[rows] -= rate * gradient / (squares[rows].sqrt() + _TINY)


def infer(network: ParagraphNetwork, documents: Documents, settings: ParagraphSettings) -> npt.NDArray[np.float32]:
    """Return the vectors (n, width) of new documents, with the network frozen.

    They start at zero and go by AdaGrad over the whole softmax, so that a document's vector does not depend on others.
    """
    rows = documents.lengths if network.context else np.ones(len(documents), dtype=np.int64)
    groups = np.cumsum(rows) * len(network.softmax.bias) // _LOGITS
    parts = [_infer(network, documents, np.flatnonzero(groups == one), settings) for one in np.unique(groups)]
    return np.concatenate(parts) if parts else np.empty((0, settings.width), dtype=np.float32)


def _infer(
    network: ParagraphNetwork, documents: Documents, chosen: Rows, settings: ParagraphSettings
) -> npt.NDArray[np.float32]:
    owners, terms, before = _batch(documents, chosen, network)
    vectors = torch.zeros(len(chosen), settings.width, requires_grad=True)
    optimizer = torch.optim.Adagrad([vectors], lr=settings.rate)
    for _ in range(settings.inference):
        loss = network(vectors, owners, terms, before, None).sum()
        (vectors.grad,) = torch.autograd.grad(loss, [vectors])
        optimizer.step()
    return vectors.detach().numpy()


def _batch(documents: Documents, chosen: Rows, network: ParagraphNetwork) -> Batch:
    owners, places = documents.pairs(chosen)
    terms = torch.from_numpy(documents.terms[places])
    if not network.context:
        return torch.from_numpy(owners), terms, None
    back = places[:, None] - np.arange(1, network.context + 1)
    inside = back >= documents.offsets[chosen][owners][:, None]
    before = np.where(inside, documents.terms[np.maximum(back, 0)], len(network.softmax.bias))
    return torch.from_numpy(owners), terms, torch.from_numpy(before)
