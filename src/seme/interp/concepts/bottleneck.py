"""The least bits at which embeddings can be told apart to within a distance (Blahut 1972; Arimoto 1972)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a rate-distortion curve, from the most distortion to the least.

    Parameters
    ----------
    slopes
        Bits that a unit of distortion is worth at each point (m,), rising.
    bits, distortion
        Rate and mean distortion at each point (m,).
    """

    slopes: Float
    bits: Float
    distortion: Float

    def least_bits(self, distortion: float) -> float:
        """Return a lower bound of the rate at a distortion.

        The curve is convex, so that it lies above its tangent at every point: the highest of them is returned. It needs
        no point at that very distortion, and holds between points as at them.
        """
        return max(0.0, float((self.bits - self.slopes * (distortion - self.distortion)).max()))


def rate_distortion(
    distances: npt.ArrayLike,
    slopes: Sequence[float],
    *,
    weights: npt.ArrayLike | None = None,
    tolerance: float = 1e-7,
    most: int = 5000,
) -> Curve:
    """Trace the rate-distortion function of items and a codebook.

    At each slope, the channel p(c | x) that minimises `I(X; C) + slope · E[distance]`; the problem is convex, and the
    alternation `p(c|x) ~ p(c) 2^(-slope · distance)`, `p(c) = E_x p(c|x)` ends at its optimum.

    Parameters
    ----------
    distances
        Of each item from each code word (n, k), >= 0.
    slopes
        In bits per unit of distance, > 0.
    weights
        Probability of each item (n,); all the same if not given.
    tolerance
        How far, in bits, the bounds of the optimum may be apart (Blahut 1972, theorem 6).
    most
        Steps of the alternation at most.

    Raises
    ------
    InputError
        If a distance is negative or not finite, a slope is not positive, or the weights are no distribution.
    """
    d = np.asarray(distances, dtype=np.float64)
    if d.ndim != 2 or not d.size or not np.isfinite(d).all() or d.min() < 0:
        raise InputError(f"distances has the shape {d.shape}, expected (items, code words), finite and >= 0")
    p = np.full(len(d), 1 / len(d)) if weights is None else np.asarray(weights, dtype=np.float64)
    if p.shape != (len(d),) or p.min() < 0 or not np.isclose(p.sum(), 1):
        raise InputError(f"weights has the shape {p.shape}, expected ({len(d)},), >= 0, of sum 1")
    rising = np.sort(np.asarray(slopes, dtype=np.float64))
    if not rising.size or not rising[0] > 0 or not np.isfinite(rising).all():
        raise InputError(f"slopes are {list(slopes)}, expected numbers > 0")
    points = [_optimum(d, p, slope, tolerance, most) for slope in rising]
    return Curve(rising, np.array([bits for bits, _ in points]), np.array([far for _, far in points]))


def _optimum(d: Float, p: Float, slope: float, tolerance: float, most: int) -> tuple[float, float]:
    """Return the rate that the dual proves, and the distortion, at a slope."""
    # Distances over the nearest: the factor cancels in the channel, and no row underflows as a whole.
    nearest = d.min(axis=1)
    likely = np.exp2(-slope * (d - nearest[:, None]))
    q = np.full(d.shape[1], 1 / d.shape[1])
    for _ in range(most):
        whole, gain = _channel(likely, p, q)
        moved = q * gain
        if np.log2(gain.max()) - moved @ np.log2(np.maximum(gain, np.finfo(float).tiny)) < tolerance:
            break
        q = moved / moved.sum()
    whole, gain = _channel(likely, p, q)
    far = float(p @ ((likely * d) @ q / whole))
    # R(D) >= sum_x p(x) log2 l(x) - slope D for every l with sum_x p(x) l(x) 2^(-slope d(x, c)) <= 1 at all c; the
    # alternation gives l up to the largest gain, so that the bound holds wherever it was stopped.
    bits = float(p @ (slope * nearest - np.log2(whole)) - np.log2(gain.max()) - slope * far)
    return bits, far


def _channel(likely: Float, p: Float, q: Float) -> tuple[Float, Float]:
    whole = likely @ q
    return whole, (p / whole) @ likely
