"""Vectors as the nearest of some centroids and a few bits for what is left (ColBERTv2; Santhanam et al. 2022, 3.3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError, InputError
from seme.retrieval.multivector.packed import Float32
from seme.retrieval.tensors import read_tensors, write_tensors

BITS = (2, 4, 8)
_CHUNK = 16_384
_NAMES = ("centroids", "spread", "edges", "levels")
Codes = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Codebook:
    """Centroids, and the levels that residuals are rounded to.

    A vector is `centroid + spread · level` in every dimension. ColBERTv2 has one set of levels for all dimensions; the
    spread makes it fit dimensions of unlike size.

    Parameters
    ----------
    centroids
        (c, d), float32.
    spread
        Standard deviation of residuals in each dimension (d,).
    edges
        Between which residuals over spread share a level (2^bits - 1,), ascending.
    levels
        (2^bits,), ascending.

    Raises
    ------
    InputError
        If shapes do not fit each other, or a value is not finite.
    """

    centroids: Float32
    spread: Float32
    edges: Float32
    levels: Float32

    def __post_init__(self) -> None:
        """Refuse parts that do not fit each other."""
        if self.centroids.ndim != 2 or not self.centroids.size or self.spread.shape != self.centroids.shape[1:]:
            raise InputError(
                f"centroids are {self.centroids.shape} and spread {self.spread.shape}, not (c, d) and (d,)"
            )
        if len(self.levels) not in [2**bits for bits in BITS] or self.edges.shape != (len(self.levels) - 1,):
            raise InputError(
                f"there are {len(self.levels)} levels and {len(self.edges)} edges, not 4, 16 or 256 and one less"
            )
        if not all(np.isfinite(getattr(self, name)).all() for name in _NAMES):
            raise InputError("the codebook holds a number that is not finite")

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return int(self.centroids.shape[1])

    @property
    def bits(self) -> int:
        """Bits of a residual's dimension."""
        return len(self.levels).bit_length() - 1

    @property
    def width(self) -> int:
        """Bytes of a residual."""
        return -(-self.dim * self.bits // 8)

    @property
    def ways(self) -> Float32:
        """Levels that each byte of a residual stands for (256, 8 / bits)."""
        places = np.arange(256)[:, None] >> (np.arange(8 // self.bits) * self.bits) & (2**self.bits - 1)
        ways: Float32 = self.levels[places]
        return ways

    @property
    def digest(self) -> str:
        """What tells this codebook from others."""
        parts = (np.ascontiguousarray(getattr(self, name), dtype="<f4").tobytes() for name in _NAMES)
        return hashlib.sha256(b"|".join(parts)).hexdigest()[:16]

    @classmethod
    def fit(
        cls, vectors: npt.ArrayLike, *, bits: int = 4, centroids: int | npt.ArrayLike | None = None, seed: int = 0
    ) -> Self:
        """Learn a codebook from vectors (t, d).

        Parameters
        ----------
        vectors
            Those of the texts, or a sample of them.
        bits
            2, 4 or 8.
        centroids
            How many k-means is to find, or the centroids themselves (c, d); by default a power of two near to
            `4 sqrt(t)`, at most `t`.
        seed
            Of the vectors that k-means begins with.

        Raises
        ------
        InputError
            If there is no vector, a value is not finite, or a setting cannot be used.
        """
        given = np.asarray(vectors, dtype=np.float32)
        if given.ndim != 2 or not given.size or not np.isfinite(given).all():
            raise InputError(f"vectors are {given.shape}, expected finite numbers (t, d), t > 0")
        if bits not in BITS:
            raise InputError(f"bits is {bits}, it must be one of {', '.join(map(str, BITS))}")
        found = _centroids(given, centroids, seed)
        residuals = given - found[nearest(given, found)]
        spread = residuals.std(axis=0)
        spread = np.where(spread > 0, spread, 1).astype(np.float32)
        scaled = np.sort((residuals / spread).ravel())
        edges = np.quantile(scaled, np.arange(1, 2**bits) / 2**bits).astype(np.float32)
        parts = np.split(scaled, np.searchsorted(scaled, edges, side="right"))
        around = np.concatenate([scaled[:1], edges, scaled[-1:]])
        levels = [part.mean() if len(part) else around[i : i + 2].mean() for i, part in enumerate(parts)]
        return cls(found, spread, edges, np.array(levels, dtype=np.float32))

    def encode(self, vectors: Float32) -> tuple[Codes, Bytes]:
        """Return the nearest centroid of each vector (t,), and its residual in bits, packed (t, `width`)."""
        codes, packed = np.empty(len(vectors), dtype=np.int32), np.empty((len(vectors), self.width), dtype=np.uint8)
        per = 8 // self.bits
        shifts = np.arange(per, dtype=np.uint8) * self.bits
        for first in range(0, len(vectors), _CHUNK):
            part = slice(first, first + _CHUNK)
            codes[part] = nearest(vectors[part], self.centroids)
            scaled = (vectors[part] - self.centroids[codes[part]]) / self.spread
            levels = np.zeros((len(scaled), self.width * per), dtype=np.uint8)
            levels[:, : self.dim] = np.searchsorted(self.edges, scaled, side="right")
            packed[part] = np.bitwise_or.reduce(levels.reshape(len(scaled), -1, per) << shifts, axis=2)
        return codes, packed

    def residuals(self, packed: Bytes) -> Float32:
        """Return the levels (t, d) of packed residuals: residuals over the spread."""
        levels: Float32 = self.ways[packed].reshape(len(packed), -1)[:, : self.dim]
        return levels

    def decode(self, codes: Codes, packed: Bytes) -> Float32:
        """Return what is left of the vectors (t, d)."""
        vectors: Float32 = self.centroids[codes] + self.spread * self.residuals(packed)
        return vectors

    def save(self, path: Path) -> None:
        """Write one file; it is replaced in one step."""
        write_tensors(path, {name: getattr(self, name) for name in _NAMES})

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        CorruptionError
            If it cannot be read.
        """
        found = read_tensors(path)
        try:
            return cls(*(found[name] for name in _NAMES))
        except (KeyError, InputError, TypeError) as error:
            raise CorruptionError(f"{path} holds no codebook: {error}") from error


def nearest(vectors: Float32, centroids: Float32) -> Codes:
    """Return the row of the centroid nearest to each vector (t,); of equally near ones the first."""
    halves = np.square(centroids).sum(axis=1) / 2
    rows = np.empty(len(vectors), dtype=np.int32)
    for first in range(0, len(vectors), _CHUNK):
        part = slice(first, first + _CHUNK)
        rows[part] = (vectors[part] @ centroids.T - halves).argmax(axis=1)
    return rows


def _centroids(vectors: Float32, wanted: int | npt.ArrayLike | None, seed: int) -> Float32:
    if wanted is not None and not isinstance(wanted, int):
        given = np.ascontiguousarray(wanted, dtype=np.float32)
        if given.ndim != 2 or not len(given) or given.shape[1] != vectors.shape[1] or not np.isfinite(given).all():
            raise InputError(f"centroids are {given.shape}, expected finite numbers (c, {vectors.shape[1]}), c > 0")
        return given
    count = 2 ** int(np.log2(4 * np.sqrt(len(vectors)))) if wanted is None else wanted
    if count < 1:
        raise InputError(f"centroids is {count}, it must be at least 1")
    return _kmeans(vectors, min(count, len(vectors)), np.random.default_rng(seed))


def _kmeans(vectors: Float32, count: int, rng: np.random.Generator, iterations: int = 8) -> Float32:
    """Return centres of Lloyd's k-means over a sample; a centre that nothing is near to goes to a vector drawn anew."""
    sample = vectors[np.sort(rng.permutation(len(vectors))[: max(64 * count, 4096)])]
    centres = sample[rng.permutation(len(sample))[:count]].copy()
    for _ in range(iterations):
        rows = nearest(sample, centres)
        order = np.argsort(rows, kind="stable")
        sizes = np.bincount(rows, minlength=count)
        filled = np.flatnonzero(sizes)
        starts = np.concatenate([[0], np.cumsum(sizes[filled])[:-1]])
        centres[filled] = np.add.reduceat(sample[order], starts, axis=0) / sizes[filled, None]
        lost = np.flatnonzero(sizes == 0)
        centres[lost] = sample[rng.integers(0, len(sample), len(lost))]
    return centres
