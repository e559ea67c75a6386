"""Codes of vectors by random hyperplanes (locality-sensitive hashing; Charikar 2002), which nothing is learned for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.binary.codes import Bytes
from seme.retrieval.dense.codes import checked


class RandomHyperplanes:
    """On which side of each of some random planes a vector lies.

    Two vectors at an angle of `a` differ in each bit with the probability `a / pi`.

    Parameters
    ----------
    dim
        Width of the vectors.
    bits
        Number of planes.
    seed
        Of their normals.

    Raises
    ------
    InputError
        If `dim` or `bits` is not positive.
    """

    def __init__(self, dim: int, bits: int, *, seed: int = 0) -> None:
        if dim < 1 or bits < 1:
            raise InputError(f"dim is {dim} and bits {bits}, both must be at least 1")
        self.dim, self.bits = dim, bits
        self._normals = np.random.default_rng(seed).standard_normal((dim, bits)).astype(np.float32)

    def transform(self, vectors: npt.ArrayLike) -> Bytes:
        """Return the packed codes (n, ceil(bits / 8)) of vectors (n, dim).

        Raises
        ------
        InputError
            If the width is another one, or a value is NaN or infinite.
        """
        return np.packbits(checked(vectors, self.dim) @ self._normals > 0, axis=1)
