"""How often units are active: a histogram, and units to look at out of each of its parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.interp.dictionaries.activity import Activity
from seme.interp.dictionaries.arguments import at_least_one

_PER_DECADE = 4


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many living units have which density.

    Parameters
    ----------
    edges
        Base-10 logarithms of the firing rate between which is counted, (bins + 1,); whole numbers are among them.
    counts
        Units in each bin, (bins,).
    """

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Band:
    """Living units of similar density.

    Parameters
    ----------
    low, high
        Base-10 logarithms of the firing rate, `low` included; 0 is included in the highest band.
    units
        Those that were chosen, the most frequent first.
    total
        How many units there are.
    """

    low: int
    high: int
    units: npt.NDArray[np.int64]
    total: int


def density_histogram(activity: Activity) -> Histogram:
    """Count living units by the logarithm of their firing rate, in quarters of a decade."""
    rates = _logarithms(activity)
    lowest = min(-1.0, float(np.floor(-np.log10(activity.rows))))
    edges = np.linspace(lowest, 0, round(-lowest) * _PER_DECADE + 1)
    return Histogram(edges, np.histogram(rates[np.isfinite(rates)], edges)[0].astype(np.int64))


def choose_units(activity: Activity, most: int = 60, *, seed: int = 0) -> list[Band]:
    """Choose units from every decade of density: the most frequent of each, and as many at random.

    Parameters
    ----------
    activity
        Of all units.
    most
        Units at most. Bands get equal shares; what a small one leaves goes to the others.
    seed
        Of the random half.
    """
    at_least_one(most=most)
    decades = np.minimum(np.floor(_logarithms(activity)), -1)
    found = [(int(low), np.flatnonzero(decades == low)) for low in np.unique(decades[np.isfinite(decades)])[::-1]]
    left, shares = most, {}
    for number, (low, units) in enumerate(sorted(found, key=lambda band: len(band[1]))):
        shares[low] = min(len(units), left // (len(found) - number))
        left -= shares[low]
    rng = np.random.default_rng(seed)
    return [Band(low, low + 1, _choose(units, shares[low], activity, rng), len(units)) for low, units in found]


def _choose(
    units: npt.NDArray[np.int64], count: int, activity: Activity, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    ordered = units[np.argsort(-activity.counts[units], kind="stable")]
    frequent = (count + 1) // 2
    drawn = frequent + np.sort(rng.choice(len(units) - frequent, count - frequent, replace=False))
    return np.concatenate([ordered[:frequent], ordered[drawn]])


def _logarithms(activity: Activity) -> npt.NDArray[np.float64]:
    """Return the base-10 logarithm of each unit's firing rate; minus infinity for dead ones."""
    with np.errstate(divide="ignore"):
        logarithms: npt.NDArray[np.float64] = np.log10(activity.rates)
    return logarithms
