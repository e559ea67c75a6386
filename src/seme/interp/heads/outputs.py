"""What each attention head says, and what of it reaches the residual stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from seme.errors import InputError
from seme.interp.activations import Site, capture, resolve_all

HeadValues: TypeAlias = tuple[Tensor, ...]
"""What the heads of each layer say, before the output projection: (batch, tokens, heads, width of a head) a layer."""


def head_sites(model: nn.Module) -> tuple[Site, ...]:
    """Return the sites `attn.N.heads` of all layers, in their order.

    Raises
    ------
    InputError
        If the model has no heads, or layers have different numbers of them.
    """
    sites = resolve_all(model, "attn.*.heads")
    counts = {site.heads for site in sites}
    if len(counts) > 1:
        raise InputError(f"model has layers with {sorted(map(str, counts))} heads; one number is wanted for all")
    return sites


def head_values(model: nn.Module, batch: Mapping[str, Any], *, grad: bool = False) -> HeadValues:
    """Return what every head says at every token: the inputs of the output projections.

    Parameters
    ----------
    model
        A transformer; with grouped-query attention the heads are the query heads.
    batch
        Arguments of the model, such as `input_ids` and `attention_mask`.
    grad
        See `seme.interp.activations.capture`.

    Returns
    -------
    tuple of Tensor
        One a layer, (batch, tokens, heads, width of a head).
    """
    return tuple(capture(model, batch, head_sites(model), grad=grad).values())


def mean_values(values: HeadValues) -> HeadValues:
    """Return the mean over the batch at every position, (1, tokens, heads, width of a head) a layer."""
    return tuple(layer.mean(0, keepdim=True) for layer in values)


def output_slices(model: nn.Module) -> Tensor:
    """Return the part of each layer's output projection that reads one head.

    Returns
    -------
    Tensor of shape (layers, heads, width of a head, width of the residual stream)
        What head h of layer l says, times `[l, h]`, is what it adds to the residual stream; the sum over the heads is
        the attention's output, less the projection's bias where it has one.

    Raises
    ------
    InputError
        If the model has no heads, or a projection is not a linear layer.
    """
    return torch.stack([_weight(model, site).unflatten(0, (site.heads or 1, -1)) for site in head_sites(model)])


def head_outputs(model: nn.Module, batch: Mapping[str, Any], *, at_once: int = 32) -> Tensor:
    """Return what every head adds to the residual stream at each prompt's last token.

    Parameters
    ----------
    model
        A transformer; it is only read.
    batch
        `input_ids` (n, tokens), and `attention_mask` where prompts are padded on the right.
    at_once
        Prompts in a forward pass.

    Returns
    -------
    Tensor of shape (n, layers, heads, width of the residual stream)
        float32, on the CPU.

    Raises
    ------
    InputError
        If a prompt is padded on the left or is empty, or the model has no heads.
    """
    slices = output_slices(model)
    last = _last_positions(batch)
    parts = []
    for start in range(0, len(last), at_once):
        part = {name: tensor[start : start + at_once] for name, tensor in batch.items()}
        places = last[start : start + at_once]
        said = [layer[torch.arange(len(places)), places.to(layer.device)] for layer in head_values(model, part)]
        parts.append(torch.einsum("nlhk,lhkd->nlhd", torch.stack(said, dim=1), slices).float().cpu())
    return torch.cat(parts)


def _last_positions(batch: Mapping[str, Any]) -> Tensor:
    ids = batch.get("input_ids")
    if not isinstance(ids, Tensor) or ids.ndim != 2 or not ids.numel():
        raise InputError("batch needs input_ids, a tensor (prompts, tokens) with at least one of each")
    mask: Tensor = batch.get("attention_mask", torch.ones_like(ids))
    if not bool(mask[:, 0].all()):
        raise InputError("batch has a prompt that is padded on the left or empty", hint="Pad it on the right")
    return mask.sum(1) - 1


def _weight(model: nn.Module, site: Site) -> Tensor:
    projection = model.get_submodule(site.path)
    if not isinstance(projection, nn.Linear | Conv1D):
        raise InputError(f"model has a {type(projection).__name__} at {site.path}; a linear layer is wanted")
    weight: Tensor = projection.weight.detach()
    return weight.mT if isinstance(projection, nn.Linear) else weight
