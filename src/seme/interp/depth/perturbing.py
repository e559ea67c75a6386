"""What Jin et al. 2024 disturb a model with: words without meaning before the text, and coarser weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from seme.errors import InputError


def with_noise(
    texts: Sequence[str], rng: np.random.Generator, *, prefixes: Sequence[str] = ("aaa", "bbb")
) -> list[str]:
    """Put one of the prefixes before each text, drawn evenly (Jin et al. 2024, section 4.3).

    Raises
    ------
    InputError
        If there is no text or no prefix.
    """
    if not texts or not prefixes:
        raise InputError(f"there are {len(texts)} texts and {len(prefixes)} prefixes, expected one or more of each")
    return [f"{prefixes[number]} {text}" for number, text in zip(_drawn(texts, prefixes, rng), texts, strict=True)]


@contextlib.contextmanager
def quantised(model: nn.Module, bits: int) -> Iterator[nn.Module]:
    """Round the weights of a model's linear layers for as long as a block lasts; afterwards they are as they were.

    Only the weights are rounded: products are computed in the model's own type.

    Parameters
    ----------
    model
        Embeddings and norms are left alone, and so are weights that an embedding shares.
    bits
        2 to 8: evenly spaced steps, symmetric, as wide for each output as its largest weight asks; 16: bfloat16.

    Raises
    ------
    InputError
        If bits is none of these, or the model has no linear layer.
    """
    if bits != 16 and not 2 <= bits <= 8:
        raise InputError(f"bits is {bits}, expected 2 to 8, or 16", hint="32 is the model as it is")
    shared = {id(one.weight) for one in model.modules() if isinstance(one, nn.Embedding)}
    layers = [one for one in model.modules() if isinstance(one, nn.Linear) and id(one.weight) not in shared]
    if not layers:
        raise InputError(f"{type(model).__name__} has no nn.Linear to quantise")
    before = [layer.weight.detach().clone() for layer in layers]
    try:
        with torch.no_grad():
            for layer in layers:
                layer.weight.copy_(_rounded(layer.weight, bits))
        yield model
    finally:
        with torch.no_grad():
            for layer, weight in zip(layers, before, strict=True):
                layer.weight.copy_(weight)


def _drawn(texts: Sequence[str], prefixes: Sequence[str], rng: np.random.Generator) -> list[int]:
    drawn: list[int] = rng.integers(len(prefixes), size=len(texts)).tolist()
    return drawn


def _rounded(weight: torch.Tensor, bits: int) -> torch.Tensor:
    if bits == 16:
        return weight.to(torch.bfloat16).to(weight.dtype)
    most = 2 ** (bits - 1) - 1
    step = (weight.abs().amax(dim=1, keepdim=True) / most).clamp_min(torch.finfo(weight.dtype).tiny)
    rounded: torch.Tensor = (weight / step).round().clamp(-most, most) * step
    return rounded
