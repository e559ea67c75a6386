"""The model's own answer, yes or no, beside what a probe reads (Jin et al. 2024, later version: anchoring)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from seme.errors import InputError
from seme.interp.emotion import label_scores

YES, NO = ("yes", "Yes", "YES"), ("no", "No", "NO")
"""The words whose probabilities are summed for each answer."""


def answer_tokens(tokenizer: Any, words: Sequence[str], *, before: str = " ") -> list[int]:
    """Return the first token of each word after a space, without repeats.

    Raises
    ------
    InputError
        If there is no word.
    """
    firsts = [tokenizer.encode(f"{before}{word}", add_special_tokens=False)[0] for word in words]
    if not firsts:
        raise InputError("words is empty, expected the words of an answer")
    return list(dict.fromkeys(firsts))


def yes_over_no(
    model: nn.Module,
    prompts: Sequence[Sequence[int]],
    yes: Sequence[int],
    no: Sequence[int],
    *,
    batch: int = 16,
    progress: Callable[..., Iterator[Any]] | None = None,
) -> npt.NDArray[np.float64]:
    """Return the logarithm of the summed probability of the words for yes over that of the words for no, (prompts,).

    Parameters
    ----------
    model
        A transformers causal language model in evaluation mode.
    prompts
        Token numbers of each prompt.
    yes, no
        Tokens of either answer; see `answer_tokens`.
    batch, progress
        See `label_scores`.

    Raises
    ------
    InputError
        If an answer has no token, or a token stands for both.
    """
    if not yes or not no or set(yes) & set(no):
        raise InputError(f"yes is {list(yes)} and no {list(no)}, expected one token or more of each and none in both")
    scores = label_scores(model, prompts, [*yes, *no], batch=batch, progress=progress)
    found: npt.NDArray[np.float64] = np.logaddexp.reduce(scores[:, : len(yes)], axis=1) - np.logaddexp.reduce(
        scores[:, len(yes) :], axis=1
    )
    return found
