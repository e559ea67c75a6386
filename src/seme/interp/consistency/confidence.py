"""How much a path's answer is to be trusted: internal consistency, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.consistency.balanced import Balanced, likeliest
from seme.interp.consistency.paths import Floats, Ints, Paths

Confidence = Callable[[Paths], Floats]
"""Paths to one number a path (paths,), 0 or more, larger where the answer is to be trusted more."""


@dataclass(frozen=True, slots=True)
class InternalConsistency:
    """Share of the layers between the embeddings and the last that say what the last says (Xie et al. 2024, eq. 3).

    Parameters
    ----------
    balanced
        Fitted thresholds; `None` fits them on the paths that are judged.
    plain
        Whether a layer says the label that is likeliest, and no thresholds are used.
    weights
        Of the layers between (layers - 2,), not negative; they are made to sum to 1. Equal by default.
    seed
        Of equal scores.
    """

    balanced: Balanced | None = None
    plain: bool = False
    weights: npt.ArrayLike | None = None
    seed: int = 0

    def __call__(self, paths: Paths) -> Floats:
        """Return the consistency (paths,), 0 to 1."""
        agreed = agreement(self.predictions(paths))[:, 1:-1]
        if self.weights is None:
            return np.asarray(agreed.mean(axis=1), dtype=np.float64)
        weights = np.asarray(self.weights, dtype=np.float64)
        if weights.shape != agreed.shape[1:] or not np.isfinite(weights).all() or not (weights >= 0).all():
            raise InputError(f"weights has the shape {weights.shape}, expected {agreed.shape[1:]} numbers >= 0")
        if weights.sum() == 0:
            raise InputError("weights are all 0, expected at least one layer to count")
        return np.asarray(agreed @ (weights / weights.sum()), dtype=np.float64)

    def predictions(self, paths: Paths) -> Ints:
        """Return the label (paths, layers) that each layer says."""
        if self.plain:
            return likeliest(paths.probs, np.random.default_rng(self.seed))
        return (self.balanced or Balanced().fit(paths)).predict(paths, seed=self.seed)


@dataclass(frozen=True, slots=True)
class Even:
    """The same for every path: self-consistency's majority vote (Wang et al. 2023)."""

    def __call__(self, paths: Paths) -> Floats:
        """Return ones (paths,)."""
        return np.ones(len(paths.probs))


@dataclass(frozen=True, slots=True)
class Margin:
    """SC+Δ: how far the last layer's probabilities are from its thresholds, summed over the labels.

    With `plain`, the likeliest label's probability less that of the second (Wang and Zhou 2024).
    """

    balanced: Balanced | None = None
    plain: bool = False

    def __call__(self, paths: Paths) -> Floats:
        """Return the margins (paths,)."""
        if self.plain:
            ordered = np.sort(paths.last, axis=1)
            return np.asarray(ordered[:, -1] - ordered[:, -2], dtype=np.float64)
        thresholds = (self.balanced or Balanced().fit(paths)).thresholds_[-1]
        return np.asarray(np.abs(paths.last - thresholds).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Soft:
    """The last layer's probability of the path's answer."""

    balanced: Balanced | None = None
    plain: bool = False
    seed: int = 0

    def __call__(self, paths: Paths) -> Floats:
        """Return the probabilities (paths,)."""
        said = InternalConsistency(self.balanced, self.plain, seed=self.seed).predictions(paths)[:, -1]
        return np.asarray(np.take_along_axis(paths.last, said[:, None], axis=1)[:, 0], dtype=np.float64)


def agreement(predictions: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return whether each layer says what the last one says (paths, layers)."""
    said = np.asarray(predictions)
    if said.ndim != 2 or said.shape[1] < 2:
        raise InputError(f"predictions has the shape {said.shape}, expected (paths, layers)")
    return np.asarray(said == said[:, -1:])
