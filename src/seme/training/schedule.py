"""Learning rates over the course of a budget: functions from the share that is spent to a factor.

They are functions of the budget rather than of steps, so that the same run is well-formed whether it is limited by
steps, tokens or seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[float], float]


def constant(*, warmup: float = 0.0) -> Schedule:
    """Rise linearly over the first `warmup` of the budget, then stay at 1."""
    return lambda fraction: _rise(fraction, warmup)


def linear(*, warmup: float = 0.0, decay: float = 1.0) -> Schedule:
    """Rise as `constant` does, and fall linearly to 0 over the last `decay` of the budget."""
    return lambda fraction: _rise(fraction, warmup) * min(1.0, (1.0 - fraction) / max(decay, 1e-9))


def cosine(*, warmup: float = 0.0, floor: float = 0.0) -> Schedule:
    """Rise as `constant` does, and fall to `floor` along half a cosine after the warm-up."""

    def factor(fraction: float) -> float:
        after = min(1.0, max(0.0, (fraction - warmup) / max(1.0 - warmup, 1e-9)))
        return _rise(fraction, warmup) * (floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * after)))

    return factor


def _rise(fraction: float, warmup: float) -> float:
    # The first step must not be lost, hence not 0 at the start.
    return 1.0 if fraction >= warmup else max(fraction / warmup, 1e-3)
