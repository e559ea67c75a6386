"""How often each unit is active, how strongly, and where most: one pass over the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.interp.dictionaries.arguments import at_least_one
from seme.interp.dictionaries.base import CHUNK, Dictionary, Rows
from seme.interp.dictionaries.codes import Codes, Floats

_NONE = -1


@dataclass(frozen=True, slots=True)
class Activity:
    """What the units of a dictionary did on some rows.

    Parameters
    ----------
    counts
        Rows in which each unit is active (its value is not 0), (m,).
    sums
        Sum of each unit's values, (m,).
    top_rows
        The rows with the largest values of each unit, the largest first, (m, k); -1 where it is active in fewer. Of
        equal values the earlier row comes first.
    top_values
        The values there, (m, k); 0 where there is no row.
    rows
        How many rows there were, n.
    """

    counts: npt.NDArray[np.int64]
    sums: npt.NDArray[np.float64]
    top_rows: npt.NDArray[np.int64]
    top_values: Floats
    rows: int

    @property
    def rates(self) -> npt.NDArray[np.float64]:
        """The share of rows in which each unit is active, (m,)."""
        rates: npt.NDArray[np.float64] = self.counts / self.rows
        return rates

    @property
    def means(self) -> npt.NDArray[np.float64]:
        """The mean of each unit's values where it is active, (m,); 0 for dead units."""
        means: npt.NDArray[np.float64] = self.sums / np.maximum(self.counts, 1)
        return means

    @property
    def dead(self) -> int:
        """How many units are active in no row."""
        return int((self.counts == 0).sum())


def measure_activity(dictionary: Dictionary, x: Rows, *, k: int = 6, chunk: int = CHUNK) -> Activity:
    """Encode rows (n, d), `chunk` at a time, and keep counts, sums and the `k` largest values of each unit.

    Memory is that of one chunk and of m x k values, however many rows there are.

    Raises
    ------
    InputError
        If the rows are not what the dictionary was fitted to, or a number is below 1.
    """
    at_least_one(k=k, chunk=chunk)
    store = dictionary.checked(x)
    units = len(dictionary.atoms_)
    counts, sums = np.zeros(units, dtype=np.int64), np.zeros(units)
    rows, values = np.full((units, k), _NONE, dtype=np.int64), np.full((units, k), -np.inf, dtype=np.float32)
    start = 0
    for part in store.chunks(chunk):
        codes = dictionary.encode(part)
        counts += codes.counts()
        sums += np.bincount(codes.indices.ravel(), codes.values.ravel(), minlength=units)
        _merge(rows, values, codes, start)
        start += len(part)
    return Activity(counts, sums, rows, np.where(rows == _NONE, np.float32(0), values), len(store))


def _merge(rows: npt.NDArray[np.int64], values: Floats, codes: Codes, start: int) -> None:
    """Bring the largest values of a chunk, whose first row has the number `start`, into what was found so far."""
    k = rows.shape[1]
    active = codes.values != 0
    found, units = codes.values[active], codes.indices[active]
    places = np.nonzero(active)[0] + start
    order = np.lexsort((places, -found, units))
    found, units, places = found[order], units[order], places[order]
    firsts = np.flatnonzero(np.diff(units, prepend=-1))
    ranks = np.arange(len(units)) - np.repeat(firsts, np.diff(firsts, append=len(units)))
    kept = ranks < k
    touched = units[firsts]
    line = np.searchsorted(touched, units[kept])
    new_rows, new_values = np.full((len(touched), k), _NONE, dtype=np.int64), np.full((len(touched), k), -np.inf)
    new_rows[line, ranks[kept]], new_values[line, ranks[kept]] = places[kept], found[kept]
    both_rows = np.concatenate([rows[touched], new_rows], axis=1)
    both_values = np.concatenate([values[touched], new_values], axis=1)
    best = np.argsort(-both_values, axis=1, kind="stable")[:, :k]  # stable: earlier rows come first
    rows[touched] = np.take_along_axis(both_rows, best, axis=1)
    values[touched] = np.take_along_axis(both_values, best, axis=1)
