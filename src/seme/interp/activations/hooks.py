"""The one place where a hook is put on a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from seme.errors import InputError
from seme.interp.activations.sites import Site

Visit: TypeAlias = Callable[[torch.Tensor], torch.Tensor | None]


def attach(model: nn.Module, site: Site, visit: Visit) -> RemovableHandle:
    """Call `visit` with the tensor of a site at every forward; what it returns, if anything, takes the tensor's place.

    Hooks run in the order in which they were attached, so that a later one sees what an earlier one has put in place.

    Raises
    ------
    InputError
        At the forward, if what enters or leaves the module is not a tensor nor starts with one.
    """
    module = model.get_submodule(site.path)
    if site.port == "out":

        def after(_module: nn.Module, _args: Any, output: Any) -> Any:
            changed = _visit(site, _leaving(site, output), visit)
            return None if changed is None else _with_first(output, changed)

        return module.register_forward_hook(after)

    def before(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        place, tensor = _entering(site, args, kwargs)
        changed = _visit(site, tensor, visit)
        if changed is None:
            return None
        return ((changed, *args[1:]), kwargs) if place is None else (args, {**kwargs, place: changed})

    return module.register_forward_pre_hook(before, with_kwargs=True)


def _visit(site: Site, tensor: torch.Tensor, visit: Visit) -> torch.Tensor | None:
    if site.heads is None:
        return visit(tensor)
    changed = visit(tensor.unflatten(-1, (site.heads, -1)))
    return None if changed is None else changed.flatten(-2)


def _leaving(site: Site, output: Any) -> torch.Tensor:
    first = output
    if isinstance(output, Mapping):
        first = next(iter(output.values()), None)
    elif isinstance(output, tuple | list):
        first = output[0] if output else None
    if not isinstance(first, torch.Tensor):
        raise InputError(f"site {site.name}: {site.path} gives {type(output).__name__}, which starts with no tensor")
    return first


def _entering(site: Site, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str | None, torch.Tensor]:
    if args and isinstance(args[0], torch.Tensor):
        return None, args[0]
    for name, value in kwargs.items():
        if not args and isinstance(value, torch.Tensor):
            return name, value
    raise InputError(f"site {site.name}: what enters {site.path} starts with no tensor")


def _with_first(output: Any, first: torch.Tensor) -> Any:
    if isinstance(output, torch.Tensor):
        return first
    kind: Any = type(output)
    if isinstance(output, Mapping):
        changed = kind(output)
        changed[next(iter(output))] = first
        return changed
    rest = [first, *output[1:]]
    return kind(*rest) if hasattr(output, "_fields") else kind(rest)
