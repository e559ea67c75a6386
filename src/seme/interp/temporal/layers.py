"""From number to time, layer by layer: which distance a layer's states follow, and what can be read out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from seme.errors import InputError
from seme.interp.temporal.distances import (
    checked_years,
    edit_distance,
    log_distance,
    reference_distance,
    signed_log,
)
from seme.interp.temporal.regression import Float, weighted_r2, year_weights


@dataclass(frozen=True, slots=True)
class LayerFit:
    """What explains the similarities of one layer's states; `draws` hold the same over samples of years, (b,).

    `log`, `edit` and `around` are the signed R² of the logarithmic distance, of the edit distance, and of that around
    the best reference, which is `reference`; the reference is chosen anew in each sample.
    """

    log: float
    edit: float
    around: float
    reference: int
    draws: dict[str, Float]


@dataclass(frozen=True, slots=True)
class Probe:
    """What a ridge regression reads out of states of unseen years.

    `year` and `time` are R² of the year and of `signed_log` around the reference; `digits` is the share of the last
    digits that are read right, from the thousands to the units. `errors` are the squared errors of the year and the
    time, (n, 2), and `spread` the squares of what was to be read, in deviations.
    """

    year: float
    time: float
    digits: tuple[float, ...]
    errors: Float
    spread: Float

    def sampled(self, weights: Float) -> Float:
        """Return R² of year and time, (b, 2), for weights of the years (b, n)."""
        sampled: Float = 1 - (weights @ self.errors) / (weights @ self.spread)
        return sampled


def state_similarity(states: npt.ArrayLike, *, standardise: bool = True) -> Float:
    """Return the cosine of each pair of states, (n, n).

    Parameters
    ----------
    states
        (n, d).
    standardise
        Whether each dimension is first brought to mean 0 and deviation 1: a few very large dimensions of the residual
        stream would decide the cosine alone.

    Raises
    ------
    InputError
        If a value is not finite, there are fewer than 3 states, or all are the same.
    """
    x = _states(states)
    if standardise:
        spread = x.std(axis=0)
        # What varies by rounding alone says nothing, and would be blown up.
        kept = spread > 1e-7 * np.maximum(1e-30, np.abs(x).max(axis=0))
        if not kept.any():
            raise InputError("states are the same for all years", hint="Take the token at which the year is known")
        x = (x[:, kept] - x[:, kept].mean(axis=0)) / spread[kept]
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    if (norms == 0).any():
        raise InputError(f"state {int(np.flatnonzero(norms[:, 0] == 0)[0])} is zero and has no cosine")
    unit = x / norms
    cosines: Float = unit @ unit.T
    return (cosines + cosines.T) / 2


def layer_fits(
    states: Sequence[npt.ArrayLike],
    years: npt.ArrayLike,
    *,
    candidates: npt.ArrayLike,
    draws: int = 100,
    seed: int = 0,
    standardise: bool = True,
) -> list[LayerFit]:
    """Fit the similarities of each layer's states by the three distances.

    Parameters
    ----------
    states
        One (n, d) a layer: the states of n years.
    years
        (n,).
    candidates
        Years of reference that are tried. In each sample of years the best is chosen anew.
    draws
        Samples of years with replacement, the same for all layers.
    seed
        Of the samples.
    standardise
        See `state_similarity`.

    Raises
    ------
    InputError
        If there is no layer or candidate, or a layer's states are not of these years.
    """
    whole, tried = checked_years(years), np.asarray(candidates)
    if not len(states):
        raise InputError("states is empty, expected the states of at least one layer")
    if tried.ndim != 1 or not len(tried):
        raise InputError(f"candidates has the shape {tried.shape}, expected at least one year")
    distances = [log_distance(whole), edit_distance(whole), *(reference_distance(whole, int(one)) for one in tried)]
    weights = np.vstack([np.ones(len(whole)), year_weights(len(whole), max(1, draws), seed)])
    found = []
    for number, layer in enumerate(states):
        x = _states(layer)
        if len(x) != len(whole):
            raise InputError(f"layer {number} has {len(x)} states for {len(whole)} years")
        s = state_similarity(x, standardise=standardise)
        explained = np.stack([weighted_r2(s, one, weights) for one in distances])
        around = explained[2:].max(axis=0)
        found.append(
            LayerFit(
                float(explained[0, 0]),
                float(explained[1, 0]),
                float(around[0]),
                int(tried[explained[2:, 0].argmax()]),
                {
                    "log": explained[0, 1:],
                    "edit": explained[1, 1:],
                    "around": around[1:],
                    "reference": tried[explained[2:, 1:].argmax(axis=0)].astype(np.float64),
                },
            )
        )
    return found


def probe(
    states: npt.ArrayLike,
    years: npt.ArrayLike,
    reference: int,
    *,
    alpha: float = 10.0,
    folds: int = 5,
    seed: int = 0,
) -> Probe:
    """Read the year, its place on the line of time, and its digits out of states, with ridge regression.

    Parameters
    ----------
    states
        (n, d); standardised within each fold.
    years
        (n,), of one number of digits.
    reference
        Of `signed_log`.
    alpha
        Of the ridge.
    folds
        All figures are of years that the regression has not seen.
    seed
        Of the folds.

    Raises
    ------
    InputError
        If states are not of these years, years have different numbers of digits, or there are fewer years than folds.
    """
    x, whole = _states(states), checked_years(years)
    digits = [str(one) for one in whole]
    if len(x) != len(whole):
        raise InputError(f"states has {len(x)} rows for {len(whole)} years")
    if len(set(map(len, digits))) > 1:
        raise InputError("years have different numbers of digits", hint="Probe those from 1000 to 9999")
    if not 2 <= folds <= len(x) // 2:
        raise InputError(f"folds is {folds}, expected 2 to {len(x) // 2}")
    places = np.array([[int(one) for one in word] for word in digits])
    onehot = (places[:, :, None] == np.arange(10)).reshape(len(x), -1)
    line = np.stack([whole.astype(np.float64), signed_log(whole, reference)], axis=1)
    line = (line - line.mean(axis=0)) / line.std(axis=0)
    targets = np.hstack([line, onehot])
    guesses = np.empty_like(targets)
    for inside, outside in KFold(folds, shuffle=True, random_state=seed).split(x):
        mean, spread = x[inside].mean(axis=0), x[inside].std(axis=0)
        scaled = (x - mean) / np.where(spread > 0, spread, 1)
        guesses[outside] = Ridge(alpha=alpha).fit(scaled[inside], targets[inside]).predict(scaled[outside])
    errors = np.square(guesses[:, :2] - line)
    r2 = 1 - errors.mean(axis=0)
    read = guesses[:, 2:].reshape(len(x), -1, 10).argmax(axis=2) == places
    return Probe(float(r2[0]), float(r2[1]), tuple(map(float, read.mean(axis=0))), errors, np.square(line))


def _states(states: npt.ArrayLike) -> Float:
    x = np.asarray(states, dtype=np.float64)
    if x.ndim != 2 or len(x) < 3 or not x.shape[1]:
        raise InputError(f"states has the shape {x.shape}, expected (years >= 3, dimensions)")
    if not np.isfinite(x).all():
        raise InputError(f"the state of year {int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])} is not finite")
    return x
