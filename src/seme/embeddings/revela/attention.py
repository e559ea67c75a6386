"""In-batch attention: the tokens of a chunk also see the other chunks of the batch, as a retriever weighs them.

It is registered with transformers as an attention function, so that the model's own code stays as it is: pass A runs
the model with a `Recorder`, which keeps keys and values of every layer; pass B runs it with a `Helper`, which adds to
the causal attention of each chunk what it reads in the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional as F
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from seme.errors import InputError

_NAME = "seme_in_batch"
_TINY = 1e-6
"""What the released code adds to the mean norm of values."""


class Hook(Protocol):
    """What happens at the attention of a layer, beside the causal one: `Recorder` or `Helper`."""

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float
    ) -> torch.Tensor | None:
        """Return what is added to the output, (n, heads, length, d), or None."""


@dataclass(slots=True)
class Recorder:
    """Pass A: keep keys, already rotated, and values (n, key heads, length, d) of every layer."""

    keys: dict[int, torch.Tensor] = field(default_factory=dict)
    values: dict[int, torch.Tensor] = field(default_factory=dict)

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float
    ) -> torch.Tensor | None:
        """Keep them."""
        del query, scaling
        self.keys[layer], self.values[layer] = key, value
        return None


@dataclass(frozen=True, slots=True)
class Helper:
    """Pass B: read the other chunks.

    Parameters
    ----------
    recorded
        Of pass A over the same chunks.
    weights
        How much chunk i reads of chunk j, (n, n).
    mask
        Where chunks have tokens, truth values (n, length).
    helped
        Positions that read the other chunks, truth values (n, length): the second halves.
    value_norm
        Whether what is read is divided by the norm that the values have where it is read.
    shortcut
        Mix keys and values by the weights first and attend once, which is the same where weights are one-hot.
    block
        Chunks that are read at once: memory is `block * n * heads * length^2`.
    """

    recorded: Recorder
    weights: torch.Tensor
    mask: torch.Tensor
    helped: torch.Tensor
    value_norm: bool = True
    shortcut: bool = False
    block: int = 8

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float
    ) -> torch.Tensor | None:
        """Return what the helped positions read, and zeros for the others."""
        del key, value
        if not bool(self.helped.any()):
            return None
        first = int(self.helped.any(0).to(torch.uint8).argmax())
        read = cross_attention(
            query[:, :, first:],
            self.recorded.keys[layer],
            self.recorded.values[layer],
            self.mask,
            self.weights,
            scaling=scaling,
            value_norm=self.value_norm,
            shortcut=self.shortcut,
            block=self.block,
        )
        return F.pad(read * self.helped[:, None, first:, None], (0, 0, first, 0))


def cross_attention(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    weights: torch.Tensor,
    *,
    scaling: float | None = None,
    value_norm: bool = True,
    shortcut: bool = False,
    block: int = 8,
) -> torch.Tensor:
    """Return `sum_j w_ij O_ij`, with `O_ij = A_ij V_j / (A_ij |V_j| + 1e-6)`, `A_ij = softmax(q_i K_j^T * scaling)`.

    No causal mask: every token of chunk j is seen (Revela, in-batch attention and value normalisation).

    Parameters
    ----------
    query
        (n, heads, l, d).
    keys, values
        Of the chunks that are read, (n, key heads, length, d); key heads are repeated for the query heads they serve.
    mask
        Where chunks have tokens, truth values (n, length).
    weights
        (n, n); the diagonal should be 0.
    scaling
        Of the products; d^-1/2 by default.
    value_norm, shortcut, block
        As in `Helper`.

    Returns
    -------
    Tensor
        (n, heads, l, d), of the query's type.

    Raises
    ------
    InputError
        If the shapes do not fit each other.
    """
    n, heads, length, dim = query.shape
    _check(query, keys, values, mask, weights, block)
    scaling = dim**-0.5 if scaling is None else scaling
    weights = weights.to(query.dtype)
    norms = values.norm(dim=-1, keepdim=True)
    values = torch.cat([values, norms], dim=-1)  # one product gives what is read, and how large values are there
    if shortcut:
        keys, values = (torch.einsum("ij,jhmd->ihmd", weights, one) for one in (keys, values))
        seen = (weights @ mask.to(weights.dtype)) > 0.5
        return _read(query, *_spread(keys, values, heads), seen, scaling, value_norm=value_norm)
    keys, values = _spread(keys, values, heads)
    flat = query.transpose(0, 1).reshape(1, heads, n * length, dim)
    total = torch.zeros_like(query)
    for start in range(0, n, block):
        part = slice(start, start + block)
        read = _read(flat, keys[part], values[part], mask[part], scaling, value_norm=value_norm)
        total = total + torch.einsum("ij,jhild->ihld", weights[:, part], read.view(-1, heads, n, length, dim))
    return total


def _read(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    scaling: float,
    *,
    value_norm: bool,
) -> torch.Tensor:
    scores = (query @ keys.transpose(-1, -2)) * scaling
    scores = scores.masked_fill(~mask.bool()[:, None, None, :], torch.finfo(scores.dtype).min)
    kept = scores.dtype if scores.dtype == torch.float64 else torch.float32
    found = torch.softmax(scores, dim=-1, dtype=kept).to(values.dtype) @ values
    read, norm = found[..., :-1], found[..., -1:]
    return read / (norm + _TINY) if value_norm else read


def _spread(keys: torch.Tensor, values: torch.Tensor, heads: int) -> tuple[torch.Tensor, torch.Tensor]:
    times = heads // keys.shape[1]
    return keys.repeat_interleave(times, dim=1), values.repeat_interleave(times, dim=1)


def _check(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, weights: torch.Tensor, block: int
) -> None:
    n, heads, _, dim = query.shape
    if keys.shape != values.shape or keys.shape[0] != n or keys.shape[3] != dim or heads % keys.shape[1]:
        raise InputError(
            f"query is {tuple(query.shape)}, keys {tuple(keys.shape)} and values {tuple(values.shape)}, expected "
            "(n, heads, l, d) and (n, key heads, length, d), heads a multiple of key heads"
        )
    if mask.shape != (n, keys.shape[2]) or weights.shape != (n, n):
        raise InputError(
            f"mask is {tuple(mask.shape)} and weights {tuple(weights.shape)}, "
            f"expected {(n, keys.shape[2])} and {(n, n)}"
        )
    if block < 1:
        raise InputError(f"block is {block}, expected at least 1")


@contextmanager
def in_batch_attention(model: PreTrainedModel) -> Iterator[None]:
    """Let `model(..., in_batch=hook)` reach the attention of every layer; the model is as before afterwards.

    Raises
    ------
    InputError
        If the model's attention is not `sdpa`, which causal attention within chunks goes through.
    """
    before = model.config._attn_implementation
    if before not in ("sdpa", _NAME):
        raise InputError(
            f"the model's attention is {before!r}, expected 'sdpa'", hint="Load it with attn_implementation='sdpa'"
        )
    AttentionInterface.register(_NAME, _attention)
    AttentionMaskInterface.register(_NAME, sdpa_mask)
    model.config._attn_implementation = _NAME
    try:
        yield
    finally:
        model.config._attn_implementation = before


def _attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    in_batch: Hook | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    found, _ = sdpa_attention_forward(
        module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
    )
    layer: Any = module.layer_idx
    read = None if in_batch is None else in_batch.attend(layer, query, key, value, scaling)
    return (found if read is None else found + read.to(found.dtype).transpose(1, 2)), None
