"""The oracle: paths whose agreement follows correctness, and paths where it does not, against enumeration."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import factorial, sqrt
from typing import TYPE_CHECKING

import numpy as np

from seme.experiment import Context
from seme.interp.consistency import Even, InternalConsistency, Paths, vote
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p51_internal_consistency import InternalConsistencySettings

_RIGHT, _TRUST = 0.6, 0.8
_COUNT, _QUESTIONS = 5, 2000
_LAYERS = 11
_HIGH, _LOW = 9, 3
"""Of the nine layers between, how many agree on a path that is consistent, and on one that is not."""


def add(report: Report, settings: InternalConsistencySettings, context: Context) -> None:
    """Vote on planted paths, and hold the gain against what enumeration gives."""
    del settings  # nothing is drawn from a model
    for trust, words in ((_TRUST, "follows"), (0.5, "does not follow")):
        gain, expected, error = _gain(trust, context.rng("planted", trust))
        report.claim(
            Claim.equal(
                f"Planted paths whose consistency {words} correctness: SC+IC gains over SC what enumeration "
                "gives (accuracy)",
                measured=gain,
                value=round(expected, 6),
                tolerance=round(3 * error, 6),
                spread=error,
                note=f"{_QUESTIONS} questions of {_COUNT} paths that are right with "
                f"{_RIGHT}; a right path is consistent with {trust}, a wrong one with {1 - trust:.1f}.",
            )
        )


def _gain(trust: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return what was gained, what enumeration expects, and the standard error of the first."""
    count = _QUESTIONS * _COUNT
    correct = rng.random(count) < _RIGHT
    high = rng.random(count) < np.where(correct, trust, 1 - trust)
    truth = rng.integers(0, 2, _QUESTIONS)
    said = np.where(correct, truth.repeat(_COUNT), 1 - truth.repeat(_COUNT))
    agrees = np.arange(_LAYERS - 2) < np.where(high, _HIGH, _LOW)[:, None]
    layers = np.column_stack([said, np.where(agrees, said[:, None], 1 - said[:, None]), said])
    first = np.where(layers == 0, 0.8, 0.2)
    paths = Paths.of(np.stack([first, 1 - first], axis=2), np.arange(_QUESTIONS).repeat(_COUNT))
    won = [vote(paths, one, predictions=said).answers == truth for one in (InternalConsistency(plain=True), Even())]
    gains = won[0].astype(float) - won[1].astype(float)
    expected = _enumerated(trust, _HIGH / (_LAYERS - 2), _LOW / (_LAYERS - 2)) - _enumerated(trust, 1.0, 1.0)
    return float(gains.mean()), expected, float(gains.std()) / sqrt(_QUESTIONS)


def _enumerated(trust: float, high: float, low: float) -> float:
    """Return the probability that the weighted vote of one question is right: the sum over how many paths are which."""
    kinds = (
        (_RIGHT * trust, high),
        (_RIGHT * (1 - trust), low),
        ((1 - _RIGHT) * (1 - trust), -high),
        ((1 - _RIGHT) * trust, -low),
    )
    total = 0.0
    for chosen in combinations_with_replacement(range(len(kinds)), _COUNT):
        counts = np.bincount(chosen, minlength=len(kinds))
        ways = factorial(_COUNT) / np.prod([factorial(int(one)) for one in counts])
        p = ways * np.prod([kind[0] ** int(one) for kind, one in zip(kinds, counts, strict=True)])
        lead = sum(kind[1] * int(one) for kind, one in zip(kinds, counts, strict=True))
        total += float(p) * (1.0 if lead > 1e-9 else 0.5 if lead > -1e-9 else 0.0)
    return total
