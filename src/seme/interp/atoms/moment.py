"""The uncentred second moment of activations, gathered batch by batch."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from seme.errors import InputError
from seme.interp.atoms.inputs import Matrix, as_rows


class SecondMoment:
    """E[k k^T] of activation rows k, as a float64 running sum (Hu et al. 2025, the estimator of the metric).

    It is not centred: the common direction of the activations is part of what the metric has to undo.

    Parameters
    ----------
    width
        H, the number of coordinates of a row.

    Attributes
    ----------
    count : int
        Rows seen so far.
    total : ndarray of shape (H, H)
        Sum of k k^T over these rows.
    """

    def __init__(self, width: int) -> None:
        if width < 1:
            raise InputError(f"width is {width}, but must be at least 1.")
        self.width = width
        self.count = 0
        self.total = np.zeros((width, width))

    def update(self, rows: Any) -> Self:
        """Add a batch of rows, shape (n, H)."""
        batch = as_rows("rows", rows, width=self.width)
        self.total += batch.T @ batch
        self.count += len(batch)
        return self

    def merge(self, other: SecondMoment) -> Self:
        """Add the rows that another moment has seen."""
        if other.width != self.width:
            raise InputError(f"other has width {other.width}, but {self.width} is needed.")
        self.total += other.total
        self.count += other.count
        return self

    @property
    def matrix(self) -> Matrix:
        """E[k k^T], shape (H, H), symmetric.

        Raises
        ------
        InputError
            Before the first row.
        """
        if self.count == 0:
            raise InputError("The second moment has seen no rows.", hint="Call update(rows) first.")
        return (self.total + self.total.T) / (2 * self.count)
