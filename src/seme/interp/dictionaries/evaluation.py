"""How well a dictionary reconstructs rows, and how sparsely."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from seme.errors import InputError
from seme.interp.activations import Store
from seme.interp.dictionaries.codes import Codes, Floats

_CHUNK = 4096


class Coder(Protocol):
    """What can be evaluated."""

    def encode(self, x: Floats, /) -> Codes:
        """Return the codes of rows."""

    def decode(self, codes: Codes, /) -> Floats:
        """Return the rows of codes."""

    def checked(self, x: npt.ArrayLike | torch.Tensor | Store | Path | str, /) -> Store:
        """Return rows as a store, or refuse them."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of a dictionary on some rows.

    Parameters
    ----------
    r2, fvu
        Share of the variance about the mean row that is explained, and the rest.
    r2_uncentred, fvu_uncentred
        The same of the squared length of the rows: flattered by a direction that all rows share.
    l0
        Mean number of active units per row.
    dead
        Share of units that are active for no row. It depends on how many rows there are.
    rows
        How many rows.
    """

    r2: float
    fvu: float
    r2_uncentred: float
    fvu_uncentred: float
    l0: float
    dead: float
    rows: int

    def as_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


def evaluate(dictionary: Coder, x: npt.ArrayLike | torch.Tensor | Store | Path | str) -> Evaluation:
    """Encode and decode rows (n, d), a few thousand at a time, and add up in float64.

    Warns
    -----
    UserWarning
        If the reconstruction is worse than the mean row: the dictionary was probably made for other activations.

    Raises
    ------
    InputError
        If the rows are not what the dictionary was fitted to, or are all equal.
    """
    store = dictionary.checked(x)
    error = energy = active = 0.0
    total = np.zeros(store.width)
    counts: npt.NDArray[np.int64] | None = None
    for rows in store.chunks(_CHUNK):
        codes = dictionary.encode(rows)
        exact = rows.astype(np.float64)
        error += float(((exact - dictionary.decode(codes)) ** 2).sum())
        energy += float((exact**2).sum())
        total += exact.sum(axis=0)
        active += float(codes.l0.sum())
        counts = codes.counts() if counts is None else counts + codes.counts()
    variance = energy - float((total**2).sum()) / len(store)
    if counts is None or variance <= 1e-12 * energy:
        raise InputError("all rows are equal, so there is no variance to explain")
    fvu, uncentred = error / variance, error / energy
    if fvu > 1:
        message = f"{type(dictionary).__name__} reconstructs these rows worse than their mean does (FVU {fvu:.3g})"
        warnings.warn(message, stacklevel=2)
    dead = float(np.mean(counts == 0))
    return Evaluation(1 - fvu, fvu, 1 - uncentred, uncentred, active / len(store), dead, len(store))
