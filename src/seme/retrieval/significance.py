"""Whether one system is better than another on the same queries, or only luckier.

Paired tests over the values that `evaluation.per_query` gives (Smucker et al. 2007 compare them for retrieval), and
what is to be done about p-values where there are many (Holm 1979).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Values = Mapping[str, float]
_CHUNK = 1_000_000
"""Most signs that are drawn at once."""


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Mean difference (second - first), the p-value of none (two-sided), and how many queries there were."""

    difference: float
    p: float
    queries: int


def paired_t(first: Values, second: Values) -> PairedTest:
    """Test by Student's t over the differences of each query.

    Raises
    ------
    InputError
        If the systems have other queries, or there are fewer than two.
    """
    differences = _differences(first, second)
    mean, n = float(differences.mean()), len(differences)
    error = float(differences.std(ddof=1)) / math.sqrt(n)
    if error == 0:
        return PairedTest(mean, 1.0 if mean == 0 else 0.0, n)
    t = mean / error
    return PairedTest(mean, _beta_share((n - 1) / 2, 0.5, (n - 1) / (n - 1 + t * t)), n)


def paired_randomisation(first: Values, second: Values, *, samples: int = 10_000, seed: int = 0) -> PairedTest:
    """Test by how often random signs of the differences give a mean as far from zero (Fisher's randomisation).

    The p-value is `(1 + as far) / (1 + samples)`, which is never 0.

    Raises
    ------
    InputError
        As `paired_t`, and if `samples` is not positive.
    """
    if samples < 1:
        raise InputError(f"samples is {samples}, it must be at least 1")
    differences = _differences(first, second)
    n, rng, as_far = len(differences), np.random.default_rng(seed), 0
    bound = abs(differences.sum()) - 1e-12 * np.abs(differences).sum()
    for start in range(0, samples, max(1, _CHUNK // n)):
        rows = min(max(1, _CHUNK // n), samples - start)
        signs = rng.integers(0, 2, size=(rows, n), dtype=np.int8) * 2 - 1
        as_far += int((np.abs(signs @ differences) >= bound).sum())
    return PairedTest(float(differences.mean()), (1 + as_far) / (1 + samples), n)


def bootstrap_interval(
    first: Values, second: Values, *, level: float = 0.95, samples: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """Return the interval of the mean difference over queries drawn again (percentile bootstrap).

    Raises
    ------
    InputError
        As `paired_t`, and if `level` is not between 0 and 1 or `samples` is not positive.
    """
    if not 0 < level < 1 or samples < 1:
        raise InputError(f"level is {level} and samples {samples}, expected 0 < level < 1 and samples >= 1")
    differences = _differences(first, second)
    rng, n = np.random.default_rng(seed), len(differences)
    means = np.array([differences[rng.integers(0, n, n)].mean() for _ in range(samples)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bonferroni(p_values: Sequence[float]) -> list[float]:
    """Return p-values times their number, at most 1."""
    return [min(1.0, p * len(p_values)) for p in _probabilities(p_values)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected step by step: as safe as Bonferroni's, and never larger (Holm 1979)."""
    given = _probabilities(p_values)
    corrected, highest = [0.0] * len(given), 0.0
    for rank, number in enumerate(sorted(range(len(given)), key=given.__getitem__)):
        highest = max(highest, min(1.0, (len(given) - rank) * given[number]))
        corrected[number] = highest
    return corrected


def _differences(first: Values, second: Values) -> npt.NDArray[np.float64]:
    if first.keys() != second.keys():
        odd = sorted(first.keys() ^ second.keys())[0]
        raise InputError(f"the systems were measured on other queries: {odd!r} has a value in one alone")
    if len(first) < 2:
        raise InputError(f"there are {len(first)} queries, expected at least 2")
    differences = np.array([second[query] - first[query] for query in first], dtype=np.float64)
    if not np.isfinite(differences).all():
        raise InputError("a value is not finite")
    return differences


def _probabilities(p_values: Sequence[float]) -> list[float]:
    for p in p_values:
        if not 0 <= p <= 1:
            raise InputError(f"a p-value is {p}, expected a number from 0 to 1")
    return list(p_values)


def _beta_share(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function by its continued fraction (Lentz's way)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(b, a, 1 - x)
    log_front = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    tiny, d = 1e-300, 1 - (a + b) * x / (a + 1)
    c, d = 1.0, 1 / (d or tiny)
    found = d
    for m in range(1, 500):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / ((1 + factor * d) or tiny), (1 + factor / c) or tiny
            found *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return math.exp(log_front) * found / a
