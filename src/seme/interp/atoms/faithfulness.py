"""Faithfulness: the share of the activations' variance that a reconstruction keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seme.errors import InputError
from seme.interp.atoms.inputs import as_rows


@dataclass(frozen=True)
class Faithfulness:
    """R2 of a reconstruction in two conventions.

    Attributes
    ----------
    centred : float
        1 - error / variance about the mean: the usual R2. 0 is what the mean alone gives.
    uncentred : float
        1 - error / energy: flattered by a common direction, and never below `centred`.
    """

    centred: float
    uncentred: float


def faithfulness(x: Any, reconstruction: Any) -> Faithfulness:
    """Compare activations with their reconstruction (Hu et al. 2025, sparse reconstruction).

    Parameters
    ----------
    x, reconstruction
        Rows of the same shape, (n, H), in the model's own coordinates.

    Raises
    ------
    InputError
        If the shapes differ, or all rows of x are equal, which leaves nothing to explain.
    """
    rows = as_rows("x", x)
    made = as_rows("reconstruction", reconstruction)
    if made.shape != rows.shape:
        raise InputError(f"reconstruction has shape {made.shape}, but x has {rows.shape}.")
    variance = float(np.sum((rows - rows.mean(axis=0)) ** 2))
    if variance == 0.0:
        raise InputError("All rows of x are equal, so there is no variance to explain.")
    error = float(np.sum((rows - made) ** 2))
    return Faithfulness(1.0 - error / variance, 1.0 - error / float(np.sum(rows**2)))
