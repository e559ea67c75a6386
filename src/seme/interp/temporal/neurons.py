"""Neurons that prefer years to plain numbers, and what their activation says of a year (The Other Mind, 2025)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from seme.errors import InputError
from seme.interp.temporal.distances import checked_years

Float = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TemporalNeurons:
    """What sets neurons apart that prefer years, all (m,).

    Attributes
    ----------
    gap
        Mean over the years of the activation for the year, less that for the same number.
    effect
        Cohen's d of the paired differences: their mean in their standard deviations.
    p
        One-sided, of the paired t-test, times the number of neurons (Bonferroni), at most 1.
    selected
        Those with a large effect that is not chance.
    """

    gap: Float
    effect: Float
    p: Float
    selected: Chosen

    @property
    def share(self) -> float:
        """Share of the neurons that is selected."""
        return float(self.selected.mean())


@dataclass(frozen=True, slots=True)
class Coding:
    """How a profile over years grows away from its trough.

    Attributes
    ----------
    trough
        Year of the least smoothed activation.
    r2_log, r2_linear
        Share of the profile that is explained by log(1 + |trough - y|), and by |trough - y|, each with a slope of its
        own on the left and on the right.
    left, right
        The logarithmic slopes; both are positive where activation grows away from the trough.
    aic_gain
        AIC of the linear fit less that of the logarithmic one: positive where the logarithm is better.
    smooth
        The smoothed profile (n,).
    """

    trough: int
    r2_log: float
    r2_linear: float
    left: float
    right: float
    aic_gain: float
    smooth: Float


def temporal_neurons(
    year: npt.ArrayLike, number: npt.ArrayLike, *, effect: float = 0.8, level: float = 0.05
) -> TemporalNeurons:
    """Find the neurons whose activation is higher for a year than for the same digits called a number.

    Parameters
    ----------
    year, number
        Activations of m neurons at the last token of `Year: 1-9-8-4` and of `Number: 1-9-8-4`, (n, m), the same years
        in both.
    effect
        Least Cohen's d.
    level
        Of the paired t-test, after Bonferroni's correction for m tests.

    Raises
    ------
    InputError
        If the shapes differ, there are fewer than 3 years, or a value is not finite.
    """
    first, second = _activations("year", year), _activations("number", number)
    if first.shape != second.shape:
        raise InputError(f"year has the shape {first.shape} and number {second.shape}; they must be the same")
    if not 0 < level < 1:
        raise InputError(f"level is {level}, expected a number between 0 and 1")
    if not effect >= 0:
        raise InputError(f"effect is {effect}, expected a number >= 0")
    # A column at a time in double precision: a real model has tens of thousands of them.
    count, width = first.shape
    gap, spread = np.empty(width), np.empty(width)
    for start in range(0, width, 4096):
        part = slice(start, start + 4096)
        difference = first[:, part].astype(np.float64) - second[:, part]
        gap[part], spread[part] = difference.mean(axis=0), difference.std(axis=0, ddof=1)
    varied = spread > 0
    cohen = gap / np.where(varied, spread, 1)
    cohen[~varied & (gap != 0)] = np.copysign(np.inf, gap[~varied & (gap != 0)])  # a difference that never varies
    p = np.minimum(1, width * stats.t.sf(cohen * np.sqrt(count), count - 1))
    return TemporalNeurons(gap, cohen, p, (cohen >= effect) & (p <= level))


def matched_controls(
    gap: npt.ArrayLike, selected: npt.ArrayLike, *, draws: int, seed: int = 0
) -> npt.NDArray[np.int64]:
    """Draw groups of other neurons whose activations for years and numbers differ by as much, (draws, selected).

    For each selected neuron one is drawn among the twenty not selected whose absolute mean gap is nearest to its own.
    These are mostly neurons that prefer numbers as strongly: what is common to both groups is no sign of time.

    Parameters
    ----------
    gap
        Mean difference of each neuron, (m,).
    selected
        Which neurons are selected, (m,), true or false.
    draws
        Number of groups.
    seed
        Of the draws.

    Raises
    ------
    InputError
        If no neuron is selected, or fewer are left than are selected.
    """
    sizes, chosen = np.abs(np.asarray(gap, dtype=np.float64)), np.asarray(selected, dtype=bool)
    if sizes.shape != chosen.shape or sizes.ndim != 1 or not np.isfinite(sizes).all():
        raise InputError(f"gap has the shape {sizes.shape} and selected {chosen.shape}; both are finite, (m,)")
    if draws < 1:
        raise InputError(f"draws is {draws}, expected at least 1")
    pool = np.flatnonzero(~chosen)
    wanted = sizes[chosen]
    if not len(wanted) or len(pool) < len(wanted):
        raise InputError(f"selected has {len(wanted)} of {len(sizes)} neurons, expected at least one and at most half")
    pool = pool[np.argsort(sizes[pool], kind="stable")]
    near = min(20, len(pool))
    start = np.clip(np.searchsorted(sizes[pool], wanted) - near // 2, 0, len(pool) - near)
    offsets = np.random.default_rng(seed).integers(0, near, size=(draws, len(wanted)))
    drawn: npt.NDArray[np.int64] = pool[start[None] + offsets]
    return drawn


def coding(profile: npt.ArrayLike, years: npt.ArrayLike, *, window: int = 51, trough: int | None = None) -> Coding:
    """Ask whether a profile of activation has its trough at some year and grows as the logarithm of time away from it.

    Parameters
    ----------
    profile
        Mean activation for each year, (n,).
    years
        (n,), rising.
    window
        Years over which the profile is smoothed before its trough is sought; the ends are averaged over what is there.
    trough
        The year to fit around; by default the smoothed profile's least.

    Raises
    ------
    InputError
        If the lengths differ, there are fewer than 10 years, they do not rise, or the profile is constant.
    """
    whole, values = checked_years(years), np.asarray(profile, dtype=np.float64)
    if values.shape != whole.shape or len(whole) < 10 or not np.isfinite(values).all():
        raise InputError(
            f"profile has the shape {values.shape} and years {whole.shape}; both are finite, (n,) of at least 10"
        )
    if (np.diff(whole) <= 0).any():
        raise InputError("years do not rise", hint="Sort them and the profile")
    if window < 1:
        raise InputError(f"window is {window}, expected at least 1 year")
    if np.ptp(values) == 0:
        raise InputError("profile is constant: it has no trough")
    near = np.abs(whole[:, None] - whole[None]) <= window / 2
    smooth = near @ values / near.sum(axis=1)
    least = int(whole[smooth.argmin()]) if trough is None else int(trough)
    away = np.abs(whole - least).astype(np.float64)
    r2_log, slopes = _two_sided(values, np.log1p(away), whole < least)
    r2_linear, _ = _two_sided(values, away, whole < least)
    gain = len(whole) * (np.log(max(1 - r2_linear, 1e-300)) - np.log(max(1 - r2_log, 1e-300)))
    return Coding(least, r2_log, r2_linear, *slopes, float(gain), smooth)


def _two_sided(values: Float, away: Float, left: Chosen) -> tuple[float, tuple[float, float]]:
    design = np.stack([np.ones(len(values)), away * left, away * ~left], axis=1)
    found = np.linalg.lstsq(design, values, rcond=None)[0]
    rest = np.square(values - design @ found).sum()
    return float(1 - rest / np.square(values - values.mean()).sum()), (float(found[1]), float(found[2]))


def _activations(name: str, values: npt.ArrayLike) -> npt.NDArray[np.floating]:
    array = np.asarray(values)
    if array.ndim != 2 or array.dtype.kind != "f" or len(array) < 3 or not array.shape[1]:
        raise InputError(f"{name} has the shape {array.shape} of {array.dtype}, expected floats (years >= 3, neurons)")
    if not np.isfinite(array.sum(dtype=np.float64)):
        raise InputError(f"{name} holds NaN or infinity", hint="Record it again in float32")
    return array
