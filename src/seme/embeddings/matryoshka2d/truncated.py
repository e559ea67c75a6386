"""An encoder of fewer blocks: what is left out is really gone, in memory, in time and in what is saved."""

from __future__ import annotations

import copy

import torch
from torch import nn

from seme.embeddings.encoder import Batch, TextEncoder
from seme.embeddings.pooling import pool
from seme.errors import InputError


def truncate(encoder: TextEncoder, layers: int) -> TextEncoder:
    """Return a copy with the first `layers` blocks alone; `num_hidden_layers` of its configuration says so.

    Raises
    ------
    InputError
        If there are not as many.
    """
    if not 1 <= layers <= encoder.depth:
        raise InputError(f"layers is {layers}, expected 1 to {encoder.depth}")
    model = copy.deepcopy(encoder.model)
    kept = list(model.encoder.layer)[:layers]  # type: ignore[union-attr, arg-type]
    model.encoder.layer = nn.ModuleList(kept)  # type: ignore[union-attr]
    model.config.num_hidden_layers = layers  # type: ignore[union-attr]
    found = TextEncoder(
        model, encoder.tokenizer, pooling=encoder.pooling, normalise=encoder.normalise, longest=encoder.longest
    )
    return found.train(encoder.training)


def layer_vectors(encoder: TextEncoder, batch: Batch) -> list[torch.Tensor]:
    """Return the pooled vectors (n, d) after each block, from one forward pass; they are not normalised."""
    _, *states = encoder.layers(batch)
    return [pool(one, batch["attention_mask"], encoder.pooling) for one in states]
