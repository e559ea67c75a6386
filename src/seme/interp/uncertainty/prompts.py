"""Reading many prompts at once: the tokens that all of them begin with are read a single time where that is exact."""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import torch

from seme.errors import InputError

if TYPE_CHECKING:
    from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase


@dataclass(slots=True)
class Reading:
    """What a model holds after the last token of each prompt.

    `logits` (prompts, vocabulary) of what follows; the attention's `cache`; the `mask` (prompts, tokens) of what is not
    padding; and the `position` (prompts, 1) of the last token.
    """

    logits: torch.Tensor
    cache: DynamicCache
    mask: torch.Tensor
    position: torch.Tensor

    def repeat(self, count: int) -> None:
        """Hold each prompt `count` times."""
        self.cache.batch_repeat_interleave(count)
        self.logits, self.mask, self.position = (
            one.repeat_interleave(count, 0) for one in (self.logits, self.mask, self.position)
        )

    def keep(self, rows: Sequence[int]) -> None:
        """Hold only some of the rows."""
        index = torch.tensor(rows, device=self.mask.device)
        self.cache.batch_select_indices(index)
        self.logits, self.mask, self.position = self.logits[index], self.mask[index], self.position[index]

    def follow(self, model: PreTrainedModel, tokens: Sequence[int]) -> None:
        """Read one more token in each row."""
        ids = torch.tensor(tokens, device=self.mask.device)[:, None]
        self.mask, self.position = torch.cat([self.mask, self.mask.new_ones(len(ids), 1)], 1), self.position + 1
        self.logits = _forward(model, ids, self.mask, self.position, self.cache)


@torch.no_grad()
def read_prompts(
    model: PreTrainedModel, rows: Sequence[Sequence[int]], groups: Sequence[Hashable] | None = None
) -> Reading:
    """Read prompts (token ids, of any lengths); what all of them begin with is read once, and the rest side by side.

    The last forward pass that runs sees every prompt's last token at its last place, for those who capture it.

    Parameters
    ----------
    model
        A causal language model of transformers.
    rows
        Ids of the tokens of each prompt.
    groups
        Neighbours of the same group, such as several answers to a question, have what they begin with read once, too.
    """
    if not rows or not all(rows):
        raise InputError(f"there are {len(rows)} prompts, {sum(not row for row in rows)} of them without tokens")
    if groups is not None and len(groups) != len(rows):
        raise InputError(f"there are {len(groups)} groups and {len(rows)} prompts")
    # Padding between two pieces would stand in a sliding window for tokens: such models read every prompt in one piece.
    windowed = _has_windows(model)
    shared, groups = (0, None) if windowed else (_shared(rows), groups)
    reader = _Reader(model)
    if shared:
        reader.read([rows[0][:shared]], [0])
    owner = [0] * len(rows)
    starts = [shared] * len(rows)
    if groups is not None:
        blocks = [list(block) for _, block in groupby(range(len(rows)), key=lambda place: groups[place])]
        ends = [_shared([rows[place] for place in block]) for block in blocks]
        if min(ends) > shared:
            reader.read(
                [rows[block[0]][shared:end] for block, end in zip(blocks, ends, strict=True)], [0] * len(blocks)
            )
            for number, (block, end) in enumerate(zip(blocks, ends, strict=True)):
                for place in block:
                    owner[place], starts[place] = number, end
    logits = reader.read([row[start:] for row, start in zip(rows, starts, strict=True)], owner)
    return Reading(logits, reader.cache, reader.mask, reader.mask.sum(1, keepdim=True) - 1)


class _Reader:
    """Reads piece behind piece, with padding on the left of each piece."""

    def __init__(self, model: PreTrainedModel) -> None:
        from transformers import DynamicCache  # noqa: PLC0415  # slow to import, and scores of texts do not need it

        self.model, self.cache = model, DynamicCache(config=model.config)
        self.mask = torch.ones(1, 0, dtype=torch.long, device=model.device)

    def read(self, pieces: Sequence[Sequence[int]], owner: Sequence[int]) -> torch.Tensor:
        """Read a piece behind the row that it belongs to; return the logits after each."""
        device, width = self.mask.device, max(map(len, pieces))
        if self.mask.shape[1]:
            self.cache.batch_select_indices(torch.tensor(owner, device=device))
        ids = torch.tensor([[0] * (width - len(one)) + list(one) for one in pieces], device=device)
        seen = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in pieces], device=device)
        self.mask = torch.cat([self.mask[torch.tensor(owner, device=device)], seen], dim=1)
        positions = (self.mask.cumsum(1) - 1).clamp(min=0)[:, -width:]
        return _forward(self.model, ids, self.mask, positions, self.cache)


def option_ids(tokenizer: PreTrainedTokenizerBase, options: Sequence[str]) -> list[int]:
    """Return the first token of each option as it continues a prompt, the space before it included.

    Raises
    ------
    InputError
        If there are fewer than two, one has no token, or two begin with the same one.
    """
    if len(options) < 2:
        raise InputError(f"there are {len(options)} labels, expected at least 2", hint='For example " True", " False"')
    pieces = [tokenizer.encode(option, add_special_tokens=False) for option in options]
    if not all(pieces):
        raise InputError(f"the label {options[[not one for one in pieces].index(True)]!r} has no token")
    first = [int(one[0]) for one in pieces]
    if len(set(first)) < len(first):
        twice = [option for option, one in zip(options, first, strict=True) if first.count(one) > 1]
        raise InputError(
            f"the labels {twice} begin with the same token, so that one token cannot tell them apart",
            hint="Choose labels that differ from their first token on, such as letters",
        )
    return first


def _has_windows(model: PreTrainedModel) -> bool:
    from transformers import DynamicCache  # noqa: PLC0415

    return any(getattr(layer, "is_sliding", False) for layer in DynamicCache(config=model.config).layers)


def _shared(rows: Sequence[Sequence[int]]) -> int:
    """Return how many first tokens prompts have in common; each keeps its last one for itself."""
    most = min(map(len, rows)) - 1
    return next((i for i in range(most) if any(row[i] != rows[0][i] for row in rows)), most)


def _forward(
    model: PreTrainedModel, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: DynamicCache
) -> torch.Tensor:
    # Named `past_key_values` before transformers 5.2x.
    name = "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"
    out: Any = model(
        input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True, logits_to_keep=1, **{name: cache}
    )
    logits: torch.Tensor = out.logits[:, -1]
    return logits
