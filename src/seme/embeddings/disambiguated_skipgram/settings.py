"""How sense vectors are made and trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from seme.errors import InputError


@dataclass(frozen=True, slots=True)
class SenseSettings:
    """How sense vectors are made and trained; the defaults are the reference's where it has any.

    Parameters
    ----------
    dim
        Width of the vectors (300 in the reference).
    senses
        K, senses of each word before pruning.
    window
        Words on each side.
    batch, candidates, rate
        Places of a step, words of the sampled softmax, and rate of AdaGrad (the reference has SGD with momentum).
    first, second
        Epochs with one network for all words, and with one of each word's own.
    entropy
        Weight of the senses' mean entropy in the loss of the first stage; below 0 it is rewarded, so that no sense
        takes all at the beginning.
    temperatures
        Of the relaxed draw of a sense (Gumbel-softmax) at the beginning and at the end of the second stage.
    floor
        Prior below which a sense is pruned.
    """

    dim: int = 64
    senses: int = 5
    window: int = 5
    batch: int = 1024
    candidates: int = 64
    rate: float = 0.1
    first: int = 1
    second: int = 3
    entropy: float = -0.1
    temperatures: tuple[float, float] = (1.0, 0.5)
    floor: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        for name in ("dim", "senses", "window", "batch", "candidates"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}, expected at least 1")
        if self.first < 0 or self.second < 0:
            raise InputError(f"first is {self.first} and second {self.second}, expected at least 0")
        if not (self.rate > 0 and math.isfinite(self.rate) and math.isfinite(self.entropy)):
            raise InputError(f"rate is {self.rate} and entropy {self.entropy}, expected finite numbers, the rate > 0")
        if not all(one > 0 and math.isfinite(one) for one in self.temperatures):
            raise InputError(f"temperatures are {self.temperatures}, expected two numbers > 0")
        if not 0 <= self.floor < 1:
            raise InputError(f"floor is {self.floor}, expected 0 <= floor < 1")
