"""Decoding one token at a time for a batch of texts, any of which may forget its newest tokens."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from seme.errors import InputError
from seme.interp.activations import Site, capturing, resolve


@dataclass(frozen=True, slots=True)
class Reading:
    """The last position of each text: states (n, d) by site, and logits (n, vocabulary) of the token that follows."""

    states: dict[str, Tensor]
    logits: Tensor


class Stepper:
    """A model with a key-value cache whose rows go forward and back on their own.

    What a row forgets is masked out of its attention, and the positions of what follows are counted again, so that it
    goes on as if the tokens had never been; the end of the cache that no row uses any more is cut off.

    Parameters
    ----------
    model
        A causal language model, or a vision-language model of the form of LLaVA, of transformers, with positions in one
        dimension and a cache that keeps every token.
    batch
        Its arguments: `input_ids` (n, tokens), padded on the left, with `attention_mask` and whatever the first forward
        needs besides (`pixel_values`).
    sites
        Whose states are read.

    Raises
    ------
    InputError
        If a site is not there, or a prompt is empty or padded on the right.
    """

    def __init__(self, model: PreTrainedModel, batch: Mapping[str, Tensor], sites: Sequence[str | Site] = ()) -> None:
        self._model = model
        self._sites = [resolve(model, site) for site in sites]
        given = {name: one.to(model.device) for name, one in batch.items()}
        self._ids = given.pop("input_ids")
        mask = given.pop("attention_mask", torch.ones_like(self._ids))
        if self._ids.ndim != 2 or not self._ids.numel() or not mask.any(1).all():
            raise InputError(f"input_ids has the shape {tuple(self._ids.shape)}, or a prompt in it has no tokens")
        if not mask[:, -1].all():
            raise InputError(
                "attention_mask ends with padding, and what follows a prompt stands right after it",
                hint='tokenizer(texts, padding=True, padding_side="left", return_tensors="pt")',
            )
        self._mask, self._more = mask, given
        self._cache: Any = DynamicCache(config=model.config)
        self._slots: list[list[int]] = [[] for _ in range(len(mask))]
        parameters = inspect.signature(model.forward).parameters
        self._cache_name = "cache" if "cache" in parameters else "past_key_values"  # its name before transformers 5.2x
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in parameters else {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._mask)

    def start(self) -> Reading:
        """Read the prompts."""
        positions = (self._mask.cumsum(1) - 1).clamp(min=0)
        return self._forward(self._ids, positions, **self._more)

    def feed(self, tokens: Sequence[int]) -> Reading:
        """Go on with one token for each row."""
        if len(tokens) != len(self):
            raise InputError(f"tokens has {len(tokens)} of them for {len(self)} rows")
        for slots in self._slots:
            slots.append(self._mask.shape[1])
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self), 1)], 1)
        ids = torch.tensor(tokens, device=self._mask.device)[:, None]
        return self._forward(ids, self._mask.sum(1, keepdim=True) - 1)

    def forget(self, row: int, count: int) -> None:
        """Take the newest `count` tokens of a row back.

        Raises
        ------
        InputError
            If it was fed fewer than that.
        """
        slots = self._slots[row]
        if not 0 <= count <= len(slots):
            raise InputError(f"count is {count}, and row {row} was fed {len(slots)} tokens")
        self._mask[row, slots[len(slots) - count :]] = 0
        del slots[len(slots) - count :]
        self._cut()

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone, at least one."""
        index = torch.tensor(rows, device=self._mask.device)
        self._cache.batch_select_indices(index)
        self._mask, self._slots = self._mask[index], [self._slots[row] for row in rows]
        self._cut()

    def _cut(self) -> None:
        used = int(self._mask.any(0).nonzero().max()) + 1
        if used < self._mask.shape[1]:
            self._cache.crop(used - self._mask.shape[1])  # a negative number is how many to take off
            self._mask = self._mask[:, :used]

    @torch.no_grad()
    def _forward(self, ids: Tensor, positions: Tensor, **more: Tensor) -> Reading:
        nothing: dict[str, Tensor] = {}
        reading = capturing(self._model, self._sites) if self._sites else nullcontext(nothing)
        with reading as values:
            out = self._model(
                input_ids=ids, attention_mask=self._mask, position_ids=positions, use_cache=True,
                **{self._cache_name: self._cache}, **self._last_only, **more,
            )  # fmt: skip
        states = {site.name: values[site.name][:, -1].float().cpu() for site in self._sites}
        return Reading(states, out.logits[:, -1].float().cpu())
