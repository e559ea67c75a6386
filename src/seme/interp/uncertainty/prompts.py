"""Reading many prompts at once: the tokens that all of them begin with are read a single time."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import DynamicCache

from seme.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


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
def read_prompts(model: PreTrainedModel, rows: Sequence[Sequence[int]]) -> Reading:
    """Read prompts (token ids, of any lengths), padded on the left behind what they share.

    The last forward pass that runs sees every prompt's last token at its last place, for those who capture it.
    """
    if not rows or not all(rows):
        raise InputError(f"there are {len(rows)} prompts, {sum(not row for row in rows)} of them without tokens")
    shared = _shared(rows)
    cache = DynamicCache(config=model.config)
    if shared:
        ids = torch.tensor([rows[0][:shared]], device=model.device)
        _forward(model, ids, torch.ones_like(ids), torch.arange(shared, device=model.device)[None], cache)
        cache.batch_repeat_interleave(len(rows))
    width = max(map(len, rows)) - shared
    gaps = [width + shared - len(row) for row in rows]
    ids = torch.tensor([[0] * gap + list(row[shared:]) for gap, row in zip(gaps, rows, strict=True)])
    seen = [[1] * shared + [0] * gap + [1] * (width - gap) for gap in gaps]
    mask = torch.tensor(seen, device=model.device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    logits = _forward(model, ids.to(model.device), mask, positions[:, shared:], cache)
    return Reading(logits, cache, mask, positions[:, -1:])


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


def _shared(rows: Sequence[Sequence[int]]) -> int:
    """Return how many first tokens all prompts have in common; each keeps its last one for itself."""
    most = min(map(len, rows)) - 1
    return next((i for i in range(most) if any(row[i] != rows[0][i] for row in rows)), most) if len(rows) > 1 else 0


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
