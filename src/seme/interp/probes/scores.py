"""What probes reach at each layer, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Floats = npt.NDArray[np.float64]
_BY_SPLIT = ("accuracy", "balanced", "f1", "auc", "calibration")


@dataclass(frozen=True, slots=True)
class LayerScores:
    """Scores of the probes of each layer on the test part of each split.

    Parameters
    ----------
    names
        Of the layers.
    classes
        Of the labels, in alphabetical order.
    accuracy, balanced, f1, auc, calibration
        (layers, splits): accuracy, its mean over classes, F1 (of the last class where there are two, else the mean over
        classes), area under the curve (mean over classes), and expected calibration error.
    right, tested
        (layers, n) and (n,): in how many splits a text was tested, and answered rightly.
    confusion
        (layers, classes, classes): true by predicted, summed over splits.
    groups
        (n,) number of the group of each text.
    unconverged
        Names of layers with a probe that did not converge.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    accuracy: Floats
    balanced: Floats
    f1: Floats
    auc: Floats
    calibration: Floats
    right: Floats
    tested: Floats
    confusion: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    unconverged: tuple[str, ...]

    @property
    def mean(self) -> Floats:
        """(layers,) accuracy, the mean over splits."""
        means: Floats = self.accuracy.mean(axis=1)
        return means

    @property
    def best(self) -> int:
        """Number of the layer of the highest mean accuracy."""
        return int(self.mean.argmax())

    @property
    def chance(self) -> float:
        """Accuracy of guessing among equally frequent classes."""
        return 1 / len(self.classes)

    @property
    def standard_error(self) -> float:
        """Standard error of chance accuracy, over the texts that were tested, each counted once."""
        return float(np.sqrt(self.chance * (1 - self.chance) / max(1, int((self.tested > 0).sum()))))

    @classmethod
    def joined(cls, parts: Sequence[LayerScores]) -> LayerScores:
        """Return the scores of several runs over the same texts and layers, as if their splits were of one.

        Raises
        ------
        InputError
            If there is no part, or they are of other layers, classes or groups.
        """
        if not parts:
            raise InputError("parts is empty, expected the scores of one run or more")
        first = parts[0]
        for one in parts:
            if (one.names, one.classes) != (first.names, first.classes) or not np.array_equal(one.groups, first.groups):
                raise InputError("parts are of other layers, classes or groups than the first of them")
        beside: dict[str, Any] = {name: np.hstack([getattr(one, name) for one in parts]) for name in _BY_SPLIT}
        beside |= {
            name: np.sum([getattr(one, name) for one in parts], axis=0) for name in ("right", "tested", "confusion")
        }
        failed = tuple(dict.fromkeys(name for one in parts for name in one.unconverged))
        return replace(first, **beside, unconverged=failed)

    def only(self, layer: int, name: str) -> LayerScores:
        """Return one layer's scores under another name, e.g. to join layers that were chosen in each split."""
        at = slice(layer, layer + 1)
        cut: dict[str, Any] = {field: getattr(self, field)[at] for field in (*_BY_SPLIT, "right", "confusion")}
        failed = (name,) if self.names[layer] in self.unconverged else ()
        return replace(self, names=(name,), unconverged=failed, **cut)

    def bootstrap(self, count: int, rng: np.random.Generator) -> Floats:
        """Return accuracies (count, layers) with whole groups drawn again.

        The probes are not fitted again: the bands hold what comes of the choice of test texts.

        Raises
        ------
        InputError
            If count is below 1.
        """
        if count < 1:
            raise InputError(f"count is {count}, expected 1 or more")
        groups = int(self.groups.max()) + 1
        weights = rng.multinomial(groups, np.full(groups, 1 / groups), size=count)
        right = np.stack([np.bincount(self.groups, weights=one, minlength=groups) for one in self.right])
        tested = np.bincount(self.groups, weights=self.tested, minlength=groups)
        drawn: Floats = (weights @ right.T) / np.maximum(weights @ tested, 1)[:, None]
        return drawn

    def band(self, rng: np.random.Generator, *, count: int = 1000, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return the lower and upper end, (layers,), of the interval of the accuracy by bootstrap."""
        if not 0 < level < 1:
            raise InputError(f"level is {level}, expected a number between 0 and 1")
        low, high = np.quantile(self.bootstrap(count, rng), [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high

    def selectivity(self, control: LayerScores) -> Floats:
        """Return (layers,) accuracy above that with shuffled labels (Hewitt and Liang 2019).

        Raises
        ------
        InputError
            If the control has other layers.
        """
        if control.names != self.names:
            raise InputError(f"control has {len(control.names)} layers that are not those of the scores")
        gap: Floats = self.mean - control.mean
        return gap
