"""Changing what flows through a model, for as long as a block lasts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import torch
from torch import nn

from seme.errors import InputError
from seme.interp.activations.hooks import attach
from seme.interp.activations.sites import Site, resolve_all

Edit: TypeAlias = Callable[[torch.Tensor], torch.Tensor]


@contextlib.contextmanager
def edit(model: nn.Module, functions: Mapping[str | Site, Edit] | Mapping[str, Edit]) -> Iterator[nn.Module]:
    """Put functions of the tensors at some sites into every forward pass inside the block.

    Edits nest: the outer one is applied first, and a capture that is entered inside sees the edited tensor.

    Parameters
    ----------
    model
        Any PyTorch module; at the end it is as it was, whatever happens.
    functions
        A function per site or glob. It gets a copy of the tensor (heads as (batch, tokens, heads, width)), which it may
        change in place, and returns one of the same shape; device and dtype are made the model's.

    Yields
    ------
    nn.Module
        The model.

    Raises
    ------
    InputError
        If a site does not exist; at the forward, if a function returns no tensor or one of another shape.
    """
    if not functions:
        raise InputError("no site was named", hint='for example {"resid.6": lambda x: x + vector}')
    with contextlib.ExitStack() as stack:
        for name, function in functions.items():
            for site in resolve_all(model, name):
                stack.callback(attach(model, site, _editor(site, function)).remove)
        yield model


def _editor(site: Site, function: Edit) -> Edit:
    def apply(tensor: torch.Tensor) -> torch.Tensor:
        try:
            changed = function(tensor.clone())
        except Exception as error:
            error.add_note(f"in the edit of {site.name}, a tensor of shape {tuple(tensor.shape)} and {tensor.dtype}")
            raise
        if not isinstance(changed, torch.Tensor):
            raise InputError(
                f"the edit of {site.name} returned {type(changed).__name__}, not a tensor",
                hint="A function that changes its tensor in place has to return it, too",
            )
        if changed.shape != tensor.shape:
            raise InputError(
                f"the edit of {site.name} returned shape {tuple(changed.shape)}, but the model needs "
                f"{tuple(tensor.shape)} there"
            )
        return changed.to(tensor)

    return apply
