"""What the functions of this folder accept as a matrix of rows, and how they refuse the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seme.errors import InputError

Matrix = NDArray[np.float64]


def as_rows(name: str, value: Any, *, width: int | None = None, least: int = 1) -> Matrix:
    """Return `value` as a finite float64 matrix of rows.

    Parameters
    ----------
    name
        What the caller calls the argument; used in the error.
    value
        Anything 2-d that NumPy can read, or a torch tensor on any device.
    width
        The number of columns it must have, if that is fixed.
    least
        The smallest number of rows that makes sense.

    Raises
    ------
    InputError
        If it is not 2-d, has another width, too few rows, or holds NaN or infinity.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu().double().numpy()
    try:
        rows = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be a matrix of numbers, not {type(value).__name__}.") from error
    if rows.ndim != 2:
        raise InputError(f"{name} must have two dimensions (rows, width), not shape {rows.shape}.")
    if width is not None and rows.shape[1] != width:
        raise InputError(f"{name} has width {rows.shape[1]}, but {width} is needed.")
    if len(rows) < least or rows.shape[1] == 0:
        raise InputError(f"{name} has shape {rows.shape}; at least {least} row(s) of one column or more are needed.")
    if not np.isfinite(rows).all():
        raise InputError(f"{name} holds NaN or infinity.", hint="Find the rows with np.isfinite(x).all(axis=1).")
    return rows


def at_least(name: str, value: float, floor: float) -> None:
    """Refuse a number below `floor`, NaN included."""
    if not value >= floor:
        raise InputError(f"{name} is {value}, but must be at least {floor}.")
