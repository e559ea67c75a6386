"""The year from which a model seems to look: the one around which logarithmic distances explain similarities best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.temporal.distances import (
    checked_years,
    edit_distance,
    linear_distance,
    log_distance,
    reference_distance,
)
from seme.interp.temporal.regression import (
    Float,
    checked_matrix,
    checked_spread,
    pairs,
    weighted_r2,
    year_weights,
)

Candidates = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reference:
    """A fitted year of reference.

    Attributes
    ----------
    year
        The candidate with the highest signed R².
    r2
        That R². It was chosen among many: `held_out_r2` has one that may be compared with those of other distances.
    interior
        Whether the year is away from the ends of the candidates. At an end the distance is little else than one of
        years as numbers, and no reference was found.
    low, high
        Where 95 % of the references lie of samples of years.
    candidates, profile
        All years that were tried and their signed R², (r,).
    """

    year: int
    r2: float
    interior: bool
    low: int
    high: int
    candidates: Candidates
    profile: Float


def find_reference(
    similarity: npt.ArrayLike,
    years: npt.ArrayLike,
    *,
    candidates: npt.ArrayLike | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Reference:
    """Scan the years for the reference whose distances explain similarities best.

    Parameters
    ----------
    similarity
        Of each pair of years, (n, n), symmetric.
    years
        (n,).
    candidates
        Years that are tried, within the range of `years`; by default all of that range.
    draws
        Samples of years, with replacement, for the interval.
    seed
        Of the samples.

    Raises
    ------
    InputError
        If the matrix or the years cannot be used, a candidate is out of the years' range, or nothing varies.
    """
    s, tried = _checked(similarity, years, candidates)
    if draws < 1:
        raise InputError(f"draws is {draws}, expected at least 1")
    weights = np.vstack([np.ones(len(s)), year_weights(len(s), draws, seed)])
    explained = np.stack([weighted_r2(s, reference_distance(years, one), weights) for one in tried])
    best = int(explained[:, 0].argmax())
    low, high = np.quantile(tried[explained[:, 1:].argmax(axis=0)], [0.025, 0.975])
    margin = max(1, round(0.02 * len(tried)))
    return Reference(
        int(tried[best]),
        float(explained[best, 0]),
        margin <= best < len(tried) - margin,
        round(low),
        round(high),
        tried,
        explained[:, 0],
    )


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What distances explain of similarities among unseen years.

    Attributes
    ----------
    r2
        Of `log`, `edit`, `linear` and `reference`.
    draws
        The same over samples of years, (b,) each, all of the same samples. Lines and references are not fitted again:
        the draws hold what comes of the choice of years that are judged.
    """

    r2: dict[str, float]
    draws: dict[str, Float]


def held_out_r2(
    similarity: npt.ArrayLike,
    years: npt.ArrayLike,
    *,
    candidates: npt.ArrayLike | None = None,
    folds: int = 5,
    seed: int = 0,
) -> dict[str, float]:
    """Return `held_out` of one division of the years, without samples."""
    return held_out(similarity, years, candidates=candidates, folds=folds, draws=1, seed=seed).r2


def held_out(
    similarity: npt.ArrayLike,
    years: npt.ArrayLike,
    *,
    candidates: npt.ArrayLike | None = None,
    folds: int = 5,
    divisions: int = 1,
    draws: int = 200,
    seed: int = 0,
) -> HeldOut:
    """Measure the share of similarities among unseen years that each distance explains.

    The reference, and the line of each distance, are fitted on the pairs of the other folds' years; what is judged are
    pairs of years that are both held out. So the reference, which is chosen among many, has no start over the
    distances without a parameter. Below zero a distance does worse than the mean of the other years.

    Parameters
    ----------
    similarity, years, candidates
        As in `find_reference`.
    folds
        At least 2, of at least 3 years each.
    divisions
        How often the years are divided into folds; the errors of all divisions count.
    draws
        Samples of years, with replacement.
    seed
        Of the divisions and the samples.

    Raises
    ------
    InputError
        As `find_reference`, and if there are too many folds for the years.
    """
    s, tried = _checked(similarity, years, candidates)
    if not 2 <= folds <= len(s) // 3:
        raise InputError(f"folds is {folds}, expected 2 to {len(s) // 3}, for three years a fold")
    if divisions < 1 or draws < 1:
        raise InputError(f"divisions is {divisions} and draws {draws}, expected at least 1 of each")
    fixed = {"log": log_distance(years), "edit": edit_distance(years), "linear": linear_distance(years)}
    wrong = {name: np.zeros_like(s) for name in (*fixed, "reference", "mean")}
    for division in range(divisions):
        fold = np.random.default_rng(seed + division).permutation(len(s)) % folds
        for number in range(folds):
            scan = [
                float(weighted_r2(s, reference_distance(years, one), (fold != number).astype(np.float64)[None])[0])
                for one in tried
            ]
            distances = {**fixed, "reference": reference_distance(years, int(tried[int(np.argmax(scan))]))}
            _add_errors(wrong, s, distances, fold == number)
    weights = np.vstack([np.ones(len(s)), year_weights(len(s), draws, seed)])
    errors = {name: np.einsum("bi,bi->b", weights @ one, weights) for name, one in wrong.items()}
    total = errors.pop("mean")
    # A sample may lack all pairs that were held out together.
    shares = {name: 1 - one / np.where(total > 0, total, np.nan) for name, one in errors.items()}
    return HeldOut(
        {name: float(one[0]) for name, one in shares.items()}, {name: one[1:] for name, one in shares.items()}
    )


def _add_errors(wrong: dict[str, Float], s: Float, distances: dict[str, Float], held: npt.NDArray[np.bool_]) -> None:
    """Add the squared errors of each distance's line, and of the plain mean, at the pairs of held-out years."""
    inside, outside = np.flatnonzero(~held), np.flatnonzero(held)
    known, asked = pairs(s[np.ix_(inside, inside)]), s[np.ix_(outside, outside)]
    off = 1 - np.eye(len(outside))
    for name, distance in distances.items():
        seen = pairs(distance[np.ix_(inside, inside)])
        guess = known.mean() + _slope(seen, known) * (distance[np.ix_(outside, outside)] - seen.mean())
        wrong[name][np.ix_(outside, outside)] += off * np.square(asked - guess)
    wrong["mean"][np.ix_(outside, outside)] += off * np.square(asked - known.mean())


def _slope(distance: Float, similarity: Float) -> float:
    """Return the slope of the line, or 0 where it would say that what is further is more alike."""
    spread = distance.var()
    return min(0.0, float(np.cov(distance, similarity, bias=True)[0, 1] / spread)) if spread > 0 else 0.0


def _checked(
    similarity: npt.ArrayLike, years: npt.ArrayLike, candidates: npt.ArrayLike | None
) -> tuple[Float, Candidates]:
    s, whole = checked_matrix("similarity", similarity, years), checked_years(years)
    checked_spread("similarity", pairs(s))
    low, high = int(whole.min()), int(whole.max())
    tried = np.arange(low, high + 1) if candidates is None else np.asarray(candidates)
    if tried.ndim != 1 or len(tried) < 3 or tried.dtype.kind not in "iu" or (tried < low).any() or (tried > high).any():
        raise InputError(
            f"candidates has the shape {tried.shape}, expected at least 3 whole years from {low} to {high}",
            hint="A reference outside the years that were judged cannot be told from a plain distance",
        )
    return s, np.sort(tried).astype(np.int64)
