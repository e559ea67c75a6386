"""Heads that are switched off: they say nothing, what they say on average, or the mean of all that they may read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
from torch import Tensor, nn

from seme.errors import InputError
from seme.interp.activations import Cost, Site, edit
from seme.interp.activations.editing import Edit
from seme.interp.heads.outputs import head_sites

Mode: TypeAlias = Literal["zero", "uniform", "mean"]
Head: TypeAlias = tuple[int, int]
"""Layer and number of a head."""


class MaskedHeads:
    """A patch under which some heads are masked: `with MaskedHeads(chosen)(model): ...`.

    With grouped-query attention heads are query heads. Keys, values and caches stay as they are, so that the patch may
    be put on between the prefill of a prompt and the decoding of its answer.

    Parameters
    ----------
    chosen
        Which heads, bool (layers, heads), or (rows, layers, heads) with other heads for each row of the batch.
    mode
        "zero": heads write nothing; "uniform": they attend to every visible position alike, which is what queries of
        zero do (Wu et al. 2024); "mean": they say `means`.
    means
        What heads say on average, (layers, heads, width of a head).

    Raises
    ------
    InputError
        If `chosen` has another form, there is no such mode, or "mean" has no means.
    """

    def __init__(self, chosen: Tensor, mode: Mode = "zero", *, means: Tensor | None = None) -> None:
        if chosen.dtype != torch.bool or chosen.ndim not in (2, 3):
            raise InputError(
                f"chosen is {chosen.dtype} of shape {tuple(chosen.shape)}; bool (layers, heads) or (rows, layers, "
                "heads) is wanted",
                hint="head_mask(model, [(6, 2), (17, 3)]) makes one",
            )
        if mode not in get_args(Mode):
            raise InputError(f"mode is {mode!r}; it may be {', '.join(map(repr, get_args(Mode)))}")
        if (mode == "mean") != (means is not None):
            raise InputError(
                f"mode is {mode!r} and means {'missing' if means is None else 'given'}",
                hint="means belongs to mode='mean' alone: what the heads say on average",
            )
        self.chosen, self.mode, self.means = chosen, mode, means

    @contextmanager
    def __call__(self, model: nn.Module) -> Iterator[nn.Module]:
        """Mask the heads as long as the block lasts.

        Raises
        ------
        InputError
            If the model has other layers or heads than `chosen`, or its queries are not found for mode "uniform".
        """
        sites = head_sites(model)
        shape = (len(sites), sites[0].heads)
        if tuple(self.chosen.shape[-2:]) != shape:
            raise InputError(
                f"chosen has shape {tuple(self.chosen.shape)}, and the model {shape[0]} layers of {shape[1]} heads"
            )
        with ExitStack() as stack:
            for layer, site in enumerate(sites):
                chosen = self.chosen[..., layer, :]
                if chosen.any():
                    place, function = self._change(model, layer, site, chosen)
                    changes: dict[str | Site, Edit] = {place: function}
                    stack.enter_context(edit(model, changes))
            yield model

    def cost(self) -> Cost:
        """Return what is added: nothing is computed that was not, and means are read where they are given."""
        return Cost(flops=0.0, bytes=0.0 if self.means is None else float(self.means.nbytes))

    def _change(self, model: nn.Module, layer: int, site: Site, chosen: Tensor) -> tuple[Site, Edit]:
        if self.mode == "uniform":
            place, parts = _query_site(model, site)
            return place, _without_queries(chosen, site.heads or 1, parts)
        value = self.means[layer] if self.means is not None else None
        return site, _silencer(chosen, value)


def head_mask(model: nn.Module, heads: Iterable[Head]) -> Tensor:
    """Return which heads of a model are meant, bool (layers, heads).

    Raises
    ------
    InputError
        If a head is not one of the model's, or none is named.
    """
    sites = head_sites(model)
    mask = torch.zeros(len(sites), sites[0].heads or 0, dtype=torch.bool)
    for layer, head in heads:
        if not (0 <= layer < mask.shape[0] and 0 <= head < mask.shape[1]):
            raise InputError(
                f"heads names ({layer}, {head}), and the model has layers 0 to {mask.shape[0] - 1} of heads 0 to "
                f"{mask.shape[1] - 1}"
            )
        mask[layer, head] = True
    if not mask.any():
        raise InputError("heads is empty, expected at least one (layer, head)")
    return mask


def draw_heads(
    rng: np.random.Generator, shape: tuple[int, int], count: int, *, excluded: Iterable[Head] = ()
) -> list[Head]:
    """Draw heads at random, each once, from a model of `shape` (layers, heads): the control of a chosen set.

    Raises
    ------
    InputError
        If there are fewer heads than `count` once those excluded are left out.
    """
    kept = sorted(set(np.ndindex(*shape)) - {(int(layer), int(head)) for layer, head in excluded})
    if not 1 <= count <= len(kept):
        raise InputError(f"count is {count}; it may be 1 to {len(kept)}, the heads that are not excluded")
    return [(int(kept[one][0]), int(kept[one][1])) for one in rng.choice(len(kept), count, replace=False)]


def _silencer(chosen: Tensor, value: Tensor | None) -> Edit:
    def silence(said: Tensor) -> Tensor:
        where = _rows(chosen, said)
        other = torch.zeros((), dtype=said.dtype) if value is None else value
        return torch.where(where, other.to(said), said)

    return silence


def _without_queries(chosen: Tensor, heads: int, parts: int) -> Edit:
    """Return an edit of the projection whose first of `parts` are the queries."""

    def drop(projected: Tensor) -> Tensor:
        width = projected.shape[-1] // parts
        queries = projected[..., :width].unflatten(-1, (heads, -1))
        kept = queries.masked_fill(_rows(chosen, queries), 0.0)
        return torch.cat([kept.flatten(-2), projected[..., width:]], dim=-1)

    return drop


def _rows(chosen: Tensor, said: Tensor) -> Tensor:
    """Return `chosen` of one layer, (heads) or (rows, heads), as (1 or rows, 1, heads, 1)."""
    if chosen.ndim == 2 and len(chosen) != len(said):
        raise InputError(f"chosen has {len(chosen)} rows, and the batch {len(said)}")
    return chosen.to(said.device).reshape(-1 if chosen.ndim == 2 else 1, 1, chosen.shape[-1], 1)


def _query_site(model: nn.Module, site: Site) -> tuple[Site, int]:
    """Return where queries come from, and how many equal parts that projection has: queries alone, or also the rest."""
    parent = site.path.rpartition(".")[0]
    attention = model.get_submodule(parent)
    for name, parts in (("q_proj", 1), ("c_attn", 3)):
        if isinstance(getattr(attention, name, None), nn.Module):
            return Site(f"{site.name}.queries", f"{parent}.{name}"), parts
    raise InputError(
        f"{type(attention).__name__} has no projection of queries that is known here (q_proj, c_attn)",
        hint='mode="zero" needs none',
    )
