"""Weights of a text over the vocabulary, by three paradigms: which tokens it has, learned, or predicted.

A weight stands for a token that may be a word piece, the place of an image patch, or a visual token: what is scattered
are whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from seme.errors import InputError


def statistical_weights(
    ids: torch.Tensor, mask: torch.Tensor, *, vocabulary: int, ignored: Sequence[int] = ()
) -> torch.Tensor:
    """Return 1 where a token occurs in a text and 0 elsewhere, (n, vocabulary); SLR less its trained scale.

    Parameters
    ----------
    ids
        Of tokens, (n, length).
    mask
        1 where there is a token and 0 where there is padding, (n, length).
    vocabulary
        How many tokens there are.
    ignored
        Ids that never count, such as the special ones.

    Raises
    ------
    InputError
        If the shapes differ or an id is not in the vocabulary.
    """
    return learned_weights(torch.ones(ids.shape, device=ids.device), ids, mask, vocabulary=vocabulary, ignored=ignored)


def learned_weights(
    tokens: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor, *, vocabulary: int, ignored: Sequence[int] = ()
) -> torch.Tensor:
    """Return each token's largest weight among the places where it stands, (n, vocabulary); LLR.

    `tokens` are weights >= 0 of places, (n, length); the rest is as in `statistical_weights`. Nothing of the size
    (n, length, vocabulary) is made.

    Raises
    ------
    InputError
        If the shapes differ or an id is not in the vocabulary.
    """
    _check(ids, mask, vocabulary)
    if tokens.shape != ids.shape:
        raise InputError(f"tokens is {tuple(tokens.shape)}, expected {tuple(ids.shape)}, as the ids")
    found = tokens.new_zeros(len(ids), vocabulary)
    found = found.scatter_reduce(1, ids, tokens * mask.to(tokens.dtype), reduce="amax", include_self=True)
    if not ignored:
        return found
    kept = torch.ones(vocabulary, dtype=found.dtype, device=found.device)
    kept[list(ignored)] = 0
    return found * kept


def contextual_weights(logits: torch.Tensor) -> torch.Tensor:
    """Return `log(1 + max(z, 0))` of a masked-language head's logits at the first token, (n, vocabulary); CLR."""
    return torch.log1p(torch.relu(logits))


def raise_present(
    weights: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor, *, ignored: Sequence[int] = ()
) -> torch.Tensor:
    """Return weights in which all tokens of a text have its largest weight: the vocabulary filter.

    Each row has its own largest weight; the published code raises the first row of a batch alone.

    Raises
    ------
    InputError
        If the shapes differ or an id is not in the vocabulary.
    """
    present = statistical_weights(ids, mask, vocabulary=weights.shape[1], ignored=ignored) > 0
    return torch.where(present, weights.amax(dim=1, keepdim=True), weights)


def _check(ids: torch.Tensor, mask: torch.Tensor, vocabulary: int) -> None:
    if ids.ndim != 2 or not ids.numel() or mask.shape != ids.shape:
        raise InputError(f"ids is {tuple(ids.shape)} and mask {tuple(mask.shape)}, expected (n, length) of both")
    if int(ids.min()) < 0 or int(ids.max()) >= vocabulary:
        raise InputError(f"ids run from {int(ids.min())} to {int(ids.max())}, expected 0 to {vocabulary - 1}")
