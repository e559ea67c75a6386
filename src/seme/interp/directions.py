"""Vectors as directions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.errors import InputError


def unit_rows(rows: npt.ArrayLike, name: str = "rows", hint: str = "") -> npt.NDArray[np.float64]:
    """Return vectors (..., d) at unit length, in float64.

    Parameters
    ----------
    rows
        The vectors.
    name, hint
        What they are called in an error, and how it is mended.

    Raises
    ------
    InputError
        If one is not finite, or is zero and so has no direction.
    """
    found = np.asarray(rows, dtype=np.float64)
    wrong = ~np.isfinite(found).all(axis=-1).ravel()
    if wrong.any():
        raise InputError(
            f"{name} has {int(wrong.sum())} row(s) that are not finite, the first is row {wrong.argmax()}", hint=hint
        )
    norms = np.linalg.norm(found, axis=-1, keepdims=True)
    zero = norms.ravel() == 0
    if zero.any():
        raise InputError(
            f"{name} has {int(zero.sum())} zero row(s), which have no direction; the first is row {zero.argmax()}",
            hint=hint,
        )
    return np.asarray(found / norms)
