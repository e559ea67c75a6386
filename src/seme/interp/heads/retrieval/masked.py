"""What a model answers without some of its heads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from seme.errors import InputError
from seme.interp.heads.masking import MaskedHeads, Mode
from seme.interp.heads.retrieval.answers import Words, recall
from seme.interp.heads.retrieval.attention import decode, prefill, repeated
from seme.interp.heads.retrieval.detection import check_length
from seme.interp.heads.retrieval.scores import Floats


@dataclass(frozen=True, slots=True)
class Answers:
    """What was written under each mask: the share of the answer's words, (masks,), and the tokens."""

    recalls: Floats
    responses: tuple[tuple[int, ...], ...]


def masked_answers(
    model: PreTrainedModel,
    ids: Sequence[int],
    answer: Sequence[int],
    masks: Tensor,
    *,
    mode: Mode = "zero",
    means: Tensor | None = None,
    words: Words = tuple,
    stop: Collection[int] = (),
    longest: int = 50,
    everywhere: bool = False,
) -> Answers:
    """Let a model answer one prompt under several masks of heads, all in one batch.

    Heads are masked while the answer is written, as in the paper; the prompt is read once for all masks.

    Parameters
    ----------
    model
        A causal model, in evaluation mode; afterwards it is as it was.
    ids, answer
        Tokens of the prompt and of the true answer, such as those of a `RetrievalPrompt`.
    masks
        Heads that are masked, bool (masks, layers, heads); a row without any is the model as it is.
    mode, means
        See `MaskedHeads`.
    words, stop, longest
        See `retrieval_scores`.
    everywhere
        Mask heads while the prompt is read, too, which is then read once for each mask.

    Raises
    ------
    InputError
        If `masks` has another form, the prompt is empty or does not fit into the model's context, or the answer has no
        words.
    """
    if masks.ndim != 3 or not len(masks):
        raise InputError(f"masks has shape {tuple(masks.shape)}, expected (masks, layers, heads), at least one mask")
    check_length(model, len(ids), longest)
    wanted = words(answer)
    prompts = torch.tensor([list(ids)]).expand(len(masks), -1)
    cache = None if everywhere else repeated(prefill(model, prompts[:1, :-1]), len(masks))
    with MaskedHeads(masks, mode, means=means)(model):
        read = cache if cache is not None else prefill(model, prompts[:, :-1])
        rows, _ = decode(model, prompts[:, -1:], read, longest=longest, stop=stop)
    return Answers(np.array([recall(words(row), wanted) for row in rows]), tuple(map(tuple, rows)))
