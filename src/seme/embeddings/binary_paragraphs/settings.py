"""How paragraph vectors are made and trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from seme.errors import InputError

Kind = Literal["binary", "real-binary", "real"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class ParagraphSettings:
    """How paragraph vectors are made and trained.

    Parameters
    ----------
    kind
        `binary`: a document is its code (Binary PV-DBOW, Binary PV-DM); `real-binary`: a real vector from which its
        code is projected, both trained at once; `real`: a real vector alone (PV-DBOW, PV-DM; Le and Mikolov 2014).
    bits
        Length of the code.
    dim
        Width of the real vector; not used by `binary`.
    context
        Words before a word that help to predict it (PV-DM); 0 for none (PV-DBOW).
    bigrams, least, most_share, limit
        Which terms are read (`Terms.learn`); with a context there are no bigrams.
    epochs, batch, rate
        Passes over the documents, documents of a step, and rate of AdaGrad.
    candidates
        Words of the sampled softmax.
    inference
        Steps by which a new document's vector is found, with all else frozen; over the whole softmax.
    """

    kind: Kind = "binary"
    bits: int = 32
    dim: int = 300
    context: int = 0
    bigrams: bool = True
    least: int = 3
    most_share: float = 0.1
    limit: int = 20_000
    epochs: int = 60
    batch: int = 256
    rate: float = 0.3
    candidates: int = 512
    inference: int = 40

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.kind not in KINDS:
            raise InputError(f"kind is {self.kind!r}, expected one of {', '.join(KINDS)}")
        for name in ("bits", "dim", "least", "limit", "epochs", "batch", "candidates", "inference"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}, expected at least 1")
        if self.context < 0:
            raise InputError(f"context is {self.context}, expected at least 0")
        if not (self.rate > 0 and math.isfinite(self.rate)):
            raise InputError(f"rate is {self.rate}, expected a number > 0")
        if not 0 < self.most_share <= 1:
            raise InputError(f"most_share is {self.most_share}, expected 0 < most_share <= 1")

    @property
    def width(self) -> int:
        """Width of what is learned of each document."""
        return self.bits if self.kind == "binary" else self.dim
