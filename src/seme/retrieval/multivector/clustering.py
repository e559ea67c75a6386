"""Fewer vectors of each text: the means of clusters of its own vectors (CRISP 2025; Clavié et al. 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.multivector.packed import Float32, Packed, checked_packed, offsets_of

Method = Literal["kmeans", "agglomerative"]
Start = Literal["strided", "farthest"]
Labels = npt.NDArray[np.int64]
_TINY = 1e-5
"""Of a vector's squared length: what a squared distance may be off by."""
_FAR = 1e15
"""Where a centre stands that nothing is to be near to; its square is a float32."""


@dataclass(frozen=True, slots=True)
class Clustering:
    """How many clusters a text's vectors are put into, and how; a text is what its clusters' means are.

    Parameters
    ----------
    method
        `kmeans` (Lloyd's) or `agglomerative` (Ward's).
    count
        Clusters of each text; one that has fewer vectors keeps all.
    ratio
        Clusters as a share of a text's vectors, rounded down, one at least (CRISP's C25 is 0.25).
    start
        What k-means begins with: vectors at equal distances in the text (`strided`), or each time the one farthest
        from those before (`farthest`).
    iterations
        Of k-means at most.
    normalise
        Whether means are brought to unit length; they are shorter than unit vectors that they are of.

    Raises
    ------
    InputError
        Unless one of `count` and `ratio` is given and can be used.
    """

    method: Method = "kmeans"
    count: int | None = None
    ratio: float | None = None
    start: Start = "strided"
    iterations: int = 10
    normalise: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if self.method not in get_args(Method):
            raise InputError(f"method is {self.method!r}, it must be one of {', '.join(get_args(Method))}")
        if self.start not in get_args(Start):
            raise InputError(f"start is {self.start!r}, it must be one of {', '.join(get_args(Start))}")
        if (self.count is None) == (self.ratio is None):
            raise InputError(f"count is {self.count} and ratio {self.ratio}, exactly one of them must be given")
        if self.count is not None and self.count < 1:
            raise InputError(f"count is {self.count}, it must be at least 1")
        if self.ratio is not None and not 0 < self.ratio <= 1:
            raise InputError(f"ratio is {self.ratio}, it must be above 0 and at most 1")
        if self.iterations < 1:
            raise InputError(f"iterations is {self.iterations}, it must be at least 1")

    def clusters(self, length: int) -> int:
        """Return how many clusters a text of so many vectors is put into, at most."""
        return min(length, self.count) if self.count is not None else max(1, int((self.ratio or 0) * length))

    def labels(self, vectors: Float32) -> Labels:
        """Return the cluster of each of a text's vectors (l,), numbered from 0 without gaps."""
        clusters = self.clusters(len(vectors))
        if clusters == len(vectors):
            return np.arange(clusters)
        if self.method == "agglomerative":
            return ward(vectors, clusters)
        rows = farthest(vectors, clusters) if self.start == "farthest" else strided(vectors, clusters)
        return kmeans(vectors, vectors[rows], self.iterations)

    def apply(self, vectors: npt.ArrayLike, offsets: npt.ArrayLike) -> Packed:
        """Return the clusters' means of each text.

        Raises
        ------
        InputError
            If a text has no vector, or a value is not finite.
        """
        given = np.asarray(vectors, dtype=np.float32)
        texts = checked_packed(given, offsets, given.shape[1] if given.ndim == 2 else 1)
        means = [_means(one, self.labels(one)) for one in texts.texts()]
        made: Float32 = np.concatenate(means) if means else texts.vectors
        if self.normalise:
            lengths = np.sqrt(np.square(made).sum(axis=1, keepdims=True))
            made /= np.where(lengths > 0, lengths, np.float32(1))
        return Packed(np.ascontiguousarray(made, dtype=np.float32), offsets_of([len(one) for one in means]))


def strided(vectors: Float32, clusters: int) -> Labels:
    """Return the rows `floor(i l / k)` (k,)."""
    return np.arange(clusters) * len(vectors) // clusters


def farthest(vectors: Float32, clusters: int) -> Labels:
    """Return the first row, and then each time that of the vector farthest from the nearest before (Gonzalez 1985)."""
    rows, distances = [0], np.full(len(vectors), np.inf)
    for _ in range(clusters - 1):
        distances = np.minimum(distances, np.square(vectors - vectors[rows[-1]]).sum(axis=1))
        rows.append(int(distances.argmax()))
    return np.array(rows, dtype=np.int64)


def kmeans(vectors: Float32, start: Float32, iterations: int = 10) -> Labels:
    """Return the labels (l,) of Lloyd's k-means of vectors (l, d) from some centres (k, d).

    A cluster that lost all its vectors begins again at the vector farthest from its centre; where there is none (equal
    vectors), there are fewer clusters.
    """
    centres: Float32 = start.astype(np.float32)
    clusters = len(start)
    squares = np.square(vectors).sum(axis=1)
    labels = np.full(len(vectors), -1)
    for _ in range(iterations):
        distances = np.square(centres).sum(axis=1) - 2 * vectors @ centres.T
        new = distances.argmin(axis=1)
        if (new == labels).all():
            break
        labels = new
        sizes = np.bincount(labels, minlength=clusters)
        empty = np.flatnonzero(sizes == 0)
        if len(empty):
            far = distances[np.arange(len(labels)), labels] + squares
            order = np.argsort(-far, kind="stable")[: len(empty)]
            taken = order[far[order] > _TINY * (squares[order] + _TINY)]
        filled = sizes > 0
        centres[filled] = _sums(vectors, labels, clusters)[filled] / sizes[filled, None]
        if len(empty):
            centres[empty[: len(taken)]] = vectors[taken]
            centres[empty[len(taken) :]] = _FAR
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def ward(vectors: Float32, clusters: int) -> Labels:
    """Return the labels of agglomerative clustering that joins the two clusters of least cost, as Ward (1963).

    The cost of a and b is `|a| |b| / (|a| + |b|) · ‖mean a - mean b‖²`; distances to the joined one follow from those
    to its parts (Lance and Williams 1967).
    """
    points = vectors.astype(np.float64)
    squares = np.square(points).sum(axis=1)
    costs = np.maximum(squares[:, None] + squares[None, :] - 2 * points @ points.T, 0) / 2
    np.fill_diagonal(costs, np.inf)
    sizes, labels = np.ones(len(points)), np.arange(len(points))
    for _ in range(len(points) - clusters):
        low, high = sorted(divmod(int(costs.argmin()), len(points)))
        both = costs[low, high]
        joined = (sizes[low] + sizes) * costs[low] + (sizes[high] + sizes) * costs[high] - sizes * both
        row = joined / (sizes[low] + sizes[high] + sizes)
        row[[low, high]] = np.inf
        costs[low], costs[:, low] = row, row
        costs[high], costs[:, high] = np.inf, np.inf
        sizes[low] += sizes[high]
        labels[labels == high] = low
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _means(vectors: Float32, labels: Labels) -> Float32:
    sizes = np.bincount(labels)
    means: Float32 = _sums(vectors, labels, len(sizes)) / sizes.astype(np.float32)[:, None]
    return means


def _sums(vectors: Float32, labels: Labels, clusters: int) -> Float32:
    sums: Float32 = (labels == np.arange(clusters)[:, None]).astype(np.float32) @ vectors
    return sums
