"""Heads that say something else: mean ablation, zero ablation, activation patching."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from seme.errors import InputError
from seme.interp.activations import Cost, edit
from seme.interp.heads.outputs import HeadValues, head_sites


class ReplacedHeads:
    """A patch under which some heads say what they are given: `with ReplacedHeads(values, chosen)(model): ...`.

    With `mean_values` of other prompts it is mean ablation, with zeros zero ablation, and with the values of paired
    prompts activation patching.

    Parameters
    ----------
    values
        One tensor a layer, of a shape that broadcasts to (batch, tokens, heads, width of a head).
    chosen
        Which heads, bool (layers, heads).
    last_only
        Whether they are replaced at the last token alone; `values` then count from the end as well.

    Raises
    ------
    InputError
        If `chosen` is not a bool matrix with a row for each of `values`.
    """

    def __init__(self, values: HeadValues, chosen: Tensor, *, last_only: bool = False) -> None:
        if chosen.dtype != torch.bool or chosen.ndim != 2 or len(chosen) != len(values):
            raise InputError(
                f"chosen is {chosen.dtype} of shape {tuple(chosen.shape)}; bool ({len(values)} layers, heads) is wanted"
            )
        self.values, self.chosen, self.last_only = values, chosen, last_only

    @contextmanager
    def __call__(self, model: nn.Module) -> Iterator[nn.Module]:
        """Replace the heads as long as the block lasts.

        Raises
        ------
        InputError
            If the model has other layers or heads than `chosen`.
        """
        sites = head_sites(model)
        if tuple(self.chosen.shape) != (len(sites), sites[0].heads):
            raise InputError(
                f"chosen has shape {tuple(self.chosen.shape)}, and the model {len(sites)} layers of {sites[0].heads} "
                "heads"
            )
        functions = {
            site.name: _replacer(values, chosen.nonzero()[:, 0], last_only=self.last_only)
            for site, values, chosen in zip(sites, self.values, self.chosen, strict=True)
            if chosen.any()
        }
        if not functions:
            yield model
            return
        with edit(model, functions):
            yield model

    def cost(self) -> Cost:
        """Return the bytes of the values that are read; nothing is computed that was not."""
        layers = [values for values, chosen in zip(self.values, self.chosen, strict=True) if chosen.any()]
        return Cost(flops=0.0, bytes=float(sum(values.nbytes for values in layers)))


def _replacer(values: Tensor, heads: Tensor, *, last_only: bool) -> Callable[[Tensor], Tensor]:
    def replace(said: Tensor) -> Tensor:
        given = values.to(said).expand(said.shape) if not last_only else values[:, -1:].to(said)
        tokens = slice(-1, None) if last_only else slice(None)
        said[:, tokens, heads] = given[:, :, heads].to(said)
        return said

    return replace
