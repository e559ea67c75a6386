"""A head that was trained on one space, used on another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.relative.representation import Matrix

Score = Callable[[Any, Matrix], float]


@dataclass(frozen=True, slots=True)
class Stitched:
    """Scores of every head on every space.

    Attributes
    ----------
    names
        Of the spaces.
    scores
        (s, s): row i is the head that was trained on space i, column j the space whose samples it got; NaN where the
        widths differ and the head cannot be used.
    """

    names: tuple[str, ...]
    scores: Matrix

    @property
    def own(self) -> float:
        """Mean score of the heads on their own spaces."""
        return float(np.diag(self.scores).mean())

    @property
    def stitched(self) -> float:
        """Mean score of the heads on the other spaces, where they can be used; NaN if nowhere."""
        others = self.scores[~np.eye(len(self.names), dtype=bool)]
        kept = others[np.isfinite(others)]
        return float(kept.mean()) if kept.size else float("nan")

    @property
    def index(self) -> float:
        """Score of the stitched over that of the others (arXiv 2209.15430, stitching index)."""
        return self.stitched / self.own


def stitch(
    train: Mapping[str, npt.ArrayLike], test: Mapping[str, npt.ArrayLike], fit: Callable[[Matrix], Any], score: Score
) -> Stitched:
    """Train a head on each space and use it, without any training, on each (zero-shot stitching).

    Parameters
    ----------
    train, test
        Samples by the name of the space, (n, m); the same samples in all of them.
    fit
        Trains a head on samples of `train`.
    score
        `score(head, samples)` of `test`.

    Raises
    ------
    InputError
        If the spaces of the two differ, or are fewer than two.
    """
    names = tuple(train)
    if set(test) != set(train) or len(names) < 2:
        raise InputError(f"train has {sorted(train)} and test {sorted(test)}; they must be the same two spaces or more")
    spaces = {name: np.asarray(test[name], dtype=np.float64) for name in names}
    scores = np.full((len(names), len(names)), np.nan)
    for row, name in enumerate(names):
        own = np.asarray(train[name], dtype=np.float64)
        head = fit(own)
        for column, other in enumerate(names):
            if spaces[other].shape[1] == own.shape[1]:
                scores[row, column] = score(head, spaces[other])
    return Stitched(names, scores)
