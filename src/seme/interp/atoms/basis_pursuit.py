"""The code of least l1 norm, found by linear programming."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linprog

from seme.errors import InputError
from seme.interp.atoms.inputs import Matrix, as_rows


def basis_pursuit(x: Any, atoms: Any) -> Matrix:
    """Solve min ||c||_1 subject to sum_j c_j d_j = x for each row of x.

    If the coherence is below 1/(2K - 1), a K-sparse code is the only solution (Donoho and Elad 2003).

    Parameters
    ----------
    x
        Activations, shape (n, H).
    atoms
        Units as rows, shape (N, H).

    Returns
    -------
    ndarray of shape (n, N)

    Raises
    ------
    InputError
        If a row is not a combination of the atoms.
    """
    rows = as_rows("x", x)
    units = as_rows("atoms", atoms, width=rows.shape[1])
    split = np.hstack([units.T, -units.T])
    codes = np.empty((len(rows), len(units)))
    for row, signal in enumerate(rows):
        solution = linprog(np.ones(split.shape[1]), A_eq=split, b_eq=signal, bounds=(0, None), method="highs")
        if not solution.success:
            raise InputError(f"Row {row} of x is no combination of the atoms: {solution.message}")
        codes[row] = solution.x[: len(units)] - solution.x[len(units) :]
    return codes
