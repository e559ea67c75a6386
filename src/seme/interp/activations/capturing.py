"""Reading what flows through an unmodified model."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from seme.errors import InputError
from seme.interp.activations.hooks import attach
from seme.interp.activations.sites import Site, SiteNames, resolve_all


class _Stop(BaseException):
    """Ends a forward pass. Not an Exception, so that a model that handles its own errors does not swallow it."""


@contextlib.contextmanager
def capturing(
    model: nn.Module, sites: SiteNames, *, grad: bool = False, stop: bool = False
) -> Iterator[dict[str, torch.Tensor]]:
    """Collect the tensors of sites during whatever forward passes run inside the block.

    The model computes what it computes without: outputs are equal bit by bit. A site that is reached again, in a second
    forward or because a module is shared between layers, holds its latest tensor.

    Parameters
    ----------
    model
        Any PyTorch module; its weights are not touched, and its hooks are gone at the end whatever happens.
    sites
        Names, globs or `Site`s.
    grad
        Give the tensors themselves, on the way of the gradient (`torch.autograd.grad(loss, values["attn.3.heads"])`
        works, and so it does if the weights are frozen). Otherwise copies without a graph.
    stop
        Leave the block as soon as every site has been reached. Whatever follows in the block is not run.

    Yields
    ------
    dict
        Tensors by the name of the site, (batch, tokens, ...), filled as the forward proceeds.

    Raises
    ------
    InputError
        If a site does not exist.
    """
    found = resolve_all(model, sites)
    values: dict[str, torch.Tensor] = {}
    end = _Stop()
    reader = _reader_with_gradient if grad else _reader
    with contextlib.ExitStack() as stack:
        for site in found:
            stack.callback(attach(model, site, reader(site, values)).remove)
            if stop:
                stack.callback(attach(model, site, _ender(found, values, end)).remove)
        try:
            yield values
        except _Stop as stopped:
            if stopped is not end:
                raise
            end.__traceback__ = None  # it would keep the frames of the forward, and their tensors, alive


def capture(
    model: nn.Module, batch: Mapping[str, Any], sites: SiteNames, *, grad: bool = False
) -> dict[str, torch.Tensor]:
    """Run a model on one batch as far as it takes to reach the sites, and return their tensors.

    Parameters
    ----------
    model
        A model that is called as `model(**batch)`.
    batch
        Its arguments, such as `input_ids` and `attention_mask`; tensors are moved to the model's device.
    sites
        Names, globs or `Site`s.
    grad
        Whether the tensors carry gradients (see `capturing`).

    Returns
    -------
    dict
        Tensors by the name of the site: (batch, tokens, width), or (batch, tokens, heads, width of a head) for heads;
        dtype and device are the model's.

    Raises
    ------
    InputError
        If a site does not exist, or if the forward pass never reaches it.
    """
    if not isinstance(batch, Mapping):
        raise InputError(
            f"batch is {type(batch).__name__}, and has to be a dict of the model's arguments",
            hint='for example {"input_ids": ids, "attention_mask": mask}',
        )
    found = resolve_all(model, sites)
    with torch.set_grad_enabled(grad), capturing(model, found, grad=grad, stop=True) as values:
        model(**on_device(batch, model))
    missed = [site.name for site in found if site.name not in values]
    if missed:
        raise InputError(f"the forward pass of {type(model).__name__} never reached {', '.join(missed)}")
    return {site.name: values[site.name] for site in found}


def on_device(batch: Mapping[str, Any], model: nn.Module) -> dict[str, Any]:
    """Return a batch whose tensors are where the model's first parameter is (offloaded models move them themselves)."""
    device = next((tensor.device for tensor in model.parameters()), None)
    if device is None or device.type == "meta":
        return dict(batch)
    return {key: value.to(device) if isinstance(value, torch.Tensor) else value for key, value in batch.items()}


def _reader(site: Site, values: dict[str, torch.Tensor]) -> Callable[[torch.Tensor], None]:
    def read(tensor: torch.Tensor) -> None:
        values[site.name] = tensor.detach().clone()  # the model may go on to change its tensor in place

    return read


def _reader_with_gradient(site: Site, values: dict[str, torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    def read(tensor: torch.Tensor) -> torch.Tensor:
        values[site.name] = tensor if tensor.requires_grad else tensor.detach().requires_grad_()
        return values[site.name]  # what is captured has to be what flows on, or no gradient would reach it

    return read


def _ender(found: tuple[Site, ...], values: dict[str, torch.Tensor], end: _Stop) -> Callable[[torch.Tensor], None]:
    def stop_if_done(_tensor: torch.Tensor) -> None:
        if len(values) == len(found):
            raise end

    return stop_if_done
