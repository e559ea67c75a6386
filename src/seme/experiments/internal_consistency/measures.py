"""Resampling questions, and areas under the curve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from seme.experiments.internal_consistency.bench import Bench

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


def area(values: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Return the probability that a right path has more than a wrong one, ties counting half; NaN without both."""
    labels = np.asarray(right, dtype=bool)
    positive, negative = int(labels.sum()), int((~labels).sum())
    if not positive or not negative:
        return float("nan")
    ranks = rankdata(values)
    return float((ranks[labels].sum() - positive * (positive + 1) / 2) / (positive * negative))


def over_questions(
    bench: Bench, measure: Callable[[Places], list[float]], resamples: int, rng: np.random.Generator
) -> Floats:
    """Return measures of paths (their places) over resamples of the questions (resamples, measures).

    Paths of a question stay together.
    """
    asked = np.unique(bench.paths.questions)
    places = {int(one): np.flatnonzero(bench.paths.questions == one) for one in asked}
    draws = (rng.choice(asked, len(asked)) for _ in range(resamples))
    return np.array([measure(np.concatenate([places[int(one)] for one in draw])) for draw in draws])


def resampled(
    values: npt.ArrayLike,
    questions: npt.ArrayLike,
    draws: int,
    rng: np.random.Generator,
    *,
    weights: npt.ArrayLike | None = None,
) -> Floats:
    """Return the weighted mean over paths of values (paths, ...) in resamples of the questions (draws, ...)."""
    array = np.asarray(values, dtype=np.float64)
    counted = np.ones(len(array)) if weights is None else np.asarray(weights, dtype=np.float64)
    names, place = np.unique(np.asarray(questions), return_inverse=True)
    sums, counts = np.zeros((len(names), *array.shape[1:])), np.zeros(len(names))
    np.add.at(sums, place, array * counted.reshape(-1, *[1] * (array.ndim - 1)))
    np.add.at(counts, place, counted)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    totals = (times @ counts).reshape(-1, *[1] * (array.ndim - 1))
    found: Floats = np.full((draws, *array.shape[1:]), np.nan)
    np.divide(np.tensordot(times, sums, axes=1), totals, out=found, where=totals > 0)
    return found


def band(values: Floats) -> tuple[Floats, Floats]:
    """Return the middle 95 % of resamples (draws, places) at each place."""
    low, high = np.nanquantile(values, [0.025, 0.975], axis=0)
    return low, high


def pooled(benches: list[Bench]) -> dict[str, list[Bench]]:
    """Return the benches by task: the small models of several seeds are one."""
    found: dict[str, list[Bench]] = {}
    for one in benches:
        found.setdefault(one.family, []).append(one)
    return found
