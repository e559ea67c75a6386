"""Codes whose values are fitted anew, while the active units stay."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.dictionaries.codes import Codes, Floats

_CHUNK = 1024


def refit(codes: Codes, atoms: npt.ArrayLike, x: npt.ArrayLike) -> Codes:
    """Return the codes with the values that reconstruct rows best, by least squares on each row's active units.

    Parameters
    ----------
    codes
        Of n rows and m units.
    atoms
        (m, d).
    x
        Rows (n, d), without whatever bias is added after decoding.

    Raises
    ------
    InputError
        If the shapes do not belong together.
    """
    units, rows = np.asarray(atoms, dtype=np.float32), np.asarray(x, dtype=np.float32)
    if rows.shape != (len(codes), units.shape[1]) or len(units) != codes.width:
        raise InputError(
            f"codes of {len(codes)} rows and {codes.width} units do not fit {rows.shape} and {units.shape}"
        )
    values = np.empty_like(codes.values)
    for start in range(0, len(codes), _CHUNK):
        part = slice(start, start + _CHUNK)
        values[part] = _solve(units[codes.indices[part]], rows[part], codes.values[part] != 0)
    return Codes(codes.indices, values, codes.width)


def _solve(chosen: Floats, rows: Floats, active: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Solve for chosen atoms (n, k, d), those that are not active left out."""
    basis = chosen.astype(np.float64) * active[:, :, None]
    gram = basis @ basis.transpose(0, 2, 1)
    products = (basis @ rows[:, :, None].astype(np.float64))[:, :, 0]
    # The pseudo-inverse, so that atoms that depend on each other are no error and inactive ones stay at 0.
    solved: npt.NDArray[np.float64] = np.einsum(
        "nij,nj->ni", np.linalg.pinv(gram, rcond=1e-10, hermitian=True), products
    )
    return solved
