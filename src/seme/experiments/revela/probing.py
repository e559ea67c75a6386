"""What a language model gains from a retriever's weights, on pairs of neighbours from unseen modules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from accelerate.utils import send_to_device

from seme.embeddings.revela import ChunkBatches, Revela, RevelaObjective, shuffled_weights, uniform_weights
from seme.embeddings.revela.batches import ChunkBatch

KINDS = ("learned", "uniform", "shuffled", "none")


@dataclass(frozen=True, slots=True)
class Probe:
    """Means over batches: losses where chunks read others, by the weights' kind; the weight of the true neighbour."""

    losses: dict[str, float]
    neighbour: float
    largest: float


@torch.no_grad()
def probe(model: Revela, batches: Sequence[ChunkBatch], documents: Sequence[Sequence[str]], seed: int) -> Probe:
    """Compare the weights of a retriever with uniform ones, with shuffled ones, and with reading nothing."""
    generator = torch.Generator().manual_seed(seed)
    places: dict[str, set[int]] = {}
    for number, chunks in enumerate(documents):
        for text in chunks:
            places.setdefault(text, set()).add(number)
    found: list[list[float]] = []
    for batch in batches:
        weights = model.weights(batch)
        recorder, alone = model.record(batch)
        given = (weights, uniform_weights(len(weights), device=weights.device), shuffled_weights(weights, generator))
        losses = [model.prediction_loss(model.help(batch, recorder, one), batch, helped_only=True) for one in given]
        losses.append(model.prediction_loss(alone, batch, helped_only=True))
        texts = batch["texts"]
        same = torch.tensor([[one != other and bool(places[one] & places[other]) for other in texts] for one in texts])
        found.append([*map(float, losses), float((weights.cpu() * same).sum(1).mean()), float(weights.amax(1).mean())])
    means = np.mean(found, axis=0)
    return Probe(dict(zip(KINDS, map(float, means[:4]), strict=True)), float(means[4]), float(means[5]))


def probe_batches(
    documents: Sequence[Sequence[str]],
    tokenizer: object,
    *,
    size: int,
    group: int,
    longest: int,
    count: int,
    seed: int,
    device: torch.device | str = "cpu",
) -> list[ChunkBatch]:
    """Return batches of neighbours on a device."""
    data = ChunkBatches(documents, tokenizer, size=size, group=group, longest=longest, seed=seed)
    return [send_to_device(one, device) for one in islice(data.starting_at(0), count)]


def gradient_norm(model: Revela, batch: ChunkBatch) -> float:
    """Return the norm of the loss's gradient in the retriever, and leave no gradient behind."""
    RevelaObjective()(model, batch).total.backward()
    squares = [float(one.grad.double().pow(2).sum()) for one in model.retriever.parameters() if one.grad is not None]
    model.zero_grad()
    return math.sqrt(sum(squares))
