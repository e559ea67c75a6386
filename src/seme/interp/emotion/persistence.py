"""How long what a probe reads lasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from seme.errors import InputError


@dataclass(frozen=True, slots=True)
class Decay:
    """a + b exp(-t / tau), the curve that fits best.

    Parameters
    ----------
    floor, drop, tau
        a, b and tau, none below 0.
    half_life
        Tokens after which half of what fades has faded; tau ln 2.
    residual
        Root mean square of what the curve leaves.
    """

    floor: float
    drop: float
    tau: float
    half_life: float
    residual: float

    def __call__(self, offsets: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the curve at offsets."""
        return self.floor + self.drop * np.exp(-np.asarray(offsets, dtype=np.float64) / self.tau)


def fit_decay(offsets: npt.ArrayLike, values: npt.ArrayLike) -> Decay:
    """Fit an exponential decay to a floor by least squares.

    Parameters
    ----------
    offsets
        (n,) tokens since the utterance, n >= 3, rising.
    values
        (n,) shares or probabilities.

    Raises
    ------
    InputError
        If there are fewer than three offsets, they do not rise, or a value is not finite.
    """
    t, y = np.asarray(offsets, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if t.ndim != 1 or t.shape != y.shape or len(t) < 3:
        raise InputError(
            f"offsets has the shape {t.shape} and values {y.shape}, expected (n,) both, n >= 3",
            hint="Read the probe at three offsets or more",
        )
    if not np.isfinite(t).all() or not np.isfinite(y).all() or (np.diff(t) <= 0).any() or t[0] < 0:
        raise InputError("offsets have to rise from 0 or more, and values have to be finite")
    span = float(t[-1] - t[0])
    low, high = [0.0, 0.0, float(np.diff(t).min()) / 10], [1.0, 1.0, 20 * span]
    starts = [[max(0.0, y.min()), max(1e-3, np.ptp(y)), span * share] for share in (0.02, 0.1, 0.5, 2.0)]
    fits = [
        least_squares(
            lambda p: p[0] + p[1] * np.exp(-t / p[2]) - y,
            np.clip(start, low, high),
            bounds=(low, high),
            x_scale=[1, 1, span],
        )
        for start in starts
    ]
    best = min(fits, key=lambda one: float(one.cost))
    a, b, tau = map(float, best.x)
    return Decay(a, b, tau, tau * float(np.log(2)), float(np.sqrt(2 * best.cost / len(t))))
