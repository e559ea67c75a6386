"""What a language model is asked about years, and how it answers: states, neurons, judgements of similarity."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.errors import InputError
from seme.interp.activations import capture
from seme.interp.temporal.distances import checked_years
from seme.interp.temporal.regression import Float

Show: TypeAlias = Callable[[Iterable[Any], str], Iterable[Any]]
JUDGEMENT = (
    "Rate the similarity of two {kind}s on a scale from 0 (completely different) to 9 (identical).\n"
    "{Kind}: {first}\n{Kind}: {second}\nSimilarity: "
)
"""What is asked; `{kind}` is `year` or `number`. It ends where the digit of the answer follows as a token alone."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """A model's judgements.

    Attributes
    ----------
    similarity
        Expected digit over 9, the mean of both orders, (n, n); 1 on the diagonal.
    asymmetry
        Mean absolute difference of the two orders.
    mass
        Mean probability that the answer is a digit at all.
    """

    similarity: Float
    asymmetry: float
    mass: float


def year_prompts(years: npt.ArrayLike, kind: str = "Year") -> list[str]:
    """Return `Year: 1-9-8-4` for each year: hyphens keep digits apart, so that every tokenizer sees them one by one."""
    if not kind.strip():
        raise InputError("kind is empty, expected Year or Number")
    return [f"{kind}: {'-'.join(str(year))}" for year in checked_years(years)]


def last_token_values(
    model: nn.Module,
    tokenizer: Any,
    prompts: Sequence[str],
    sites: Sequence[str],
    *,
    batch_size: int = 32,
    show: Show | None = None,
) -> dict[str, npt.NDArray[np.float32]]:
    """Return what flows through sites at the last token of each prompt, (n, width) by the name of the site.

    Parameters
    ----------
    model, tokenizer
        A transformers model, and anything with `encode(text, add_special_tokens=False)`.
    prompts
        All of the same number of tokens.
    sites
        Such as `resid.*` and `mlp.*.neurons`.
    batch_size
        Prompts at a time.
    show
        Called with the batches and a label; yields them while it shows progress.

    Raises
    ------
    InputError
        If there is no prompt, or prompts differ in tokens: then the place of a digit would differ, too.
    """
    ids = torch.tensor(_same_length(tokenizer, prompts))
    starts = range(0, len(ids), batch_size)
    kept: dict[str, list[npt.NDArray[np.float32]]] = {}
    for start in show(starts, "Reading years") if show else starts:
        part = ids[start : start + batch_size]
        for site, values in capture(model, {"input_ids": part}, sites).items():
            kept.setdefault(site, []).append(values[:, -1].flatten(1).float().cpu().numpy())
    return {site: np.concatenate(parts) for site, parts in kept.items()}


def rate_pairs(
    model: nn.Module,
    tokenizer: Any,
    years: npt.ArrayLike,
    *,
    kind: str = "year",
    template: str = JUDGEMENT,
    batch_size: int = 32,
    least_mass: float = 0.8,
    show: Show | None = None,
) -> Ratings:
    """Have a model judge how alike each pair of years is, by its own probabilities of the ten digits.

    The answer is the expected digit, not the likeliest one, so that a small model's judgement is seen below the steps
    of its answers. Both orders are asked. What prompts share is run once.

    Parameters
    ----------
    model, tokenizer
        A causal language model, and anything with `encode(text, add_special_tokens=False)`.
    years
        (n,).
    kind
        What the prompt calls them: `year`, or `number` for the control.
    template
        With `{kind}`, `{Kind}`, `{first}` and `{second}`.
    batch_size
        Pairs at a time.
    least_mass
        Least mean probability that the answer is a digit.
    show
        Called with the first years and a label; yields them while it shows progress.

    Raises
    ------
    InputError
        If prompts differ in tokens, a digit is not one token, or the model seldom answers with a digit.
    """
    whole = checked_years(years)
    digits = [tokenizer.encode(str(digit), add_special_tokens=False) for digit in range(10)]
    if any(len(one) != 1 for one in digits):
        raise InputError("a digit is more than one token of this tokenizer, so that no answer can be read")
    answers = torch.tensor([one[0] for one in digits])
    raw, mass = np.full((len(whole), len(whole)), 9.0), np.ones((len(whole), len(whole)))
    for row in show(range(len(whole)), f"Judging {kind}s") if show else range(len(whole)):
        others = np.delete(np.arange(len(whole)), row)
        words = {"kind": kind, "Kind": kind.capitalize(), "first": whole[row]}
        prompts = [template.format(**words, second=whole[other]) for other in others]
        shares = _answers(model, _same_length(tokenizer, prompts), answers, batch_size)
        mass[row, others] = shares.sum(axis=1)
        raw[row, others] = shares @ np.arange(10) / shares.sum(axis=1)
    off = ~np.eye(len(whole), dtype=bool)
    if (found := float(mass[off].mean())) < least_mass:
        raise InputError(
            f"the model answers with a digit in {found:.0%} of the cases, and {least_mass:.0%} is the least",
            hint="Give a template after which a digit follows, or a model that follows instructions",
        )
    scaled = raw / 9
    return Ratings((scaled + scaled.T) / 2, float(np.abs(scaled - scaled.T)[off].mean()), found)


@torch.no_grad()
def _answers(model: Any, ids: list[list[int]], answers: torch.Tensor, batch_size: int) -> Float:
    """Return the probability of each answer after prompts, (n, 10); what they share at their start is run once."""
    shared = len(list(takewhile(lambda column: len(set(column)) == 1, zip(*ids, strict=True))))
    shared = min(shared, len(ids[0]) - 1)
    device = next(model.parameters()).device
    # The argument's name changed within transformers 5.
    cache = "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"
    tokens = torch.tensor(ids, device=device)
    start = None
    if shared:
        said = model(tokens[:1, :shared], use_cache=True, logits_to_keep=1)
        start = said["cache"] if "cache" in said else said["past_key_values"]
    found = []
    for part in tokens[:, shared:].split(batch_size):
        past = copy.deepcopy(start)
        if past is not None:
            past.batch_repeat_interleave(len(part))
        logits = model(part, **{cache: past}, use_cache=past is not None, logits_to_keep=1).logits[:, -1]
        found.append(logits.float().softmax(-1)[:, answers.to(device)].double().cpu().numpy())
    return np.concatenate(found)


def _same_length(tokenizer: Any, prompts: Sequence[str]) -> list[list[int]]:
    ids: list[list[int]] = [tokenizer.encode(prompt, add_special_tokens=False) for prompt in prompts]
    if not ids or not all(ids):
        raise InputError(f"there are {len(ids)} prompts, {sum(not one for one in ids)} of them without tokens")
    lengths: Mapping[int, str] = {len(one): prompt for one, prompt in zip(ids, prompts, strict=True)}
    if len(lengths) > 1:
        few, many = min(lengths), max(lengths)
        raise InputError(
            f"{lengths[few]!r} has {few} tokens and {lengths[many]!r} {many}; all must have as many",
            hint="Keep to years of four digits, and set digits apart with hyphens as year_prompts does",
        )
    return ids
