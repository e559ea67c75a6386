"""Embeddings as their similarities to anchors."""

from __future__ import annotations

import warnings
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, TransformerMixin

from seme.errors import InputError
from seme.interp.directions import unit_rows

Matrix = npt.NDArray[np.float64]
Similarity = Literal["cosine", "dot", "euclidean", "manhattan", "chebyshev", "basis"]
SIMILARITIES: tuple[Similarity, ...] = get_args(Similarity)
_DISTANCES = {"euclidean": "euclidean", "manhattan": "cityblock", "chebyshev": "chebyshev"}


class RelativeRepresentation(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Describe samples by their similarities to anchors (Moschella et al. 2023, eq. 1).

    With the cosine, two spaces that differ by a rotation and a scale have the same representation. The anchors of two
    spaces must be the same samples in the same order.

    Parameters
    ----------
    similarity
        `cosine`, the paper's; `dot`; minus a distance: `euclidean`, `manhattan` or `chebyshev`; or `basis`, the
        coefficients of least squares in the anchors.
    centre
        Whether the anchors' mean is subtracted first, which makes the representation ignore translations.
    step
        Similarities are rounded to multiples of it; 0 leaves them as they are.
    unit
        Whether each representation is scaled to length 1, as a head that is trained on it wants.

    Attributes
    ----------
    anchors_ : ndarray of shape (m, d)
        The anchors' embeddings, less their mean if `centre`.
    """

    def __init__(
        self, similarity: Similarity = "cosine", *, centre: bool = False, step: float = 0.0, unit: bool = False
    ) -> None:
        self.similarity, self.centre, self.step, self.unit = similarity, centre, step, unit

    def fit(self, anchors: npt.ArrayLike, y: None = None) -> Self:
        """Take over the embeddings of the anchors.

        Parameters
        ----------
        anchors
            (m, d), m >= 1.
        y
            Not used.

        Raises
        ------
        InputError
            If there is no anchor, the similarity is unknown, or a value is not finite.

        Warns
        -----
        UserWarning
            If two anchors are the same: they say the same twice.
        """
        del y
        if self.similarity not in SIMILARITIES:
            raise InputError(f"similarity is {self.similarity!r}, expected one of {', '.join(SIMILARITIES)}")
        if not self.step >= 0:
            raise InputError(f"step is {self.step!r}, expected a number >= 0")
        rows = as_matrix("anchors", anchors)
        if len(np.unique(rows, axis=0)) < len(rows):
            warnings.warn("some anchors are the same", stacklevel=2)
        self.mean_ = rows.mean(axis=0) if self.centre else np.zeros(rows.shape[1])
        self.anchors_ = rows - self.mean_
        self.n_features_in_ = rows.shape[1]
        return self

    def transform(self, x: npt.ArrayLike) -> Matrix:
        """Return the similarities of samples (n, d) to the anchors, (n, m).

        Raises
        ------
        InputError
            If nothing was fitted, the width differs, a value is not finite, or a cosine is asked of a zero vector.
        """
        if not hasattr(self, "anchors_"):
            raise InputError("the representation has no anchors", hint="Call fit(embeddings of the anchors) first")
        rows = as_matrix("x", x)
        if rows.shape[1] != self.n_features_in_:
            raise InputError(f"x has width {rows.shape[1]}, and the anchors have {self.n_features_in_}")
        found = self._similarities(rows - self.mean_)
        if self.step:
            found = np.round(found / self.step) * self.step
        return unit_rows(found, "x") if self.unit else found

    def _similarities(self, rows: Matrix) -> Matrix:
        if self.similarity == "cosine":
            return unit_rows(rows, "x") @ unit_rows(self.anchors_, "anchors").T
        if self.similarity == "dot":
            return rows @ self.anchors_.T
        if self.similarity == "basis":
            solved: Any = np.linalg.lstsq(self.anchors_.T, rows.T, rcond=None)[0]
            return np.asarray(solved.T)
        return -np.asarray(cdist(rows, self.anchors_, _DISTANCES[self.similarity]))


def as_matrix(name: str, value: npt.ArrayLike) -> Matrix:
    """Return a finite float64 matrix with at least one row, or refuse the value by its name."""
    rows = np.asarray(value, dtype=np.float64)
    if rows.ndim != 2 or not rows.size:
        raise InputError(f"{name} has shape {rows.shape}, expected (rows, width) with at least one of each")
    if not np.isfinite(rows).all():
        raise InputError(f"{name} holds NaN or infinity")
    return rows
