"""What attention and FFN write for an answer, and where attention looks (Xie et al. 2024, sec. 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from seme.errors import InputError
from seme.interp.activations import capturing, named_sites, unembedding
from seme.interp.consistency.latent import label_tokens
from seme.interp.heads.retrieval import eager_attention
from seme.interp.neurons import neurons
from seme.interp.uncertainty.prompts import read_prompts

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Floats32 = npt.NDArray[np.float32]
Progress = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Writings:
    """What each block writes at the last position of each prompt.

    `attention` and `ffn` (prompts, blocks, d) are the outputs of the modules. `promoting` (prompts, blocks, labels) is
    the share of the strongest value vectors, times their activations, that raise a label's logit above the labels'
    mean; the last norm's scale is left out, which changes no sign.
    """

    attention: Floats32
    ffn: Floats32
    promoting: Floats32


def read_modules(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    labels: Sequence[str | Sequence[str]] = (" True", " False"),
    *,
    top: int = 10,
    groups: npt.ArrayLike | None = None,
    batch: int = 32,
    progress: Progress | None = None,
) -> Writings:
    """Read what attention and feed-forward networks write where the label comes next.

    Parameters
    ----------
    model, tokenizer, prompts, labels, groups, batch, progress
        As for `latent_predictions`.
    top
        Value vectors of each block and prompt that count: those with the largest norm times activation.

    Raises
    ------
    InputError
        If there is no prompt, `top` is less than one or more than there are neurons, labels begin with the same token,
        or the model has no LM head or no feed-forward networks that are known.
    """
    flat, owner = label_tokens(tokenizer, labels)
    rows = [tokenizer.encode(one, add_special_tokens=False) for one in prompts]
    if not rows or batch < 1:
        raise InputError(f"there are {len(rows)} prompts and batch is {batch}, expected at least 1")
    blocks = sum(name.startswith("resid.") for name in named_sites(model)) - 1
    lifts = _Lifts(model, blocks, flat, owner, len(labels), top)
    sites = [name.format(k) for k in range(blocks) for name in ("attn.{}", "mlp.{}", "mlp.{}.neurons")]
    kinds = None if groups is None else np.asarray(groups).tolist()
    starts: Iterable[int] = range(0, len(rows), batch)
    found: list[list[torch.Tensor]] = []
    for start in progress(starts) if progress else starts:
        part = slice(start, start + batch)
        with torch.no_grad(), capturing(model, sites) as values:
            read_prompts(model, rows[part], None if kinds is None else kinds[part])
            last = {name: values[name][:, -1].float() for name in sites}
            written = [torch.stack([last[name.format(k)] for k in range(blocks)], 1) for name in ("attn.{}", "mlp.{}")]
            promoting = torch.stack([lifts(k, last[f"mlp.{k}.neurons"]) for k in range(blocks)], 1)
        found.append([*written, promoting])
    return Writings(*(torch.cat(list(parts)).cpu().numpy() for parts in zip(*found, strict=True)))


class _Lifts:
    """How much each value vector of each block raises each label above the others."""

    def __init__(
        self, model: PreTrainedModel, blocks: int, flat: list[int], owner: torch.Tensor, labels: int, top: int
    ) -> None:
        head, gain = unembedding(model)
        rows = head[flat].float() * gain.float()
        summed = torch.zeros(labels, rows.shape[1], device=rows.device).index_add_(0, owner.to(rows.device), rows)
        directions = summed - summed.mean(0)
        vectors = [neurons(model, k, "down").rows.float() for k in range(blocks)]
        if not 1 <= top <= len(vectors[0]):
            raise InputError(f"top is {top}, expected 1 to {len(vectors[0])}, the neurons of a block")
        self._norms = [one.norm(dim=1) for one in vectors]
        self._raises = [one @ directions.T for one in vectors]
        self._top = top

    def __call__(self, block: int, activations: torch.Tensor) -> torch.Tensor:
        strongest = (activations.abs() * self._norms[block]).topk(self._top, dim=1).indices
        raised = activations.gather(1, strongest)[..., None] * self._raises[block][strongest]
        return (raised > 0).float().mean(1)


def attention_mass(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[str]],
    *,
    progress: Progress | None = None,
) -> Floats32:
    """Return how much the last position attends to each part of its prompt, by block, the mean over heads.

    Parameters
    ----------
    model, tokenizer
        A causal language model of transformers that can be switched to eager attention.
    prompts
        Each in as many parts as the others, such as question, rationale and cue; their texts follow one another, and
        are encoded one by one. A part may be empty.
    progress
        Wraps the loop over the prompts.

    Returns
    -------
    numpy.ndarray
        (prompts, blocks, parts), rows of which sum to 1.

    Raises
    ------
    InputError
        If there is no prompt, one has no tokens or another number of parts, or the model gives no attention weights.
    """
    rows = [[tokenizer.encode(part, add_special_tokens=False) if part else [] for part in parts] for parts in prompts]
    if not rows or any(len(row) != len(rows[0]) or not any(row) for row in rows):
        raise InputError(
            f"prompts has {len(rows)} prompts, of {sorted({len(row) for row in rows})} parts, expected as many parts "
            "of each, and a token in one of them"
        )
    places: Iterable[int] = range(len(rows))
    found = []
    with torch.no_grad(), eager_attention(model):
        for place in progress(places) if progress else places:
            ids = torch.tensor([[token for part in rows[place] for token in part]], device=model.device)
            out: Any = model(input_ids=ids, output_attentions=True, use_cache=False)
            if not out.attentions or any(one is None for one in out.attentions):
                raise InputError(f"{type(model).__name__} returned no attention weights")
            looks = torch.stack([one[0, :, -1].float().mean(0) for one in out.attentions]).cpu()
            found.append(torch.stack([one.sum(1) for one in looks.split([len(part) for part in rows[place]], 1)], 1))
    return np.asarray(torch.stack(found).numpy(), dtype=np.float32)
