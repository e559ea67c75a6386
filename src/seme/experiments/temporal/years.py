"""Grids of years, and names of what is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from seme.experiments.p46_temporal import TemporalSettings

KINDS = ("Year", "Number")
PRESENT = 2025
"""The year of the paper, and the reference that it reports for larger models."""


def grid(settings: TemporalSettings, step: int) -> npt.NDArray[np.int64]:
    """Return the years from the first to the last."""
    return np.arange(settings.first, settings.last + 1, step)


def candidates(settings: TemporalSettings, years: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the references that are tried: from the first to the last of these years."""
    return np.arange(int(years.min()), int(years.max()) + 1, settings.scan)
