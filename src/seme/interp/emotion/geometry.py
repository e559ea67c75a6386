"""Where classes lie among states: angles between them, and how far they are apart for how wide they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from seme.errors import InputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Geometry:
    """Measures of k classes among n states.

    Parameters
    ----------
    classes
        In alphabetical order.
    centroids
        (k, width), less the mean of the centroids.
    cosines
        (k, k) between centroids; of k classes as far apart as can be, each two have -1 / (k - 1).
    fisher
        Variance between classes over variance within, traces of the scatter matrices.
    silhouette
        Mean over the states, -1 to 1; 0 where classes overlap wholly.
    """

    classes: tuple[str, ...]
    centroids: Floats
    cosines: Floats
    fisher: float
    silhouette: float


def class_geometry(x: npt.ArrayLike, labels: npt.ArrayLike) -> Geometry:
    """Measure how classes lie among states.

    Parameters
    ----------
    x
        (n, width); standardise it first where single dimensions are far larger than others.
    labels
        (n,), two classes or more with two states or more each.

    Raises
    ------
    InputError
        If the shapes do not fit, there are too few classes or states, or states are not finite or all the same.
    """
    rows, given = _checked(x, labels)
    classes, codes, counts = np.unique(given, return_inverse=True, return_counts=True)
    if len(classes) < 2 or counts.min() < 2:
        raise InputError(
            f"labels has {len(classes)} classes, the smallest of {counts.min()}; expected two or more of two or more",
            hint="Leave out classes that have one state",
        )
    means = np.stack([rows[codes == number].mean(axis=0) for number in range(len(classes))])
    within = float(np.square(rows - means[codes]).sum())
    between = float((counts[:, None] * np.square(means - rows.mean(axis=0))).sum())
    if within + between <= 1e-12 * max(1.0, float(np.square(rows).sum())):
        raise InputError("x has no variance: all states are the same", hint="Read another token or another layer")
    centred = means - means.mean(axis=0)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    return Geometry(
        tuple(map(str, classes)),
        centred,
        unit @ unit.T,
        between / max(within, 1e-12),
        float(silhouette_score(rows, codes)),
    )


def principal_plane(x: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return states on their first two principal components, (n, 2), and the share of the variance of each, (2,).

    Raises
    ------
    InputError
        If there are fewer than two states or dimensions, or one is not finite.
    """
    rows, _ = _checked(x, np.zeros(len(np.atleast_1d(np.asarray(x)))))
    if min(rows.shape) < 2:
        raise InputError(f"x has the shape {rows.shape}, expected two or more states of two or more dimensions")
    fitted = PCA(2, random_state=0)
    return fitted.fit_transform(rows), fitted.explained_variance_ratio_


def _checked(x: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Floats, npt.NDArray[np.generic]]:
    rows, given = np.asarray(x, dtype=np.float64), np.asarray(labels)
    if rows.ndim != 2 or not rows.size or given.shape != (len(rows),):
        raise InputError(f"x has the shape {rows.shape} and labels {given.shape}, expected (n, width) and (n,), n > 0")
    if not np.isfinite(rows).all():
        raise InputError("x holds NaN or infinity", hint="Load the model in float32")
    return rows, given
