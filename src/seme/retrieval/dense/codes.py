"""The forms in which vectors are scanned: float32, int8 and single bits."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

PRECISIONS = ("float32", "int8", "binary")
Float32 = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
LANES = 32
"""Sign codes that lie side by side."""
_CHUNK = 16_384
_WAYS = (np.arange(16)[:, None] >> np.arange(3, -1, -1)) & 1 == 1
"""Which of four signs are positive, for each value of the four bits."""


def checked(vectors: npt.ArrayLike, dim: int) -> Float32:
    """Return vectors as a contiguous float32 array (n, dim).

    Raises
    ------
    InputError
        If the width is another one, or a value is NaN or infinite.
    """
    array = np.ascontiguousarray(vectors, dtype=np.float32)
    if array.ndim != 2 or array.shape[1] != dim:
        raise InputError(f"vectors have the shape {array.shape}, it must be (n, {dim})")
    if not np.isfinite(array).all():
        raise InputError(
            f"vector {int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])} has a NaN or infinite value"
        )
    return array


def to_int8(vectors: Float32) -> tuple[npt.NDArray[np.int8], Float32, Float32]:
    """Return vectors (n, d) at one byte a number, and how far an inner product with them can be from the true one.

    Returns
    -------
    codes, scales
        (n, d) and (n,), with `codes * scales ~ vectors`: each vector's largest value becomes 127.
    errors
        (n,): an estimate (`int_query`, `kernels.dot_int8`) and the float32 product of a query z with a vector differ
        by `error · |z|` at most. That is what Cauchy and Schwarz leave of what rounding took from the vector and from
        the query, and of float32 sums in any order (Higham 2002, eq. 3.5, twice).
    """
    n, dim = vectors.shape
    codes, scales = np.empty((n, dim), dtype=np.int8), np.abs(vectors).max(axis=1, initial=0.0) / np.float32(127)
    errors = np.empty(n, dtype=np.float32)
    of_query = np.sqrt(dim) / (2 * _most(dim)) + 2 * (dim + 4) * np.finfo(np.float32).eps
    for first in range(0, n, _CHUNK):
        part = slice(first, first + _CHUNK)
        wide, scale = vectors[part].astype(np.float64), scales[part, None].astype(np.float64)
        codes[part] = np.clip(np.rint(wide / np.where(scale > 0, scale, 1)), -127, 127)
        lost = np.linalg.norm(wide - codes[part] * scale, axis=1)
        errors[part] = np.nextafter(
            (lost + of_query * np.linalg.norm(wide, axis=1)).astype(np.float32), np.float32(np.inf)
        )
    return codes, scales, errors


def int_query(query: Float32) -> tuple[npt.NDArray[np.int16], float]:
    """Return a query (d,) as integers and the step between them, so that products with int8 codes fit into 32 bits."""
    most = _most(len(query))
    step = float(np.abs(query).max()) / most
    return np.rint(query / (step or 1)).astype(np.int16), step


def _most(dim: int) -> int:
    return min(np.iinfo(np.int16).max, np.iinfo(np.int32).max // (127 * dim))


def to_signs(vectors: Float32) -> tuple[Bytes, Float32, Float32]:
    """Return the signs of vectors (n, d) after a random rotation, and what an inner product needs besides.

    For a vector y (rotated) and its signs s, `<y, z> ~ scale · <s, z>` with `scale = |y|² / Σ|y_j|`, without bias over
    rotations; the error has the standard deviation `error · |z|` (Gao and Long 2024, RaBitQ, theorem 3.2).

    Returns
    -------
    signs
        Packed (ceil(n / 32), ceil(d / 8), 32): byte by byte, 32 vectors side by side.
    scales, errors
        Of each vector (32 · ceil(n / 32),), 0 beyond the n-th.
    """
    n, dim = vectors.shape
    rows = -(-n // LANES) * LANES
    packed = np.zeros((rows, -(-dim // 8)), dtype=np.uint8)
    scales, errors = np.zeros(rows, dtype=np.float32), np.zeros(rows, dtype=np.float32)
    for first in range(0, n, _CHUNK):
        rotated = vectors[first : first + _CHUNK] @ rotation(dim)
        part = slice(first, first + len(rotated))
        packed[part] = np.packbits(rotated > 0, axis=1)
        squares, sums = np.square(rotated).sum(axis=1), np.abs(rotated).sum(axis=1)
        safe = np.where(sums > 0, sums, 1)
        scales[part] = squares / safe
        errors[part] = np.sqrt(np.maximum(squares * dim * squares / safe**2 - squares, 0) / max(dim - 1, 1))
    lanes = packed.reshape(-1, LANES, packed.shape[1]).transpose(0, 2, 1)
    return np.ascontiguousarray(lanes), scales, errors


def sign_query(query: Float32) -> tuple[Bytes, Float32]:
    """Return a query (d,) rotated and rounded to 16 levels, as tables (ceil(d / 8), 2, 16), with its two factors.

    Level u of 0..15 stands for `z = (2u - 15) · step`. With x the sum of `u` where a sign is negative and of `15 - u`
    where it is positive, `<s, z> = 15 · d · step - 2 · step · x`. A table has the part of x that four signs give, for
    each of the 16 ways that they can be: the first for the high half of a byte, the second for the low one.
    """
    dim = len(query)
    rotated = query @ rotation(dim)
    step = float(np.abs(rotated).max()) / 15
    levels = np.zeros(-(-dim // 8) * 8, dtype=np.int64)
    levels[:dim] = np.clip(np.rint((rotated / (step or 1) + 15) / 2), 0, 15)
    fours = levels.reshape(-1, 2, 4)
    tables = np.where(_WAYS, 15 - fours[:, :, None, :], fours[:, :, None, :]).sum(axis=3).astype(np.uint8)
    return tables, np.array([15 * dim * step, -2 * step], dtype=np.float32)


@lru_cache(maxsize=4)
def rotation(dim: int) -> Float32:
    """Return the random orthogonal matrix (dim, dim) of all indexes of a width; the same on every machine."""
    drawn = np.random.default_rng(dim).standard_normal((dim, dim))
    q, r = np.linalg.qr(drawn)
    turned: Float32 = (q * np.sign(np.diag(r))).astype(np.float32)
    return turned
