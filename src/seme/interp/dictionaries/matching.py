"""Atoms of one dictionary beside those of another, paired one to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from seme.errors import InputError
from seme.interp.dictionaries.codes import Floats


def match(found: npt.ArrayLike, wanted: npt.ArrayLike) -> Floats:
    """Pair atoms one to one so that the cosines add up to the most, and return the cosine for each wanted atom.

    Parameters
    ----------
    found, wanted
        Rows (m1, d) and (m2, d) of any length; zero rows match nothing.

    Returns
    -------
    ndarray
        (m2,); 0 where no found atom was left.
    """
    first, second = _unit(found), _unit(wanted)
    cosines = second @ first.T
    rows, columns = linear_sum_assignment(cosines, maximize=True)
    paired = np.zeros(len(second), dtype=np.float32)
    paired[rows] = cosines[rows, columns]
    return paired


def recovered_share(found: npt.ArrayLike, wanted: npt.ArrayLike, *, cosine: float = 0.95) -> float:
    """Return the share of wanted atoms that are matched at a cosine or above."""
    return float(np.mean(match(found, wanted) >= cosine))


@dataclass(frozen=True, slots=True)
class Stability:
    """How alike the dictionaries of several seeds are, over all pairs of them.

    Parameters
    ----------
    cosine
        Mean cosine of matched atoms.
    share
        Share of matched atoms at the wanted cosine or above.
    """

    cosine: float
    share: float


def stability(dictionaries: Sequence[npt.ArrayLike], *, cosine: float = 0.9) -> Stability:
    """Match the atoms (m, d) of dictionaries that differ in their seed (Paulo and Belrose 2025).

    Raises
    ------
    InputError
        If there are fewer than two.
    """
    if len(dictionaries) < 2:
        raise InputError(f"{len(dictionaries)} dictionary was given; stability compares at least two")
    paired = [match(first, second) for first, second in combinations(dictionaries, 2)]
    cosines = np.concatenate(paired)
    return Stability(float(cosines.mean()), float(np.mean(cosines >= cosine)))


def _unit(atoms: npt.ArrayLike) -> Floats:
    rows = np.asarray(atoms, dtype=np.float32)
    if rows.ndim != 2:
        raise InputError(f"atoms have shape {rows.shape}; (m, d) is wanted")
    lengths: Floats = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit
