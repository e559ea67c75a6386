"""Binary codes: bits packed into bytes, their Hamming distances, and the layout in which they are scanned."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.dense.codes import LANES

Bytes = npt.NDArray[np.uint8]
_CHUNK = 1_000_000
"""Most distances of which the differing bits are held at once."""
_APART = np.bitwise_count(np.arange(16, dtype=np.uint8)[:, None] ^ np.arange(16, dtype=np.uint8))
"""In how many bits two numbers of four bits differ."""


def pack(bits: npt.ArrayLike) -> Bytes:
    """Return bits (n, B), each 0 or 1, as bytes (n, ceil(B / 8)); the last byte is filled up with zeros.

    Raises
    ------
    InputError
        If the shape is another one, there are no bits, or a value is neither 0 nor 1 (NaN, a sigmoid's value).
    """
    array = np.asarray(bits)
    if array.ndim != 2 or not array.shape[1]:
        raise InputError(f"bits have the shape {array.shape}, expected (n, B) with B >= 1")
    if array.dtype != np.bool_ and not np.isin(array, (0, 1)).all():
        raise InputError("bits hold a value that is neither 0 nor 1", hint="Round before packing: pack(values > 0.5)")
    return np.packbits(array.astype(np.bool_), axis=1)


def unpack(codes: npt.ArrayLike, bits: int) -> Bytes:
    """Return packed codes (n, ceil(bits / 8)) as bits (n, bits), 0 or 1.

    Raises
    ------
    InputError
        If the codes are not of this width.
    """
    return np.unpackbits(checked(codes, bits), axis=1, count=bits)


def checked(codes: npt.ArrayLike, bits: int) -> Bytes:
    """Return packed codes as a contiguous array (n, ceil(bits / 8)).

    Raises
    ------
    InputError
        If they are not bytes of this width, or a bit beyond the last one is set.
    """
    array = np.asarray(codes)
    if array.dtype != np.uint8:
        raise InputError(f"codes are {array.dtype}, expected packed bytes (uint8)", hint="seme.retrieval.binary.pack")
    width = -(-bits // 8)
    if array.ndim != 2 or array.shape[1] != width:
        raise InputError(f"codes have the shape {array.shape}, expected (n, {width}) for {bits} bits")
    if bits % 8 and (array[:, -1] & (0xFF >> bits % 8)).any():
        raise InputError(f"a code has a bit beyond the {bits}th, expected zeros there")
    return np.ascontiguousarray(array)


def hamming(first: Bytes, second: Bytes) -> npt.NDArray[np.uint16]:
    """Return in how many bits packed codes (m, bytes) and (n, bytes) differ, (m, n).

    Raises
    ------
    InputError
        If the widths differ.
    """
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise InputError(f"codes have the shapes {first.shape} and {second.shape}, expected equal widths")
    left, right = (_words(one) for one in (first, second))
    found = np.empty((len(left), len(right)), dtype=np.uint16)
    step = max(1, _CHUNK // max(1, right.size))
    for start in range(0, len(left), step):
        apart = np.bitwise_count(left[start : start + step, None] ^ right)
        found[start : start + step] = apart.sum(axis=2, dtype=np.uint16)
    return found


def to_lanes(codes: Bytes) -> Bytes:
    """Return codes (n, bytes) as the kernels scan them, (ceil(n / 32), bytes, 32): byte by byte, 32 codes abreast."""
    n, width = codes.shape
    padded = np.zeros((-(-n // LANES) * LANES, width), dtype=np.uint8)
    padded[:n] = codes
    return np.ascontiguousarray(padded.reshape(-1, LANES, width).transpose(0, 2, 1))


def from_lanes(lanes: Bytes, rows: npt.NDArray[np.integer]) -> Bytes:
    """Return some rows of codes that `to_lanes` laid out, (m, bytes)."""
    return np.ascontiguousarray(lanes[rows // LANES, :, rows % LANES])


def tables_of(code: Bytes) -> Bytes:
    """Return in how many bits a query's code (bytes,) differs from each half byte there can be, (bytes, 2, 16)."""
    return np.ascontiguousarray(np.stack([_APART[code >> 4], _APART[code & 15]], axis=1))


@lru_cache(maxsize=16)
def ones(size: int) -> npt.NDArray[np.float32]:
    """Return ones: the scales that `kernels.sign_products` gives to codes that have none."""
    return np.ones(size, dtype=np.float32)


def _words(codes: Bytes) -> npt.NDArray[np.uint64]:
    """Return codes as words of eight bytes, filled up with zeros."""
    padded = np.zeros((len(codes), -(-codes.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : codes.shape[1]] = codes
    return padded.view(np.uint64)
