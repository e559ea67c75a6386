"""How an adapter is made and trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from seme.errors import InputError
from seme.retrieval.adapter import ACTIVATIONS, Activation

Mode = Literal["query", "document", "both", "shared"]
Loss = Literal["softmax", "triplet", "cosine-embedding"]
MODES: tuple[Mode, ...] = get_args(Mode)
LOSSES: tuple[Loss, ...] = get_args(Loss)


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """How an adapter is made and trained.

    Parameters
    ----------
    rank
        Keys r; `None` for a full D x D residual.
    activation
        Of the keys: `identity` (linear), `softmax` or `relu`.
    mode
        What is moved: queries, documents, both by residuals of their own, or both by a shared one.
    loss
        `softmax` (InfoNCE), `triplet` or `cosine-embedding`.
    temperature, margin
        Of the first, and of the other two losses.
    hard
        Hard negatives of each query, searched again every `mine_every` epochs; 0 for none.
    drawn
        Documents drawn at random for each batch, wrong for all of its queries but those they are right for.
    epochs, batch, rate, weight_decay
        Of AdamW; the decay is of the values alone.
    patience
        Validations in a row, one every second epoch, without a better value in validation, after which training ends.
    never_worse
        Whether the identity is kept where nothing is better in validation.
    residual
        `False` for a free map `W v`, with which a residual is compared; it has no rank.
    """

    rank: int | None = 32
    activation: Activation = "identity"
    mode: Mode = "query"
    loss: Loss = "softmax"
    temperature: float = 0.05
    margin: float = 0.2
    hard: int = 4
    drawn: int = 256
    epochs: int = 60
    batch: int = 256
    rate: float = 1e-3
    weight_decay: float = 0.0
    mine_every: int = 10
    patience: int = 5
    never_worse: bool = True
    residual: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        for name, known in (("mode", MODES), ("loss", LOSSES), ("activation", ACTIVATIONS)):
            if getattr(self, name) not in known:
                raise InputError(f"{name} is {getattr(self, name)!r}, expected one of {', '.join(known)}")
        for name in ("epochs", "batch", "mine_every", "patience"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}, expected at least 1")
        for name in ("hard", "drawn", "weight_decay"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} is {getattr(self, name)}, expected at least 0")
        if not (self.rate > 0 and math.isfinite(self.rate)):
            raise InputError(f"rate is {self.rate}, expected a number > 0")
        if self.rank is not None and self.rank < 1:
            raise InputError(f"rank is {self.rank}, expected at least 1, or None for the full rank")
