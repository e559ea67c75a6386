"""Product quantisation with a rotation and a codebook that are given (Jégou et al. 2011; Ge et al. 2013)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError, InputError
from seme.retrieval.dense.codes import checked
from seme.retrieval.tensors import read_tensors, write_tensors

Float32 = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
_CHUNK = 4096
_MOST = 256
"""Codewords that a byte can tell apart."""


@dataclass(frozen=True, eq=False)
class ProductQuantiser:
    """Codes `argmin_k |(R v)_p - C_pk|²` of vectors v, one for each of P parts; queries are never quantised.

    Parameters
    ----------
    codebook
        C, float32 (P, K, D / P): K codewords, 1 to 256, of each part.
    rotation
        R, float32 (D, D), orthogonal, which vectors and queries are multiplied by; the identity if not given.

    Raises
    ------
    InputError
        If shapes do not fit, a number is not finite, or the rotation is none.
    """

    codebook: Float32
    rotation: Float32 | None = None
    _halves: Float32 = field(init=False, repr=False)
    """|C_pk|² / 2, (P, K)."""

    def __post_init__(self) -> None:
        """Check what was given."""
        codebook = np.ascontiguousarray(self.codebook, dtype=np.float32)
        if codebook.ndim != 3 or not codebook.size or codebook.shape[1] > _MOST:
            raise InputError(f"codebook is {codebook.shape}, expected (P, K, D / P) with K from 1 to {_MOST}")
        if not np.isfinite(codebook).all():
            raise InputError("codebook has a NaN or infinite value")
        object.__setattr__(self, "codebook", codebook)
        object.__setattr__(self, "_halves", np.square(codebook).sum(axis=2) / np.float32(2))
        if self.rotation is not None:
            object.__setattr__(self, "rotation", _checked_rotation(self.rotation, self.dim))

    @property
    def parts(self) -> int:
        """P, the parts of a vector."""
        return int(self.codebook.shape[0])

    @property
    def centroids(self) -> int:
        """K, the codewords of each part."""
        return int(self.codebook.shape[1])

    @property
    def dim(self) -> int:
        """D, the width of the vectors."""
        return int(self.codebook.shape[0] * self.codebook.shape[2])

    @property
    def nbytes(self) -> int:
        """Bytes of the codebook and the rotation."""
        return int(self.codebook.nbytes + (0 if self.rotation is None else self.rotation.nbytes))

    @property
    def digest(self) -> str:
        """A name that other numbers do not have."""
        parts = (repr(self.codebook.shape).encode(), self.codebook.tobytes())
        turned = b"" if self.rotation is None else self.rotation.tobytes()
        return hashlib.sha256(b"".join((*parts, turned))).hexdigest()[:16]

    def encode(self, vectors: npt.ArrayLike) -> Bytes:
        """Return codes (n, P) of vectors (n, D); of equally near codewords the first.

        Raises
        ------
        InputError
            If the width is another one, or a value is not finite.
        """
        given = checked(vectors, self.dim)
        codes = np.empty((len(given), self.parts), dtype=np.uint8)
        for first in range(0, len(given), _CHUNK):
            part = slice(first, first + _CHUNK)
            turned = self._split(given[part])
            for p, (codewords, half) in enumerate(zip(self.codebook, self._halves, strict=True)):
                codes[part, p] = (turned[:, p] @ codewords.T - half).argmax(axis=1)
        return codes

    def decode(self, codes: Bytes) -> Float32:
        """Return the vectors (n, D) that codes (n, P) stand for, rotated back.

        Raises
        ------
        InputError
            If the shape does not fit, or a code names no codeword.
        """
        if codes.ndim != 2 or codes.shape[1] != self.parts or (codes.size and codes.max() >= self.centroids):
            raise InputError(f"codes are {codes.shape}, expected (n, {self.parts}) of codewords below {self.centroids}")
        found = np.concatenate([self.codebook[p][codes[:, p]] for p in range(self.parts)], axis=1)
        back: Float32 = found if self.rotation is None else found @ self.rotation
        return back

    def tables(self, query: Float32) -> Float32:
        """Return `<(R q)_p, C_pk>`, (P, K), of a query (D,): a document's score is the sum of what its codes name."""
        products: Float32 = np.matmul(self.codebook, self._split(query[None])[0][:, :, None])[:, :, 0]
        return products

    def write(self, path: Path) -> None:
        """Write a safetensors file; it is replaced in one step."""
        arrays = {"codebook": self.codebook}
        write_tensors(path, arrays if self.rotation is None else {**arrays, "rotation": self.rotation})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        CorruptionError
            If the file cannot be read, or is no quantiser's.
        """
        arrays = read_tensors(path)
        try:
            return cls(arrays["codebook"], arrays.get("rotation"))
        except (KeyError, InputError) as error:
            raise CorruptionError(f"{path} holds no quantiser: {error}") from error

    def _split(self, vectors: Float32) -> Float32:
        turned = vectors if self.rotation is None else vectors @ self.rotation.T
        return turned.reshape(len(vectors), self.parts, -1)


def _checked_rotation(rotation: npt.ArrayLike, dim: int) -> Float32:
    given = np.ascontiguousarray(rotation, dtype=np.float32)
    if given.shape != (dim, dim):
        raise InputError(f"rotation is {given.shape}, expected ({dim}, {dim}) as the codebook's parts make up")
    if not np.abs(given @ given.T - np.eye(dim, dtype=np.float32)).max() < 1e-3:
        raise InputError("rotation is not orthogonal", hint="Inner products would be others after it")
    return given
