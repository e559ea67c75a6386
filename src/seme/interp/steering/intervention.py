"""When decoding is broken into, and how far it goes back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from seme.errors import InputError

Kind = Literal["rollback", "reject", "avoid"]
Start = Literal["least", "earliest", "nearest"]
Spent = Literal["calmest", "drop"]


@dataclass(frozen=True, slots=True)
class Intervention:
    """What to do about an object that is about to be hallucinated (Duan et al. 2025, sec. 4; details are ours).

    Parameters
    ----------
    threshold
        Score from which the object about to be named is rejected; `threshold_at` gives one.
    kind
        `rollback` goes back within the sentence and takes another way there; `reject` only takes the next likeliest
        token in place of the object, whatever it names, and `avoid` the next that begins no object's name.
    start
        Where a way begins that leads to the hallucination, among the positions of the sentence at which another token
        is plausible: the one with the `least` confident token, the `earliest`, or the one `nearest` to the object.
    budget
        Roll-backs in a sentence at most.
    candidates
        Likeliest tokens at a position that may be taken at all.
    plausible
        Share of the taken token's probability that another one needs to be plausible.
    spent
        What follows when the budget is: the `calmest` of the ways tried, by the score of the object that each led to,
        or the sentence is taken back and the text ends (`drop`).

    Raises
    ------
    InputError
        If a setting is none of those there are.
    """

    threshold: float
    kind: Kind = "rollback"
    start: Start = "least"
    budget: int = 4
    candidates: int = 5
    plausible: float = 0.1
    spent: Spent = "calmest"

    def __post_init__(self) -> None:
        if not math.isfinite(self.threshold):
            raise InputError(f"threshold is {self.threshold}, expected a finite score", hint="threshold_at gives one")
        if self.budget < 0 or self.candidates < 2:
            raise InputError(f"budget is {self.budget} and candidates {self.candidates}, expected >= 0 and >= 2")
        if not 0 <= self.plausible <= 1:
            raise InputError(f"plausible is {self.plausible}, expected a share from 0 to 1")
        for name, value, known in (
            ("kind", self.kind, ("rollback", "reject", "avoid")),
            ("start", self.start, ("least", "earliest", "nearest")),
            ("spent", self.spent, ("calmest", "drop")),
        ):
            if value not in known:
                raise InputError(f"{name} is {value!r}, expected one of {', '.join(known)}")
