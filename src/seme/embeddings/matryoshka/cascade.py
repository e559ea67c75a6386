"""Adaptive classification: small sizes answer what they are sure of, larger ones the rest (Kusupati et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from seme.embeddings.matryoshka.nesting import checked_dims
from seme.errors import InputError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a cascade answered: a class and the size that gave it, for each vector."""

    classes: npt.NDArray[np.int64]
    dims: npt.NDArray[np.int64]

    @property
    def expected_dims(self) -> float:
        """`sum_m m P(stop at m)`."""
        return float(self.dims.mean())


@dataclass(frozen=True, slots=True)
class Cascade:
    """Sizes, and how sure each but the last must be to answer: its largest probability reaches the threshold.

    Raises
    ------
    InputError
        If there is not one threshold for each size but the last.
    """

    dims: tuple[int, ...]
    thresholds: tuple[float, ...]

    def __post_init__(self) -> None:
        checked_dims(self.dims)
        if len(self.thresholds) != len(self.dims) - 1:
            raise InputError(
                f"there are {len(self.thresholds)} thresholds for {len(self.dims)} sizes, expected one fewer: "
                "the last size always answers"
            )

    @classmethod
    def fit(
        cls,
        dims: Sequence[int],
        logits: Sequence[npt.ArrayLike],
        labels: npt.ArrayLike,
        *,
        tolerance: float = 0.0,
        grid: int = 200,
    ) -> Self:
        """Learn the thresholds on examples that nothing is tested on.

        From the last size but one to the first, each takes the lowest threshold with which the cascade from there on is
        as accurate as with the best one.

        Parameters
        ----------
        dims
            Sizes, rising.
        logits
            Of each size, (n, L).
        labels
            Right classes, (n,).
        tolerance
            Share of the examples that a threshold may get wrong more than the best one, for fewer dimensions.
        grid
            Thresholds from 0 to 1 that are tried; one above 1, which nothing reaches, always is.

        Raises
        ------
        InputError
            If shapes do not fit, or a setting cannot be used.
        """
        found = checked_dims(dims)
        if not tolerance >= 0 or grid < 2:
            raise InputError(f"tolerance is {tolerance} and grid {grid}, expected >= 0 and at least 2")
        right = np.asarray(labels)
        sure, said = _surest(logits, len(found), len(right))
        correct = said == right
        tried = np.append(np.linspace(0, 1, grid), np.inf)
        later, thresholds = correct[-1], []
        for place in range(len(found) - 2, -1, -1):
            answered = np.where(sure[place] >= tried[:, None], correct[place], later)
            shares = answered.mean(1)
            chosen = int(np.flatnonzero(shares >= shares.max() - tolerance - 1e-12)[0])
            later = answered[chosen]
            thresholds.append(float(tried[chosen]))
        return cls(found, tuple(reversed(thresholds)))

    def answer(self, logits: Sequence[npt.ArrayLike]) -> Answers:
        """Answer from the logits (n, L) of each size; the encoder has run once for all of them.

        Raises
        ------
        InputError
            If there are not logits of one shape for each size.
        """
        sure, said = _surest(logits, len(self.dims), None)
        stops = np.vstack([sure[:-1] >= np.array(self.thresholds)[:, None], np.ones(sure.shape[1], dtype=bool)])
        place = stops.argmax(0)
        return Answers(said[place, np.arange(len(place))], np.array(self.dims)[place])


def _surest(logits: Sequence[npt.ArrayLike], sizes: int, rows: int | None) -> tuple[Array, npt.NDArray[np.int64]]:
    """Return the largest probability and its class, (sizes, n) both."""
    arrays = [np.asarray(one, dtype=np.float64) for one in logits]
    shapes = {one.shape for one in arrays}
    if len(arrays) != sizes or len(shapes) != 1 or arrays[0].ndim != 2 or not arrays[0].size:
        raise InputError(f"logits are {[one.shape for one in arrays]}, expected {sizes} of one shape (n, L)")
    stacked = np.stack(arrays)
    if not np.isfinite(stacked).all():
        raise InputError("logits hold a value that is not finite")
    if rows is not None and stacked.shape[1] != rows:
        raise InputError(f"there are logits of {stacked.shape[1]} examples and {rows} labels, they must be as many")
    shifted = np.exp(stacked - stacked.max(2, keepdims=True))
    return 1 / shifted.sum(2), stacked.argmax(2)
