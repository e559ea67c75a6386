"""Two views of one chunk of tokens: independent crops, or a span and what is left without it."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Tokens = npt.NDArray[np.int64]
Pairing = Literal["crops", "ict"]
PAIRINGS: tuple[Pairing, ...] = get_args(Pairing)


def crop(tokens: Tokens, rng: np.random.Generator, *, shortest: float = 0.05, longest: float = 0.5) -> Tokens:
    """Return a contiguous span whose share of the chunk is uniform between two bounds, and whose place is uniform.

    Izacard et al. 2022, section 3.1. A span has one token at least: shares of short chunks round down to none.

    Parameters
    ----------
    tokens
        Of a chunk, (n,), at least one.
    shortest, longest
        Shares of the chunk, 0 <= shortest <= longest <= 1.

    Raises
    ------
    InputError
        If the chunk is empty or the shares cannot be used.
    """
    start, length = _span(tokens, rng, shortest, longest)
    return tokens[start : start + length]


def two_crops(
    tokens: Tokens, rng: np.random.Generator, *, shortest: float = 0.05, longest: float = 0.5
) -> tuple[Tokens, Tokens]:
    """Return two crops that are drawn independently, so that they may overlap."""
    return (
        crop(tokens, rng, shortest=shortest, longest=longest),
        crop(tokens, rng, shortest=shortest, longest=longest),
    )


def inverse_cloze(
    tokens: Tokens, rng: np.random.Generator, *, shortest: float = 0.05, longest: float = 0.5, kept: float = 0.1
) -> tuple[Tokens, Tokens]:
    """Return a span, and the chunk without it; with probability `kept` the chunk is left whole (Lee et al. 2019).

    Of a chunk of one token, both are that token.

    Raises
    ------
    InputError
        As `crop`, and if `kept` is no probability.
    """
    if not 0 <= kept <= 1:
        raise InputError(f"kept is {kept}, expected a probability from 0 to 1")
    start, length = _span(tokens, rng, shortest, longest)
    whole = rng.random() < kept
    rest = np.concatenate([tokens[:start], tokens[start + length :]])
    return tokens[start : start + length], tokens if whole or not len(rest) else rest


def _span(tokens: Tokens, rng: np.random.Generator, shortest: float, longest: float) -> tuple[int, int]:
    if tokens.ndim != 1 or not len(tokens):
        raise InputError(f"tokens is {tokens.shape}, expected a chunk (n,) of at least one token")
    if not 0 <= shortest <= longest <= 1:
        raise InputError(f"shortest is {shortest} and longest {longest}, expected 0 <= shortest <= longest <= 1")
    length = max(1, int(rng.uniform(shortest, longest) * len(tokens)))
    return int(rng.integers(len(tokens) - length + 1)), length
