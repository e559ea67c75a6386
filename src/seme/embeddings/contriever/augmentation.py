"""Small damage to a view, so that two views have fewer words in common."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from seme.embeddings.contriever.cropping import Tokens
from seme.errors import InputError

Augmentation = Literal["none", "delete", "mask", "replace", "shuffle"]
AUGMENTATIONS: tuple[Augmentation, ...] = get_args(Augmentation)


def augment(
    tokens: Tokens,
    rng: np.random.Generator,
    kind: Augmentation = "delete",
    *,
    probability: float = 0.1,
    mask_id: int | None = None,
    replacements: Tokens | None = None,
) -> Tokens:
    """Return a view some of whose tokens are changed, each with a probability (Izacard et al. 2022, section 3.1).

    Parameters
    ----------
    tokens
        Of a view, (n,).
    kind
        `delete` takes tokens away (one is always left), `mask` puts the mask in their place, `replace` a random token,
        `shuffle` permutes them among their places, `none` changes nothing.
    probability
        Of each token to be changed.
    mask_id
        What `mask` writes.
    replacements
        What `replace` draws from, (m,).

    Raises
    ------
    InputError
        If the kind is unknown, the probability is none, or what the kind needs is not given.
    """
    if kind not in AUGMENTATIONS:
        raise InputError(f"kind is {kind!r}, expected one of {', '.join(AUGMENTATIONS)}")
    if not 0 <= probability <= 1:
        raise InputError(f"probability is {probability}, expected a number from 0 to 1")
    if kind == "none" or not len(tokens):
        return tokens
    chosen = rng.random(len(tokens)) < probability
    if kind == "delete":
        # A text without tokens has no mean.
        return tokens[~chosen] if not chosen.all() else tokens[[rng.integers(len(tokens))]]
    changed = tokens.copy()
    if kind == "mask":
        if mask_id is None:
            raise InputError("mask_id is missing, which masking writes")
        changed[chosen] = mask_id
    elif kind == "replace":
        if replacements is None or not len(replacements):
            raise InputError("replacements is missing or empty, which replacing draws from")
        changed[chosen] = rng.choice(replacements, int(chosen.sum()))
    else:
        changed[chosen] = rng.permutation(tokens[chosen])
    return changed
