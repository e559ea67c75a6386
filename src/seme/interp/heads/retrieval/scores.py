"""How often each head copies, and which heads are retrieval heads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.heads.masking import Head
from seme.interp.heads.retrieval.prompts import RetrievalPrompt

Floats = npt.NDArray[np.float64]


def copied_share(prompt: RetrievalPrompt, written: npt.ArrayLike, attended: npt.ArrayLike) -> Floats:
    """Return the share of an answer that each head copied (Wu et al. 2024, section 2).

    A head copies a token of the answer at the step that writes it, if no other position has more of its attention.
    Each position counts once, so that the share stays within 0 and 1 where a word is written twice.

    Parameters
    ----------
    prompt
        With the place of the answer.
    written
        Tokens that were written, (steps,).
    attended
        Where each head looked most at the step that wrote them, (layers, heads, steps).

    Returns
    -------
    array of shape (layers, heads)

    Raises
    ------
    InputError
        If there are not as many steps in both.
    """
    tokens, places = np.asarray(written, dtype=np.int64), np.asarray(attended, dtype=np.int64)
    if places.ndim != 3 or tokens.shape != places.shape[2:]:
        raise InputError(f"attended has shape {places.shape}, expected (layers, heads, {len(tokens)} steps)")
    ids = np.asarray(prompt.ids)
    start, end = prompt.span
    hits = np.zeros((*places.shape[:2], end - start), dtype=bool)
    for step, token in enumerate(tokens.tolist()):
        for position in np.flatnonzero(ids[start:end] == token):
            hits[..., position] |= places[..., step] == start + position
    return np.asarray(hits.mean(axis=2), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """What each head copied in each prompt that was answered.

    Parameters
    ----------
    each
        (prompts that were answered, layers, heads), 0 to 1.
    recalls
        Of every prompt, (prompts,): the share of the answer's words that were written.
    answered
        Which prompts count, bool (prompts,).
    responses
        Tokens that were written for every prompt.

    Raises
    ------
    InputError
        If there is no prompt that counts, a score is not within 0 and 1, or shapes do not fit.
    """

    each: Floats
    recalls: Floats
    answered: npt.NDArray[np.bool_]
    responses: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if self.each.ndim != 3 or len(self.each) != int(self.answered.sum()):
            raise InputError(f"each has shape {self.each.shape}, expected ({int(self.answered.sum())}, layers, heads)")
        if not len(self.each):
            raise InputError(
                f"no successful retrieval: none of {len(self.answered)} prompts was answered, so that nothing was "
                "copied",
                hint="Shorten the prompts, or try a larger model or a plainer question",
            )
        if not (np.isfinite(self.each).all() and self.each.min() >= 0 and self.each.max() <= 1):
            raise InputError("each holds numbers that are not shares within 0 and 1")

    @property
    def mean(self) -> Floats:
        """The retrieval score of each head, (layers, heads): the mean over prompts."""
        return np.asarray(self.each.mean(axis=0))

    @property
    def frequency(self) -> Floats:
        """The share of prompts in which each head copied anything, (layers, heads)."""
        return np.asarray((self.each > 0).mean(axis=0))

    def top(self, count: int) -> list[Head]:
        """Return the heads of the highest scores, the best first; of equal ones the earlier.

        Raises
        ------
        InputError
            If there are fewer heads.
        """
        mean = self.mean
        if not 1 <= count <= mean.size:
            raise InputError(f"count is {count}; it may be 1 to {mean.size}, the number of heads")
        order = np.argsort(-mean, axis=None, kind="stable")[:count]
        return [(int(one) // mean.shape[1], int(one) % mean.shape[1]) for one in order]

    def above(self, threshold: float = 0.1) -> list[Head]:
        """Return the retrieval heads, the best first: those whose mean score is `threshold` or more."""
        return [head for head in self.top(self.mean.size) if self.mean[head] >= threshold]

    def part(self, index: npt.ArrayLike) -> RetrievalScores:
        """Return the scores of some of the prompts that were answered, by their numbers among these."""
        chosen = np.asarray(index, dtype=np.int64)
        numbers = np.flatnonzero(self.answered)[chosen]
        responses = tuple(self.responses[one] for one in numbers)
        return RetrievalScores(self.each[chosen], self.recalls[numbers], np.ones(len(chosen), dtype=bool), responses)
