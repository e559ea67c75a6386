"""The tokens that directions of the residual stream speak for and against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from seme.errors import InputError
from seme.interp.activations import resolve, unembedding
from seme.interp.dictionaries.codes import Floats

_RANDOM = 64  # directions that chance is measured with


@dataclass(frozen=True, slots=True)
class Lens:
    """What directions do to the logits, if nothing came between them and the LM head.

    Parameters
    ----------
    highest, lowest
        Ids of the tokens that each direction raises and lowers most, the extreme one first, (n, k).
    high, low
        By how much: standard deviations of the direction's logits over the vocabulary, about their mean, (n, k).
    chance
        The median over random directions of what the highest token reaches.
    """

    highest: npt.NDArray[np.int64]
    lowest: npt.NDArray[np.int64]
    high: Floats
    low: Floats
    chance: float


def has_lens(model: nn.Module, site: str, width: int) -> bool:
    """Say whether directions of a site are directions of the residual stream, which the LM head reads.

    So they are for what blocks, attention and MLPs write (`resid.6`, `attn.6`, `mlp.6`), and not for heads and neurons.
    An unknown site is judged by its width.
    """
    head, _ = unembedding(model)
    if head.shape[1] != width or not site:
        return head.shape[1] == width
    found = resolve(model, site)
    return found.name == "resid.embed" or (found.port == "out" and found.heads is None)


@torch.no_grad()
def logit_lens(directions: npt.ArrayLike, model: nn.Module, *, k: int = 8, seed: int = 0) -> Lens:
    """Multiply directions (n, d) with the gain of the last norm and with the LM head (nostalgebraist 2020).

    Logits are compared within a direction: neither its length nor what all tokens gain alike plays a part.

    Raises
    ------
    InputError
        If the model has no LM head, the widths differ, or `k` is not between 1 and the number of tokens.
    """
    head, gain = unembedding(model)
    rows = torch.as_tensor(np.asarray(directions, dtype=np.float32)).to(head.device)
    if rows.ndim != 2 or rows.shape[1] != head.shape[1]:
        raise InputError(f"directions have shape {tuple(rows.shape)}; (n, {head.shape[1]}) is wanted")
    if not 1 <= k <= len(head):
        raise InputError(f"k is {k}; it may be from 1 to the number of tokens, {len(head)}")
    scores = _scores(rows, head, gain)
    high, low = scores.topk(k, dim=1), scores.topk(k, dim=1, largest=False)
    random = torch.randn(_RANDOM, rows.shape[1], generator=torch.Generator().manual_seed(seed)).to(rows)
    chance = float(_scores(random, head, gain).amax(dim=1).median())
    (raised, ids), (lowered, low_ids) = (
        (part.values.cpu().numpy(), part.indices.cpu().numpy()) for part in (high, low)
    )
    return Lens(ids, low_ids, raised, lowered, chance)


def _scores(rows: torch.Tensor, head: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    logits = functional.linear(rows * gain.float(), head.float())
    deviation, mean = torch.std_mean(logits, dim=1, keepdim=True, correction=0)
    return (logits - mean) / deviation.clamp_min(1e-12)
