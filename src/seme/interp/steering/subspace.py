"""ComnHallu: states of one model or domain brought into the subspace of another, without labels there."""

from __future__ import annotations

from typing import Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.binary import Floats
from seme.interp.steering.arguments import Rows, as_rows

How = Literal["subspace", "anchors", "pca", "coral", "none"]


class ComnHallu:
    """Alignment of a target's states with a source's, so that a detector of the one reads the other.

    Each side is centred and scaled by its own statistics and projected on its own first principal components, B_S and
    B_T (d, k). What differs is how the target's coordinates become the source's (Duan et al. 2025, sec. 5, after
    Fernando et al. 2013):

    ==========  ====================================================================================================
    `subspace`  times `B_T' B_S`: for states whose dimensions mean the same, as of one model on other data
    `anchors`   whitened, times the rotation that brings states of the same texts under both models together
                (Procrustes): for other models, whose dimensions mean nothing to each other; widths may differ
    `pca`       as they are; the axes of two decompositions have no common order or sign, and this is the control
    `coral`     no projection by B_T: the target's covariance is made the source's, then B_S (Sun et al. 2016)
    `none`      no change to either: raw states
    ==========  ====================================================================================================

    Parameters
    ----------
    k
        Dimensions of the subspace.
    how
        One of the above.

    Raises
    ------
    InputError
        If `k` is less than one or `how` is none of these.
    """

    def __init__(self, k: int = 32, *, how: How = "subspace") -> None:
        if k < 1 or how not in get_args(How):
            raise InputError(f"k is {k} and how {how!r}, expected at least 1 and one of {', '.join(get_args(How))}")
        self.k, self.how = k, how

    def fit(self, source: Rows, target: Rows, *, anchors: tuple[Rows, Rows] | None = None) -> Self:
        """Learn the alignment from unlabelled states.

        Parameters
        ----------
        source, target
            States (n_s, d_s) and (n_t, d_t).
        anchors
            For `anchors`: states (n, d_s) and (n, d_t) of the same texts and tokens under both models.

        Raises
        ------
        InputError
            If a state is not finite, there are fewer rows or dimensions than `k`, the widths differ where they may not,
            or anchors are missing or do not pair up.
        """
        x, y = as_rows(source, "source"), as_rows(target, "target")
        self._check(x, y, anchors is not None)
        self.widths_ = (x.shape[1], y.shape[1])
        if self.how == "none":
            return self
        self._source, self._target = _Scale(x), _Scale(y)
        x, y = self._source(x), self._target(y)
        self.source_basis_ = principal_axes(x, self.k)
        if self.how == "coral":
            self.target_map_ = _root(y, -0.5) @ _root(x, 0.5) @ self.source_basis_
            return self
        basis = principal_axes(y, self.k)
        if self.how == "anchors":
            # Two mixtures of the same facts differ by a rotation once both are white, and by no rotation before.
            self.source_basis_ = self.source_basis_ / _deviations(x @ self.source_basis_)
            basis = basis / _deviations(y @ basis)
        turn = np.eye(self.k)
        if self.how == "subspace":
            turn = basis.T @ self.source_basis_
        elif anchors is not None:
            turn = self._rotation(basis, *anchors)
        self.target_map_ = basis @ turn
        return self

    def source(self, states: Rows) -> Floats:
        """Return source states (n, d_s) in the common subspace (n, k)."""
        x = as_rows(states, width=self._width(0))
        found: Floats = x if self.how == "none" else self._source(x) @ self.source_basis_
        return found

    def target(self, states: Rows) -> Floats:
        """Return target states (n, d_t) in the common subspace (n, k)."""
        x = as_rows(states, width=self._width(1))
        found: Floats = x if self.how == "none" else self._target(x) @ self.target_map_
        return found

    def _width(self, side: int) -> int:
        if not hasattr(self, "widths_"):
            raise InputError("the alignment was not fitted", hint="ComnHallu().fit(source, target)")
        found: int = self.widths_[side]
        return found

    def _check(self, x: Floats, y: Floats, anchored: bool) -> None:
        least = min(*x.shape, *y.shape)
        if self.how != "none" and self.k > least:
            raise InputError(
                f"k is {self.k}, and source has the shape {x.shape} and target {y.shape}; it may be 1 to {least}"
            )
        if self.how == "anchors" and not anchored:
            raise InputError("anchors are missing", hint="States of the same texts under both models, from read(...)")
        if self.how in ("subspace", "coral", "none") and x.shape[1] != y.shape[1]:
            raise InputError(
                f"source has {x.shape[1]} dimensions and target {y.shape[1]}, which {self.how!r} cannot bring together",
                hint='ComnHallu(how="anchors").fit(source, target, anchors=(states, states))',
            )

    def _rotation(self, basis: Floats, ours: Rows, theirs: Rows) -> Floats:
        a = as_rows(ours, "anchors of the source", self.widths_[0])
        b = as_rows(theirs, "anchors of the target", self.widths_[1])
        if len(a) != len(b):
            raise InputError(f"anchors has {len(a)} states of the source and {len(b)} of the target, expected pairs")
        u, _, v = np.linalg.svd((self._target(b) @ basis).T @ (self._source(a) @ self.source_basis_))
        found: Floats = u @ v
        return found


class _Scale:
    """Centre and scale of one domain."""

    def __init__(self, x: Floats) -> None:
        self._mean, self._scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-8)

    def __call__(self, x: Floats) -> Floats:
        moved: Floats = (x - self._mean) / self._scale
        return moved


def principal_axes(x: npt.ArrayLike, k: int) -> Floats:
    """Return the first k principal axes (d, k) of centred rows (n, d), of the largest variance first."""
    rows = as_rows(x, "x")
    axes: Floats = np.linalg.svd(rows, full_matrices=False)[2][:k].T
    return axes


def _deviations(x: Floats) -> Floats:
    found: Floats = np.maximum(x.std(axis=0), 1e-8)
    return found


def _root(x: Floats, power: float) -> Floats:
    """Return a power of the covariance, with the identity added as CORAL does."""
    values, vectors = np.linalg.eigh(x.T @ x / len(x) + np.eye(x.shape[1]))
    found: Floats = (vectors * values**power) @ vectors.T
    return found
