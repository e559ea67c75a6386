"""Balanced predictions: middle layers lean towards one label whatever is asked (Xie et al. 2024, sec. 3)."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.consistency.paths import Floats, Ints, Paths


class Balanced:
    """Thresholds that make every label as frequent as the others, at each layer.

    Attributes
    ----------
    thresholds_
        (layers, labels): the quantile of (C - 1)/C of a label's probability over paths; the median for two labels.
    """

    def fit(self, paths: Paths) -> Self:
        """Find the thresholds on paths: those that are judged, as in the paper, or others of the same task.

        Raises
        ------
        InputError
            If there are fewer paths than labels, or all have the same probabilities at the last layer.
        """
        count, _, labels = paths.probs.shape
        if count < labels:
            raise InputError(
                f"there are {count} paths and {labels} labels: too few for thresholds",
                hint="Sample more paths or questions, or take plain predictions with balanced=None",
            )
        if (np.ptp(paths.last, axis=0) == 0).all():
            raise InputError(
                f"all {count} paths have the same probabilities at the last layer, so that no threshold parts them",
                hint="Look whether the prompts differ and end before the label",
            )
        self.thresholds_ = np.quantile(paths.probs, (labels - 1) / labels, axis=0)
        return self

    def scores(self, paths: Paths) -> Floats:
        """Return (paths, layers, labels): 1 above the threshold, 0 below it, and 1/C where a probability is equal."""
        if not hasattr(self, "thresholds_"):
            raise InputError("Balanced is not fitted", hint="Balanced().fit(paths)")
        if paths.probs.shape[1:] != self.thresholds_.shape:
            raise InputError(
                f"paths have (layers, labels) {paths.probs.shape[1:]}, and thresholds {self.thresholds_.shape}"
            )
        above = (paths.probs > self.thresholds_).astype(np.float64)
        ties = paths.probs == self.thresholds_
        return np.asarray(np.where(ties, 1 / paths.probs.shape[2], above), dtype=np.float64)

    def predict(self, paths: Paths, *, seed: int = 0) -> Ints:
        """Return the label (paths, layers) that each layer says; equal scores are decided at random."""
        return likeliest(self.scores(paths), np.random.default_rng(seed))


def likeliest(scores: npt.ArrayLike, rng: np.random.Generator) -> Ints:
    """Return the place of the largest number along the last dimension, one of the largest at random."""
    values = np.asarray(scores, dtype=np.float64)
    best = values >= values.max(axis=-1, keepdims=True) - 1e-12
    return np.asarray(np.where(best, rng.random(values.shape), -1.0).argmax(axis=-1), dtype=np.int64)
