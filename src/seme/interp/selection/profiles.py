"""Which units tell two tasks apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.selection.inputs import Embeddings, as_csr


@dataclass(frozen=True, slots=True)
class Profiles:
    """The units that vary most over the samples of two tasks (arXiv 2503.15573, "Interpretability").

    Attributes
    ----------
    units
        Their numbers, the most varying first, (u,).
    first, second
        Their values for each sample of the tasks, (samples, u).
    separation
        Share of these units' variance that lies between the tasks and not within them, from 0 to 1.
    chance
        What that share is on average if samples are assigned to the tasks at random: 1 / (samples - 1).
    """

    units: npt.NDArray[np.int64]
    first: npt.NDArray[np.float64]
    second: npt.NDArray[np.float64]
    separation: float
    chance: float

    @property
    def means(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Mean profile of each task, (u,)."""
        return self.first.mean(axis=0), self.second.mean(axis=0)


def unit_profiles(first: Embeddings, second: Embeddings, *, units: int = 100) -> Profiles:
    """Find the units with the highest variance over the samples of two tasks.

    Parameters
    ----------
    first, second
        Embeddings of the tasks' samples, (samples, m), at least two of each.
    units
        How many; all where there are fewer.

    Raises
    ------
    InputError
        If a task has fewer than two samples, the widths differ, or no unit varies.
    """
    parts = [as_csr("first", first), as_csr("second", second)]
    if parts[0].shape[1] != parts[1].shape[1]:
        raise InputError(f"first has {parts[0].shape[1]} units and second {parts[1].shape[1]}; they must be the same")
    if min(part.shape[0] for part in parts) < 2 or units < 1:
        raise InputError(
            f"there are {parts[0].shape[0]} and {parts[1].shape[0]} samples and units is {units}; at least two samples "
            "of each and one unit are needed"
        )
    count = parts[0].shape[0] + parts[1].shape[0]
    mean = sum(part.sum(axis=0) for part in parts) / count
    variance = sum((part * part).sum(axis=0) for part in parts) / count - mean**2
    chosen = np.argsort(-variance, kind="stable")[:units].astype(np.int64)
    values = [part[:, chosen].toarray() for part in parts]
    whole = np.concatenate(values)
    total = float(((whole - whole.mean(axis=0)) ** 2).sum())
    if total == 0:
        raise InputError("no unit varies over the samples of first and second")
    between = sum(len(part) * float(((part.mean(axis=0) - whole.mean(axis=0)) ** 2).sum()) for part in values)
    return Profiles(chosen, values[0], values[1], between / total, 1 / (count - 1))
