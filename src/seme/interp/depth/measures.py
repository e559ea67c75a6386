"""Curves of accuracy over layers, condensed to depths between 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ConceptDepth:
    """Relative depths i/d of a curve of accuracies acc_1 … acc_d after each of d blocks.

    Parameters
    ----------
    jump
        The first i with acc_i / acc_{i-1} >= 1.1; None if there is none (Jin et al. 2024, jump point).
    converging
        The last i at which the accuracy changes by 3 % or more of the one before; 0 if there is none (converging
        point). The paper writes a maximum with a condition; this is the depth from which the curve stays within it.
    peak, peak_depth
        The highest accuracy, and the first depth that has it.
    nine_tenths
        The first depth with 90 % of what the peak has above chance; None if it has nothing.
    reached
        The first depth with an accuracy of 0.8; None if there is none.
    """

    jump: float | None
    converging: float
    peak: float
    peak_depth: float
    nine_tenths: float | None
    reached: float | None


def concept_depth(
    accuracy: npt.ArrayLike,
    *,
    before: float | None = None,
    chance: float = 0.5,
    jump: float = 1.1,
    settled: float = 0.03,
    share: float = 0.9,
    level: float = 0.8,
) -> ConceptDepth:
    """Condense a curve of accuracies (Jin et al. 2024, section 3).

    Parameters
    ----------
    accuracy
        (d,) after each block; the embeddings are no block.
    before
        Accuracy at the embeddings. With it the first block can be a jump, which the paper leaves out.
    chance
        Accuracy of guessing.
    jump, settled, share, level
        The thresholds of `jump`, `converging`, `nine_tenths` and `reached`.

    Raises
    ------
    InputError
        If there are fewer than two layers, or an accuracy is not between 0 and 1.
    """
    curve = np.asarray(accuracy, dtype=np.float64)
    if curve.ndim != 1 or len(curve) < 2:
        raise InputError(
            f"accuracy has the shape {curve.shape}, expected (d,) with d >= 2", hint="One accuracy a block of the model"
        )
    whole = curve if before is None else np.concatenate([[before], curve])
    if not ((whole >= 0) & (whole <= 1)).all():
        raise InputError(f"accuracy goes from {whole.min()} to {whole.max()}, expected 0 to 1 and no NaN")
    if not 0 <= chance < 1:
        raise InputError(f"chance is {chance}, expected 0 or more and below 1")
    depth = len(curve)
    ratios = whole[1:] / np.maximum(whole[:-1], 1e-12)
    first = depth - len(ratios) + 1  # the block that the first ratio belongs to
    # What is a tenth more in decimal figures counts, though its binary ratio may be a hair below.
    jumps = np.flatnonzero(ratios >= jump - 1e-9)
    moves = np.flatnonzero(np.abs(ratios - 1) >= settled - 1e-9)
    peak = int(curve.argmax())
    enough = np.flatnonzero(curve >= chance + share * (curve[peak] - chance) - 1e-9)
    high = np.flatnonzero(curve >= level - 1e-9)
    return ConceptDepth(
        float(jumps[0] + first) / depth if len(jumps) else None,
        float(moves[-1] + first) / depth if len(moves) else 0.0,
        float(curve[peak]),
        (peak + 1) / depth,
        float(enough[0] + 1) / depth if curve[peak] > chance else None,
        float(high[0] + 1) / depth if len(high) else None,
    )


def sampled_depths(curves: npt.ArrayLike, *, chance: float = 0.5, level: float = 0.8) -> dict[str, Floats]:
    """Return each measure of curves (samples, d) of a bootstrap; a depth that is not reached counts as 1 + 1/d.

    Raises
    ------
    InputError
        If there is no curve, or one cannot be condensed.
    """
    drawn = np.asarray(curves, dtype=np.float64)
    if drawn.ndim != 2 or not len(drawn):
        raise InputError(f"curves has the shape {drawn.shape}, expected (samples, d), samples > 0")
    never = 1 + 1 / drawn.shape[1]
    found = [concept_depth(one, chance=chance, level=level) for one in drawn]
    return {
        field.name: np.array([never if getattr(one, field.name) is None else getattr(one, field.name) for one in found])
        for field in fields(ConceptDepth)
    }


def depth_interval(samples: npt.ArrayLike, *, share: float = 0.95) -> tuple[float, float]:
    """Return the interval that holds a share of the samples, as many of the others on each side.

    Raises
    ------
    InputError
        If there is no sample, one is NaN, or the share is not between 0 and 1.
    """
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or not len(values) or np.isnan(values).any():
        raise InputError(f"samples has the shape {values.shape}, expected (n,), n > 0, without NaN")
    if not 0 < share < 1:
        raise InputError(f"share is {share}, expected a number between 0 and 1")
    low, high = np.quantile(values, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
