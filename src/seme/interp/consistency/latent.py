"""What each layer would answer: the logit lens over the tokens of the labels (Xie et al. 2024, sec. 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.errors import InputError
from seme.interp.activations import capturing, named_sites, unembedding
from seme.interp.activations.unembedding import LAST_NORMS
from seme.interp.uncertainty.prompts import option_ids, read_prompts

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Floats = npt.NDArray[np.float64]
Progress = Callable[[Iterable[int]], Iterable[int]]


def latent_predictions(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    labels: Sequence[str | Sequence[str]] = (" True", " False"),
    *,
    layers: Sequence[int] | None = None,
    groups: npt.ArrayLike | None = None,
    batch: int = 32,
    progress: Progress | None = None,
) -> Floats:
    """Return the probability of each label after each prompt, as decoded from every layer.

    The last norm is applied to the residual stream after each block, and to the embeddings; what follows from the last
    block are the model's own logits.

    Parameters
    ----------
    model, tokenizer
        A causal language model of transformers.
    prompts
        Each ends where the label comes next: question, rationale and the cue of the answer.
    labels
        What may come next, with the space before it; one that can be said in several ways is a list, whose logits are
        summed.
    layers
        0 for the embeddings, to the number of blocks for the last; all by default.
    groups
        Of each prompt: what neighbours of the same one, such as paths of a question, begin with is read once.
    batch
        Prompts at a time.
    progress
        Wraps the loop over the batches' starts, to show how far it is.

    Returns
    -------
    numpy.ndarray
        (prompts, layers, labels), rows of which sum to 1.

    Raises
    ------
    InputError
        If there is no prompt, a layer does not exist, labels begin with the same token, or the model has no LM head.
    """
    names = _names(model, layers)
    flat, owner = label_tokens(tokenizer, labels)
    rows = [tokenizer.encode(one, add_special_tokens=False) for one in prompts]
    if not rows or batch < 1:
        raise InputError(f"there are {len(rows)} prompts and batch is {batch}, expected at least 1")
    head, norm = unembedding(model)[0][flat].float(), _last_norm(model)
    kinds = None if groups is None else np.asarray(groups).tolist()
    starts: Iterable[int] = range(0, len(rows), batch)
    found = []
    for start in progress(starts) if progress else starts:
        with torch.no_grad(), capturing(model, names) as values:
            read_prompts(model, rows[start : start + batch], None if kinds is None else kinds[start : start + batch])
            states = torch.stack([values[name][:, -1] for name in names], dim=1)
            logits = norm(states).float() @ head.T
        summed = torch.zeros(*logits.shape[:2], len(labels)).index_add_(2, owner, logits.cpu())
        found.append(summed.double().softmax(-1).numpy())
    return np.concatenate(found)


def label_tokens(
    tokenizer: PreTrainedTokenizerBase, labels: Sequence[str | Sequence[str]]
) -> tuple[list[int], torch.Tensor]:
    """Return the token of every way to say a label, and the place of that label."""
    ways = [[one] if isinstance(one, str) else list(one) for one in labels]
    if len(ways) < 2 or not all(ways):
        raise InputError(f"labels is {labels!r}, expected two or more, none of them empty")
    flat = option_ids(tokenizer, [one for way in ways for one in way])
    return flat, torch.tensor([place for place, way in enumerate(ways) for _ in way])


def _names(model: nn.Module, layers: Sequence[int] | None) -> list[str]:
    depth = sum(name.startswith("resid.") for name in named_sites(model)) - 1
    wanted = list(range(depth + 1)) if layers is None else list(layers)
    if not wanted or (wrong := [one for one in wanted if not 0 <= one <= depth]):
        raise InputError(
            f"layers is {wanted}" + (f", and {type(model).__name__} has no layer {wrong[0]}" if wanted else ""),
            hint=f"Layers are 0, the embeddings, to {depth}, the last block",
        )
    return ["resid.embed" if one == 0 else f"resid.{one - 1}" for one in wanted]


def _last_norm(model: PreTrainedModel) -> nn.Module:
    found = (getattr(model.base_model, name, None) for name in LAST_NORMS)
    return next(one for one in found if isinstance(one, nn.Module))  # `unembedding` refused a model without one
