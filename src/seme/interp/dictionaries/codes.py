"""Sparse codes: which units are active for each row, and how strongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from seme.errors import InputError

Floats: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Codes:
    """Active units and their values, row by row.

    Rows with fewer active units than others are filled up with entries of value 0, which mean nothing.

    Parameters
    ----------
    indices
        Units, int32 (n, k); those of a row differ where the value is not 0.
    values
        Their values, float32 (n, k).
    width
        How many units there are, m.
    """

    indices: npt.NDArray[np.int32]
    values: Floats
    width: int

    def __post_init__(self) -> None:
        if self.indices.shape != self.values.shape or self.indices.ndim != 2:
            raise InputError(
                f"indices have shape {self.indices.shape} and values {self.values.shape}; both have to be (n, k)"
            )
        if self.indices.size and not 0 <= self.indices.min() <= self.indices.max() < self.width:
            raise InputError(f"indices reach from {self.indices.min()} to {self.indices.max()} of {self.width} units")

    @classmethod
    def from_dense(cls, dense: npt.ArrayLike) -> Self:
        """Return the codes of an array (n, m)."""
        array = np.asarray(dense, dtype=np.float32)
        rows, units = np.nonzero(array)
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(array)))])
        return cls.from_lists(starts, units, array[rows, units], array.shape[1])

    @classmethod
    def from_lists(
        cls, starts: npt.NDArray[Any], units: npt.NDArray[Any], values: npt.NDArray[Any], width: int
    ) -> Self:
        """Return the codes of which row i has the entries from `starts[i]` to `starts[i + 1]` of two lists."""
        counts = np.diff(starts)
        most = int(counts.max(initial=0))
        rows = np.repeat(np.arange(len(counts)), counts)
        places = np.arange(len(units)) - np.repeat(starts[:-1], counts)
        indices = np.zeros((len(counts), most), dtype=np.int32)
        found = np.zeros((len(counts), most), dtype=np.float32)
        indices[rows, places], found[rows, places] = units, values
        return cls(indices, found, width)

    @classmethod
    def concatenate(cls, parts: Sequence[Codes]) -> Self:
        """Return the codes of several batches as one."""
        if not parts:
            raise InputError("there are no codes to concatenate")
        most = max(part.indices.shape[1] for part in parts)
        padding = [((0, 0), (0, most - part.indices.shape[1])) for part in parts]
        indices = np.concatenate([np.pad(part.indices, pad) for part, pad in zip(parts, padding, strict=True)])
        values = np.concatenate([np.pad(part.values, pad) for part, pad in zip(parts, padding, strict=True)])
        return cls(indices, values, parts[0].width)

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def l0(self) -> npt.NDArray[np.int64]:
        """The number of active units of each row, (n,)."""
        counts: npt.NDArray[np.int64] = (self.values != 0).sum(axis=1)
        return counts

    def counts(self) -> npt.NDArray[np.int64]:
        """Return how many rows each unit is active in, (m,)."""
        counts: npt.NDArray[np.int64] = np.bincount(self.indices[self.values != 0], minlength=self.width)
        return counts

    def csr(self) -> csr_array:
        """Return the codes as a sparse matrix (n, m) of SciPy."""
        active = self.values != 0
        starts = np.concatenate([[0], np.cumsum(active.sum(axis=1))])
        return csr_array((self.values[active], self.indices[active], starts), shape=(len(self), self.width))

    def dense(self) -> Floats:
        """Return the codes as an array (n, m)."""
        dense: Floats = self.csr().toarray()
        return dense
