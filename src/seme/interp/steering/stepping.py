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
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from seme.errors import InputError
from seme.interp.activations import Site, capturing, resolve
from seme.interp.steering.positions import first_positions


@dataclass(frozen=True, slots=True)
class Reading:
    """The last position of each text: states (n, d) by site, and logits (n, vocabulary) of the token that follows."""

    states: dict[str, Tensor]
    logits: Tensor


class Stepper:
    """A model with a key-value cache whose rows go forward and back on their own.

    Rows end together: what a row keeps when it goes back is moved up to the end of the cache, behind padding, so that
    it goes on as if the tokens had never been, sliding windows included; columns that no row uses any more are cut off.
    Keys know their positions, and those of the tokens that are kept do not change.

    Parameters
    ----------
    model
        A causal language model, or a vision-language model, of transformers whose layers attend to all tokens or to a
        sliding window of them. Positions of images in three dimensions (M-RoPE, as in Qwen2-VL) are the model's own.
    batch
        Its arguments: `input_ids` (n, tokens), padded on the left, with `attention_mask` and whatever the first forward
        needs besides (`pixel_values`, `image_grid_thw`).
    sites
        Whose states are read.

    Raises
    ------
    InputError
        If a site is not there, a prompt is empty or padded on the right, a layer's memory is no cache of tokens (a
        state-space or linear layer, attention in chunks), or the positions of an image cannot be told.
    """

    def __init__(self, model: PreTrainedModel, batch: Mapping[str, Tensor], sites: Sequence[str | Site] = ()) -> None:
        _check_layers(model)
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
        self._mask, self._more = mask.long(), given
        self._positions, self._ahead = first_positions(model, self._ids, self._mask, given)
        # Not made for the model's configuration, so that layers with a sliding window keep what is behind it, too.
        self._cache: Any = DynamicCache()
        self._fed = [0] * len(mask)
        parameters = inspect.signature(model.forward).parameters
        self._cache_name = "cache" if "cache" in parameters else "past_key_values"  # its name before transformers 5.2x
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in parameters else {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._mask)

    def start(self) -> Reading:
        """Read the prompts."""
        return self._forward(self._ids, self._positions, **self._more)

    def feed(self, tokens: Sequence[int]) -> Reading:
        """Go on with one token for each row."""
        if len(tokens) != len(self):
            raise InputError(f"tokens has {len(tokens)} of them for {len(self)} rows")
        self._fed = [count + 1 for count in self._fed]
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self), 1)], 1)
        ids = torch.tensor(tokens, device=self._mask.device)[:, None]
        return self._forward(ids, self._mask.sum(1, keepdim=True) - 1 + self._ahead)

    def forget(self, row: int, count: int) -> None:
        """Take the newest `count` tokens of a row back.

        Raises
        ------
        InputError
            If it was fed fewer than that.
        """
        if not 0 <= count <= self._fed[row]:
            raise InputError(f"count is {count}, and row {row} was fed {self._fed[row]} tokens")
        if not count:
            return
        self._fed[row] -= count
        self._mask[row] = self._mask[row].roll(count)
        self._mask[row, :count] = 0
        for layer in self._cache.layers:
            for held in (layer.keys, layer.values):
                held[row] = held[row].roll(count, dims=-2)
        self._cut()

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone, at least one."""
        index = torch.tensor(rows, device=self._mask.device)
        self._cache.batch_select_indices(index)
        self._mask, self._ahead = self._mask[index], self._ahead[index]
        self._fed = [self._fed[row] for row in rows]
        self._cut()

    def _cut(self) -> None:
        unused = int(self._mask.any(0).nonzero().min())
        if unused:
            self._mask = self._mask[:, unused:]
            for layer in self._cache.layers:
                layer.keys, layer.values = layer.keys[:, :, unused:], layer.values[:, :, unused:]

    @torch.no_grad()
    def _forward(self, ids: Tensor, positions: Tensor, **more: Tensor) -> Reading:
        nothing: dict[str, Tensor] = {}
        reading = capturing(self._model, self._sites) if self._sites else nullcontext(nothing)
        with reading as values:
            out = self._model(
                input_ids=ids,
                attention_mask=self._mask,
                position_ids=positions,
                use_cache=True,
                **{self._cache_name: self._cache},
                **self._last_only,
                **more,
            )
        states = {site.name: values[site.name][:, -1].float().cpu() for site in self._sites}
        return Reading(states, out.logits[:, -1].float().cpu())


def _check_layers(model: PreTrainedModel) -> None:
    config: Any = model.config.get_text_config(decoder=True)
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    if getattr(config, "attention_chunk_size", None) is not None:
        kinds.add("chunked_attention")
    held = {type(layer) for layer in DynamicCache(config=model.config).layers}
    others = sorted(kinds - {"full_attention", "sliding_attention"})
    if others or not held <= {DynamicLayer, DynamicSlidingWindowLayer}:
        named = ", ".join(others or sorted(one.__name__ for one in held))
        raise InputError(
            f"{type(model).__name__} has layers ({named}) that do not keep every token, so that nothing can be taken "
            "back",
            hint="Take a model whose layers are full_attention or sliding_attention; watching() only scores, and takes "
            "any",
        )
