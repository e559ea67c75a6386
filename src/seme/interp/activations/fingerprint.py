"""Hashes that tell one model, and one stream of batches, from another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

_SAMPLE = 16


def model_hash(model: nn.Module) -> str:
    """Return a hash of a model's parameters: names, shapes, types, and the first values of each.

    It takes milliseconds and tells apart models that were trained differently; it is no proof that two are equal. Of
    weights that are offloaded only names, shapes and types count.
    """
    found = hashlib.sha256()
    for name, tensor in model.named_parameters():
        found.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        if tensor.device.type != "meta":
            found.update(_bytes(tensor.detach().reshape(-1)[:_SAMPLE]))
    return found.hexdigest()


def model_name(model: nn.Module) -> str:
    """Return what a model was loaded as, or the name of its class."""
    name = getattr(getattr(model, "config", None), "_name_or_path", "")
    return str(name) or type(model).__name__


def chained_hash(before: str, batch: Mapping[str, Any]) -> str:
    """Return the hash of a batch after the batches whose hash is `before`."""
    found = hashlib.sha256(before.encode())
    for key in sorted(batch):
        value = batch[key]
        found.update(key.encode())
        if isinstance(value, torch.Tensor):
            found.update(f"{tuple(value.shape)} {value.dtype}".encode())
            found.update(_bytes(value.detach()))
        else:
            found.update(repr(value).encode())
    return found.hexdigest()


def _bytes(tensor: torch.Tensor) -> bytes:
    return (
        tensor.cpu().contiguous().view(torch.uint8).numpy().tobytes() if tensor.dim() else repr(tensor.item()).encode()
    )
