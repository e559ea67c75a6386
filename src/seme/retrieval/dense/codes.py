"""The forms in which vectors are scanned: float32, int8 and single bits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

PRECISIONS = ("float32", "int8", "binary")
Float32 = npt.NDArray[np.float32]


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


def to_int8(vectors: Float32) -> tuple[npt.NDArray[np.int8], Float32]:
    """Return codes (n, d) and scales (n,) with `codes * scales ~ vectors`: each vector's largest value becomes 127."""
    scales = np.abs(vectors).max(axis=1, initial=0.0) / 127
    safe = np.where(scales > 0, scales, 1)[:, None]
    return np.rint(vectors / safe).astype(np.int8), scales.astype(np.float32)


def to_bits(vectors: Float32) -> npt.NDArray[np.uint64]:
    """Return the signs (1 for values above 0), packed into words: (n, ceil(d / 64))."""
    width = -(-vectors.shape[1] // 64) * 8
    packed = np.packbits(vectors > 0, axis=1)
    padded = np.zeros((len(vectors), width), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)
