"""Data with a known dictionary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seme.errors import InputError
from seme.interp.dictionaries.codes import Codes, Floats


@dataclass(frozen=True, slots=True)
class Planted:
    """Rows that are sparse sums of known atoms.

    Parameters
    ----------
    atoms
        Unit rows, (m, d).
    codes
        What the rows are made of.
    rows
        (n, d).
    """

    atoms: Floats
    codes: Codes
    rows: Floats


def planted_truth(
    *,
    n: int,
    atoms: int = 512,
    width: int = 128,
    active: int = 8,
    magnitudes: tuple[float, float] = (1.0, 2.0),
    noise: float = 0.0,
    seed: int = 0,
) -> Planted:
    """Draw rows that are sums of a few of many random atoms.

    Parameters
    ----------
    n
        Rows.
    atoms, width
        Number of atoms, random directions, and of numbers in a row.
    active
        Atoms in each row, all equally likely.
    magnitudes
        Range of the coefficients, evenly distributed and away from 0, so that an atom is present or not.
    noise
        Standard deviation of what is added to each number.
    seed
        Of everything.
    """
    if not 0 < active <= atoms:
        raise InputError(f"active is {active}; it may be from 1 to the number of atoms, {atoms}")
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((atoms, width)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    chosen = np.argpartition(rng.random((n, atoms), dtype=np.float32), active - 1, axis=1)[:, :active]
    codes = Codes(chosen.astype(np.int32), rng.uniform(*magnitudes, size=(n, active)).astype(np.float32), atoms)
    rows: Floats = codes.csr() @ directions
    rows += noise * rng.standard_normal(rows.shape).astype(np.float32)
    return Planted(directions, codes, rows)
