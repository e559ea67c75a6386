"""The atomic inner product: the metric under which the units of a representation can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from seme.errors import InputError
from seme.interp.atoms.inputs import Matrix, as_rows, at_least
from seme.interp.atoms.moment import SecondMoment
from seme.interp.directions import unit_rows

SMALLEST_RECIPROCAL_CONDITION = 1e-13
DEAD = "Drop the dead units first."
"""How zero rows are mended."""


class AtomicMetric:
    """The inner product <u, v> = u^T M^{-1} v for a positive definite M (Hu et al. 2025, atomic inner product).

    M is E[k k^T] of activations, or D D^T of a dictionary. Softmax training fixes a representation only up to an
    invertible linear map, and this product is the one that such a map leaves alone. It is kept as the Cholesky
    factor L of M: whitening is L^{-1} u, and the product of two vectors is that of their whitened selves.

    Parameters
    ----------
    moment
        M, shape (H, H), symmetric.
    ridge
        Added to the diagonal of M, as a multiple of its mean diagonal entry. 0 adds nothing.

    Attributes
    ----------
    factor : ndarray of shape (H, H)
        L, lower triangular.
    ridge : float
        As given.

    Raises
    ------
    InputError
        If M (with the ridge) is not safely invertible: too few rows, or dead coordinates.
    """

    def __init__(self, moment: Any, *, ridge: float = 0.0) -> None:
        matrix = as_rows("moment", moment)
        at_least("ridge", ridge, 0.0)
        if matrix.shape[0] != matrix.shape[1]:
            raise InputError(f"moment must be square, not of shape {matrix.shape}.")
        if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-9 * np.abs(matrix).max()):
            raise InputError("moment must be symmetric.")
        self.ridge = ridge
        self.factor = _factor(matrix, ridge)

    @property
    def width(self) -> int:
        """H, the number of coordinates."""
        return len(self.factor)

    @property
    def matrix(self) -> Matrix:
        """The metric S = M^{-1}, shape (H, H)."""
        return np.asarray(linalg.cho_solve((self.factor, True), np.eye(self.width)))

    def whiten(self, x: Any) -> Matrix:
        """Map rows (n, H) to coordinates where the atomic product is the ordinary one."""
        rows = as_rows("x", x, width=self.width)
        return np.asarray(linalg.solve_triangular(self.factor, rows.T, lower=True).T)

    def unwhiten(self, z: Any) -> Matrix:
        """Undo `whiten`, shape (n, H)."""
        return as_rows("z", z, width=self.width) @ self.factor.T

    def dual(self, x: Any) -> Matrix:
        """S x for each row: the encoder weights that read the atomic product with x, shape (n, H)."""
        rows = as_rows("x", x, width=self.width)
        return np.asarray(linalg.cho_solve((self.factor, True), rows.T).T)

    def norms(self, x: Any) -> Matrix:
        """Atomic norm of each row, shape (n,). For a dictionary under its own metric the squares average H/N."""
        return np.asarray(np.linalg.norm(self.whiten(x), axis=1))

    def cosines(self, x: Any, y: Any = None) -> Matrix:
        """Normalised atomic products of the rows of x with those of y (or of x), shape (n, m).

        Raises
        ------
        InputError
            If a row is zero and so has no direction.
        """
        first = self.directions(x)
        return first @ (first if y is None else self.directions(y)).T

    def directions(self, x: Any) -> Matrix:
        """Whitened rows of unit length: the d~ of the paper, shape (n, H)."""
        return unit_rows(self.whiten(x), "x", DEAD)


def atomic_metric(activations: Any, *, ridge: float = 0.0) -> AtomicMetric:
    """Estimate the metric from activations: S = E[k k^T]^{-1} (Hu et al. 2025).

    Parameters
    ----------
    activations
        Rows (n, H), a `SecondMoment`, or anything with `.batches(size, seed=...)` and `.width`, such as a store.
        Leave out position 0: its huge activations would dominate the estimate.
    ridge
        See `AtomicMetric`. Explicit, since it changes what is measured.

    Raises
    ------
    InputError
        If there are fewer rows than coordinates and no ridge, or the moment is singular.

    Examples
    --------
    >>> import numpy as np
    >>> from seme.interp.atoms import atomic_metric
    >>> x = np.random.default_rng(0).normal(size=(2000, 8)) + 3.0
    >>> metric = atomic_metric(x)
    >>> float(np.mean(metric.norms(x) ** 2).round(6))
    8.0
    """
    moment = _moment(activations)
    if 0 < moment.count < moment.width and ridge == 0.0:
        raise InputError(
            f"The activations have {moment.count} rows but {moment.width} coordinates, so E[k k^T] is singular.",
            hint=f"Give at least {moment.width} rows, better ten times as many, or a ridge such as 1e-3.",
        )
    return AtomicMetric(moment.matrix, ridge=ridge)


def dictionary_metric(atoms: Any, *, ridge: float = 0.0) -> AtomicMetric:
    """Return the metric that fits a dictionary best: S = (D D^T)^{-1} for atoms as the columns of D.

    Parameters
    ----------
    atoms
        One atom a row, shape (N, H). Zero rows do no harm here.
    ridge
        See `AtomicMetric`.

    Raises
    ------
    InputError
        If N < H and there is no ridge, or the atoms do not span the space.
    """
    rows = as_rows("atoms", atoms)
    if len(rows) < rows.shape[1] and ridge == 0.0:
        raise InputError(
            f"atoms has {len(rows)} rows in {rows.shape[1]} dimensions, so D D^T is singular.",
            hint="A dictionary needs at least as many atoms as dimensions; or give a ridge such as 1e-3.",
        )
    return AtomicMetric(rows.T @ rows, ridge=ridge)


def _moment(activations: Any) -> SecondMoment:
    if isinstance(activations, SecondMoment):
        return activations
    if hasattr(activations, "batches"):
        moment = SecondMoment(activations.width)
        for batch in activations.batches(4096, seed=0):
            moment.update(batch)
        return moment
    rows = as_rows("activations", activations)
    return SecondMoment(rows.shape[1]).update(rows)


def _factor(matrix: Matrix, ridge: float) -> Matrix:
    """Cholesky factor, refused when the condition says that its inverse would be noise."""
    size = len(matrix)
    lifted = matrix + ridge * float(np.trace(matrix)) / size * np.eye(size)
    hint = "Give more rows, drop the coordinates that never vary, or pass a ridge such as 1e-3."
    try:
        factor = np.asarray(linalg.cholesky(lifted, lower=True))
    except linalg.LinAlgError as error:
        raise InputError(f"The second moment is singular (width {size}, ridge {ridge}).", hint=hint) from error
    reciprocal, _ = linalg.lapack.dpocon(factor, np.linalg.norm(lifted, 1), uplo="L")
    if reciprocal < SMALLEST_RECIPROCAL_CONDITION:
        message = f"The second moment is singular to working precision (reciprocal condition {reciprocal:.1e})."
        raise InputError(message, hint=hint)
    return factor
