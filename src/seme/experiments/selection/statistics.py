"""Whether one method is better than another over the same tasks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

_ROUNDS = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference and its interval of 95 %."""

    mean: float
    low: float
    high: float


def paired_bootstrap(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], rng: np.random.Generator) -> Difference:
    """Compare two methods by their figures for the same tasks, of which samples with replacement are drawn.

    Parameters
    ----------
    a, b
        Figures, (tasks, draws) or (tasks,). Draws of one task are not independent: their mean stands for it.
    rng
        Where the samples come from.
    """
    difference = (a - b).reshape(len(a), -1).mean(axis=1)
    drawn = difference[rng.integers(len(difference), size=(_ROUNDS, len(difference)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Difference(float(difference.mean()), float(low), float(high))


def sign_test(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Return how likely it is that as many tasks or more prefer `a`, were neither better; ties are left out."""
    difference = (a - b).reshape(len(a), -1).mean(axis=1)
    wins, losses = int((difference > 0).sum()), int((difference < 0).sum())
    return float(binomtest(wins, wins + losses, alternative="greater").pvalue) if wins + losses else 1.0
