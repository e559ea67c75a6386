"""Names for the places inside a model.

===================  ===============================================================================================
`resid.embed`        what enters the first block, (batch, tokens, width)
`resid.6`            the residual stream after block 6
`attn.6`             what the attention of block 6 writes: the output of its output projection
`attn.6.heads`       what each head says: the input of that projection, (batch, tokens, heads, width of a head)
`mlp.6`              what the MLP of block 6 writes: the output of its down projection
`mlp.6.neurons`      its neurons: the input of that projection (after gate * up where there is a gate)
`model.layers.6.mlp`  any module by its dotted path: its output; with `:in` at the end, its input
===================  ===============================================================================================

A name may be a glob: `resid.*`, `attn.[0-3].heads`, `model.layers.*.mlp`. A star never crosses a dot.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from torch import nn

from seme.errors import InputError
from seme.interp.activations.architecture import (
    ATTENTION_PROJECTIONS,
    MLP_PROJECTIONS,
    find_blocks,
    find_projection,
    head_count,
    input_width,
)

_INPUT = ":in"


@dataclass(frozen=True, slots=True)
class Site:
    """A tensor that flows through a model.

    Parameters
    ----------
    name
        How people call it, and the key under which it is returned.
    path
        Dotted path of a module.
    port
        Whether the tensor enters (`"in"`) or leaves (`"out"`) the module. Of several, the first is meant.
    heads
        The last dimension is split into so many heads, or is left whole.
    """

    name: str
    path: str
    port: Literal["in", "out"] = "out"
    heads: int | None = None


SiteNames: TypeAlias = str | Site | Iterable[str | Site]


def named_sites(model: nn.Module) -> dict[str, Site]:
    """Return every site of a model that has a name other than a module's path, in the order of the blocks.

    Raises
    ------
    InputError
        If the model has no list of blocks, or more than one.
    """
    path, blocks = find_blocks(model)
    found = [Site("resid.embed", f"{path}.0", "in")]
    for number, block in enumerate(blocks):
        found += _sites_of_block(model, f"{path}.{number}", number, block)
    return {site.name: site for site in found}


def resolve(model: nn.Module, name: str | Site) -> Site:
    """Return the one site that a name means in a model.

    Raises
    ------
    InputError
        If there is no such site, or if a glob means several.
    """
    found = resolve_all(model, name)
    if len(found) > 1:
        raise InputError(f"{name!r} means {len(found)} sites, and one is wanted here", hint=f"One is {found[0].name}")
    return found[0]


def resolve_all(model: nn.Module, names: SiteNames) -> tuple[Site, ...]:
    """Return the sites that names or globs mean, each once, in the order in which they were named.

    Raises
    ------
    InputError
        If a name or glob means nothing in this model, or if none is given.
    """
    wanted = [names] if isinstance(names, str | Site) else list(names)
    if not wanted:
        raise InputError("no site was named", hint="resid.6, attn.6.heads and mlp.* are names of sites")
    found: dict[str, Site] = {}
    for name in wanted:
        for site in [_existing(model, name)] if isinstance(name, Site) else _matches(model, name):
            found.setdefault(site.name, site)
    return tuple(found.values())


def _sites_of_block(model: nn.Module, path: str, number: int, block: nn.Module) -> Iterator[Site]:
    attention = find_projection(block, ATTENTION_PROJECTIONS)
    if attention is not None:
        place = f"{path}.{attention[0]}"
        yield Site(f"attn.{number}", place)
        heads, width = head_count(model, place), input_width(attention[1])
        if heads and width and width % heads == 0:
            yield Site(f"attn.{number}.heads", place, "in", heads)
    mlp = find_projection(block, MLP_PROJECTIONS)
    if mlp is not None:
        yield Site(f"mlp.{number}", f"{path}.{mlp[0]}")
        yield Site(f"mlp.{number}.neurons", f"{path}.{mlp[0]}", "in")
    yield Site(f"resid.{number}", path)


def _existing(model: nn.Module, site: Site) -> Site:
    if site.path not in dict(model.named_modules()):
        raise _unknown(model, site.path)
    return site


def _matches(model: nn.Module, name: str) -> list[Site]:
    try:
        named = named_sites(model)
    except InputError:
        named = {}  # a model without blocks still has modules
    found = [site for key, site in named.items() if _fits(key, name)] or list(_modules(model, name))
    if not found:
        raise _unknown(model, name)
    return found


def _modules(model: nn.Module, name: str) -> Iterator[Site]:
    pattern = name.removesuffix(_INPUT)
    port: Literal["in", "out"] = "in" if name.endswith(_INPUT) else "out"
    for path, _ in model.named_modules():
        if path and _fits(path, pattern):
            yield Site(path + (_INPUT if port == "in" else ""), path, port)


def _fits(path: str, pattern: str) -> bool:
    parts, patterns = path.split("."), pattern.split(".")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _unknown(model: nn.Module, name: str) -> InputError:
    kind = type(model).__name__
    modules = [path for path, _ in model.named_modules() if path]
    try:
        named = list(named_sites(model))
    except InputError as error:
        near = difflib.get_close_matches(name.removesuffix(_INPUT), modules, n=3) or modules[:3]
        return InputError(f"{kind} has no site {name!r}; {error}", hint=f"Modules are {', '.join(near)} and so on")
    near = difflib.get_close_matches(name.removesuffix(_INPUT), [*named, *modules], n=3)
    last = named[-1].rpartition(".")[2]
    return InputError(
        f"{kind} has no site {name!r}; it has {_families(named)}, with N from 0 to {last}, and its modules' paths",
        hint=f"Near it are {', '.join(near)}" if near else "",
    )


def _families(named: list[str]) -> str:
    shapes = (".".join("N" if part.isdigit() else part for part in name.split(".")) for name in named)
    return ", ".join(dict.fromkeys(shapes))
