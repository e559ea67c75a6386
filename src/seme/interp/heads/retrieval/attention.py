"""Attention weights while a model decodes: they are there with the eager implementation alone."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from seme.errors import InputError


@contextmanager
def eager_attention(model: PreTrainedModel) -> Iterator[PreTrainedModel]:
    """Let a model compute attention in the way that returns its weights; afterwards it is as it was.

    Raises
    ------
    InputError
        If the model is not of the transformers library, or cannot be switched.
    """
    if not isinstance(model, PreTrainedModel):
        raise InputError(f"model is {type(model).__name__}, expected a PreTrainedModel of transformers")
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        if model.config._attn_implementation != "eager":
            raise InputError(
                f"{type(model).__name__} cannot be switched to eager attention, which alone returns weights",
                hint='Load it with attn_implementation="eager"',
            )
        yield model
    finally:
        model.set_attn_implementation(before)


def prefill(model: PreTrainedModel, ids: Tensor) -> DynamicCache:
    """Return the keys and values of a prompt, (rows, tokens), with whichever attention the model has."""
    cache = DynamicCache(config=model.config)
    if ids.shape[1]:
        _forward(model, ids, cache)
    return cache


def repeated(cache: DynamicCache, rows: int) -> DynamicCache:
    """Return a copy of a cache of one row with so many rows, which may be extended and leaves the first as it is."""
    copied = copy.deepcopy(cache)
    copied.batch_repeat_interleave(rows)
    return copied


def decode(
    model: PreTrainedModel, last: Tensor, cache: DynamicCache, *, longest: int, stop: Collection[int]
) -> tuple[list[list[int]], list[Tensor]]:
    """Decode greedily from the last token of each prompt, (rows, 1), and tell where heads look at each step.

    Returns
    -------
    tuple
        Tokens of each row up to the one that stops it, which is left out; and for each step the positions that heads
        attend to most, (layers, rows, heads), where the model's attention is eager, else nothing.
    """
    rows: list[list[int]] = [[] for _ in last]
    open_rows = set(range(len(last)))
    attended: list[Tensor] = []
    eager = model.config._attn_implementation == "eager"
    for _ in range(longest):
        output = _forward(model, last, cache, weights=eager)
        last = output.logits[:, -1:].argmax(-1)
        for row, token in enumerate(last[:, 0].tolist()):
            if row in open_rows and token in stop:
                open_rows.remove(row)
            elif row in open_rows:
                rows[row].append(token)
        if not open_rows:
            break
        if eager:
            attended.append(most_attended(output)[..., 0])
    return rows, attended


def forced(model: PreTrainedModel, tokens: Tensor, cache: DynamicCache) -> Tensor:
    """Return where heads look while known tokens (1, steps) are read, (layers, heads, steps)."""
    return most_attended(_forward(model, tokens, cache, weights=True))[:, 0]


def most_attended(output: Any) -> Tensor:
    """Return the positions that each head attends to most, (layers, rows, heads, tokens).

    Raises
    ------
    InputError
        If the output has no attention weights.
    """
    weights = output.attentions
    if not weights or any(one is None for one in weights):
        raise InputError("the model returned no attention weights", hint="Run it within eager_attention(model)")
    return torch.stack([one.argmax(-1).cpu() for one in weights])


@torch.no_grad()
def _forward(model: PreTrainedModel, ids: Tensor, cache: DynamicCache, *, weights: bool = False) -> Any:
    # transformers renamed the argument in version 5.
    name = "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"
    return model(input_ids=ids.to(model.device), use_cache=True, output_attentions=weights, **{name: cache})
