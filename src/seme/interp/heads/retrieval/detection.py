"""Finding retrieval heads: where heads look while the model writes an answer that it read."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from seme.errors import InputError
from seme.interp.heads.outputs import head_sites
from seme.interp.heads.retrieval.answers import Words, recall
from seme.interp.heads.retrieval.attention import decode, eager_attention, forced, prefill
from seme.interp.heads.retrieval.prompts import RetrievalPrompt
from seme.interp.heads.retrieval.scores import Floats, RetrievalScores, copied_share


def retrieval_scores(
    model: PreTrainedModel,
    prompts: Iterable[RetrievalPrompt],
    *,
    words: Words = tuple,
    stop: Collection[int] = (),
    longest: int = 50,
    floor: float = 0.5,
    force: bool = False,
) -> RetrievalScores:
    """Score every head by what it copies while the model answers (Wu et al. 2024, section 2).

    The prompt is read with the model's own attention; weights are materialised for the answer alone.

    Parameters
    ----------
    model
        A causal model, in evaluation mode; afterwards it is as it was.
    prompts
        Questions whose answers stand in the prompt. Each is worked on as it comes.
    words
        Makes words of tokens to tell whether a prompt was answered; by default tokens are words. See `words_of`.
    stop
        Tokens that end an answer; see `stop_tokens`.
    longest
        Tokens of an answer at most.
    floor
        Prompts of which a share of the answer's words no larger than this was written do not count.
    force
        Let the model read the true answer rather than write its own; then every prompt counts.

    Raises
    ------
    InputError
        If there is no prompt, none was answered, or one is longer than the model's context.
    """
    each: list[Floats] = []
    recalls: list[float] = []
    responses: list[tuple[int, ...]] = []
    for prompt in prompts:
        check_length(model, len(prompt.ids), len(prompt.answer) if force else longest)
        ids = torch.tensor([prompt.ids])
        cache = prefill(model, ids[:, :-1])
        with eager_attention(model):
            if force:
                written = list(prompt.answer)
                attended = forced(model, torch.tensor([[prompt.ids[-1], *written[:-1]]]), cache)
            else:
                (written,), steps = decode(model, ids[:, -1:], cache, longest=longest, stop=stop)
                attended = _over_steps(model, steps)
        recalls.append(recall(words(written), words(prompt.answer)))
        responses.append(tuple(written))
        if recalls[-1] > floor or force:
            each.append(copied_share(prompt, written, attended.numpy()))
    if not recalls:
        raise InputError("prompts is empty, expected at least one")
    answered = np.array([share > floor or force for share in recalls])
    found = np.stack(each) if each else np.empty((0, 1, 1))
    return RetrievalScores(found, np.array(recalls), answered, tuple(responses))


def _over_steps(model: PreTrainedModel, steps: list[Tensor]) -> Tensor:
    """Return where heads look at each step, (layers, heads, steps); there may be none."""
    if not steps:
        sites = head_sites(model)
        return torch.empty(len(sites), sites[0].heads or 0, 0, dtype=torch.long)
    return torch.stack([one[:, 0] for one in steps], dim=-1)


def check_length(model: PreTrainedModel, tokens: int, longest: int) -> None:
    """Refuse a prompt that is empty or does not fit into the model's context together with its answer."""
    if longest < 1 or tokens < 1:
        raise InputError(f"longest is {longest} and the prompt has {tokens} tokens, expected numbers >= 1")
    context = getattr(model.config, "max_position_embeddings", None)
    if isinstance(context, int) and tokens + longest > context:
        raise InputError(
            f"a prompt has {tokens} tokens, which with {longest} of an answer is more than the model's context of "
            f"{context}",
            hint=f"Make prompts of {max(context - longest, 0)} tokens or fewer",
        )
