"""The inner loops of the indexes: compiled where a C compiler was there at installation, in NumPy where not.

`SEME_KERNELS=numpy` takes the NumPy versions in any case. Both give the same results; `dot_*` may differ in the last
bits, as any two orders of summation do.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from itertools import chain
from struct import Struct
from threading import local
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seme.retrieval.kernel_library import installed, load

Float32 = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
Wide = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

_TERM = Struct("=qqdd")
_C = load(installed())
COMPILED = _C is not None


def _at(array: npt.NDArray[np.generic] | None) -> int | None:
    return None if array is None else array.ctypes.data


def bm25_add(docs: Rows, tfs: npt.NDArray[np.uint16], norms: Float32, weight: float, scores: Float32) -> None:
    """Add `weight · tf / (tf + norm)` to the scores of a posting list's documents.

    Parameters
    ----------
    docs, tfs
        Rows (n,) in ascending order, and how often the term stands in each.
    norms
        Length normalisation of every row.
    scores
        Scores of every row; changed.
    """
    if _C is not None:
        _C.bm25_add(_at(docs), _at(tfs), len(docs), _at(norms), weight, _at(scores))
        return
    tf = tfs.astype(np.float32)
    scores[docs] += np.float32(weight) * (tf / (tf + norms[docs]))


def bm25_add_to(
    docs: Rows, tfs: npt.NDArray[np.uint16], norms: Float32, weight: float, rows: Rows, scores: Float32
) -> None:
    """Do what `bm25_add` does for some rows (ascending) alone."""
    if _C is not None:
        _C.bm25_add_to(_at(docs), _at(tfs), len(docs), _at(norms), weight, _at(rows), len(rows), _at(scores))
        return
    at = np.minimum(np.searchsorted(docs, rows), max(len(docs) - 1, 0))
    hit = at[docs[at] == rows] if len(docs) else at[:0]
    bm25_add(docs[hit], tfs[hit], norms, weight, scores)


class Postings(NamedTuple):
    """Postings of all terms of a segment, and the length normalisation of its rows."""

    docs: Rows
    """Rows that have each term."""
    tfs: npt.NDArray[np.uint16]
    """How often they have it."""
    norms: Float32
    """Length normalisation of every row."""


class PostingsTable:
    """The postings of all segments, in the form in which the kernel takes them.

    Parameters
    ----------
    segments
        Postings of each segment.
    """

    __slots__ = ("_block", "address", "rows", "segments")

    def __init__(self, segments: Sequence[Postings]) -> None:
        self.segments = tuple(segments)
        self.rows = sum(len(one.norms) for one in segments)
        fields = [
            (one.docs.ctypes.data, one.tfs.ctypes.data, one.norms.ctypes.data, len(one.norms)) for one in segments
        ]
        self._block = (ctypes.c_int64 * (4 * len(fields)))(*chain.from_iterable(fields))
        self.address = ctypes.addressof(self._block)


class _Room(local):
    """Where a thread's searches write; addresses are kept because asking an array for its own costs a microsecond."""

    def __init__(self) -> None:
        self.size = 0

    def of(self, size: int) -> None:
        if size > self.size:
            self.heap, self.found = np.empty(size, dtype=np.float32), np.empty(size, dtype=np.float32)
            self.places = np.empty((2, size), dtype=np.int32)
            self.addresses = (self.heap.ctypes.data, self.places.ctypes.data, self.found.ctypes.data)
            self.size = size


_room = _Room()


def pack_term(start: int, stop: int, weight: float, most: float) -> bytes:
    """Return a term of a query for `bm25_top`: where its postings start and stop, its weight, the most it can add."""
    return _TERM.pack(start, stop, weight, most)


def bm25_top(
    table: PostingsTable, terms: Sequence[bytes], allowed: Sequence[Mask | None] | None, k: int, least: float
) -> tuple[Rows, Rows, Float32]:
    """Return segments, rows and scores of the k best scores >= `least`, with all equals of the k-th.

    Compiled only (`COMPILED`): `bm25.scoring` has the same in steps that NumPy can take.

    Parameters
    ----------
    table
        What is searched.
    terms
        For each segment, the query's terms (`pack_term`) in the order of adding up, joined.
    allowed
        Rows of each segment that may be found; `None` for all.
    """
    if _C is None:
        raise RuntimeError("the kernels are not compiled")
    k = min(k, table.rows)
    _room.of(min(k + 1024, table.rows))
    counts = _COUNTS[len(terms)](*[len(one) // _TERM.size for one in terms])
    masks = None if allowed is None else (ctypes.c_void_p * len(terms))(*map(_at, allowed))
    packed = b"".join(terms)
    while True:
        found = _C.bm25_top(table.address, len(terms), packed, counts, masks, k, least, *_room.addresses, _room.size)
        if found >= 0:
            rows, where = _room.places[:, :found].copy()
            return where, rows, _room.found[:found].copy()
        if found != -1:
            raise MemoryError
        _room.of(table.rows)


class _CountArrays(dict[int, type[ctypes.Array[ctypes.c_int64]]]):
    """Array types by length: making one for each search would cost more than the search of a small index."""

    def __missing__(self, length: int) -> type[ctypes.Array[ctypes.c_int64]]:
        return self.setdefault(length, ctypes.c_int64 * length)


_COUNTS = _CountArrays()


def kth_best(scores: Float32, allowed: Mask | None, k: int, least: float) -> float | None:
    """Return the k-th largest score above `least` among allowed rows; `None` if there are fewer than k."""
    if _C is not None:
        heap = np.empty(k, dtype=np.float32)
        size = _C.kth_best(_at(scores), _at(allowed), len(scores), k, least, _at(heap))
        return float(heap[0]) if size == k else None
    kept = scores if allowed is None else scores[allowed]
    kept = kept[kept > np.float32(least)]
    return float(np.partition(kept, len(kept) - k)[len(kept) - k]) if len(kept) >= k else None


def rows_from(scores: Float32, allowed: Mask | None, edge: float) -> Rows:
    """Return the allowed rows whose score is at least `edge`, ascending."""
    if _C is not None:
        rows = np.empty(4096, dtype=np.int32)
        found = _C.rows_from(_at(scores), _at(allowed), len(scores), edge, _at(rows), len(rows))
        if found > len(rows):
            rows = np.empty(found, dtype=np.int32)
            _C.rows_from(_at(scores), _at(allowed), len(scores), edge, _at(rows), found)
        return rows[:found]
    hit = scores >= np.float32(edge)
    return np.flatnonzero(hit if allowed is None else hit & allowed).astype(np.int32)


def dot_float32(vectors: Float32, query: Float32, scores: Float32) -> None:
    """Write the inner products (n,) of vectors (n, d) with a query (d,)."""
    if _C is not None:
        _C.dot_float32(_at(vectors), *vectors.shape, _at(query), _at(scores))
    else:
        np.matmul(vectors, query, out=scores)


def dot_int8(
    codes: npt.NDArray[np.int8], scales: Float32, query: npt.NDArray[np.int16], step: float, scores: Float32
) -> None:
    """Write the inner products (n,) of scaled int8 vectors (n, d) with a query (d,) of integers times `step`.

    The sums of products must fit into 32 bits.
    """
    if _C is not None:
        _C.dot_int8(_at(codes), _at(scales), *codes.shape, _at(query), step, _at(scores))
        return
    wide = query.astype(np.float64)  # exact for any sum that fits into 32 bits
    for start in range(0, len(codes), 8192):
        part = slice(start, start + 8192)
        scores[part] = np.float32(step) * scales[part] * (codes[part] @ wide).astype(np.float32)


def dot_rows(vectors: Float32, rows: Rows, query: Float32) -> Float32:
    """Return the inner products (m,) of some rows of vectors (n, d) with a query (d,)."""
    if _C is None:
        return vectors[rows] @ query
    scores = np.empty(len(rows), dtype=np.float32)
    _C.dot_rows(_at(vectors), vectors.shape[1], _at(rows), len(rows), _at(query), _at(scores))
    return scores


def sign_products(codes: Bytes, scales: Float32, tables: Bytes, factors: Float32, scores: Float32) -> None:
    """Write inner products (32·blocks,) estimated from signs; `dense.codes` has the formula.

    Parameters
    ----------
    codes
        Packed signs (blocks, bytes, 32): 32 vectors side by side.
    scales
        Scale of each vector (32·blocks,).
    tables
        What the high and the low half of each byte add (bytes, 2, 16).
    factors
        Offset and step (2,).
    """
    if _C is not None:
        _C.sign_products(_at(codes), _at(scales), *codes.shape[:2], _at(tables), _at(factors), _at(scores))
        return
    x = np.zeros((len(codes), codes.shape[2]), dtype=np.int32)
    for byte, (high, low) in enumerate(tables):
        x += high[codes[:, byte] >> 4]
        x += low[codes[:, byte] & 15]
    scores[:] = scales * (factors[0] + factors[1] * x.reshape(-1).astype(np.float32))


def nibble_sums(codes: Bytes, tables: Bytes, factors: Float32, scores: Float32) -> None:
    """Write `factors[0] + factors[1] · x`, x the sum of what tables say of codes of four bits (32·blocks,).

    Parameters
    ----------
    codes
        Packed (blocks, bytes, 32): 32 vectors side by side, two codes in a byte.
    tables
        What the high and the low half of each byte add (bytes, 2, 16), at most 127.
    factors
        Offset and step (2,).
    """
    if _C is not None:
        _C.nibble_sums(_at(codes), *codes.shape[:2], _at(tables), _at(factors), _at(scores))
        return
    x = np.zeros((len(codes), codes.shape[2]), dtype=np.int32)
    for byte, (high, low) in enumerate(tables):
        x += high[codes[:, byte] >> 4]
        x += low[codes[:, byte] & 15]
    scores[:] = factors[0] + factors[1] * x.reshape(-1).astype(np.float32)


def nibble_sums_of(codes: Bytes, tables: Float32, rows: Rows) -> Float32:
    """Return the sums (m,) of what tables (bytes, 2, 16) say of some rows of packed codes (blocks, bytes, 32)."""
    scores = np.zeros(len(rows), dtype=np.float32)
    if _C is not None:
        _C.nibble_sums_of(_at(codes), codes.shape[1], _at(tables), _at(rows), len(rows), _at(scores))
        return scores
    found = codes[rows // codes.shape[2], :, rows % codes.shape[2]]
    for byte, (high, low) in enumerate(tables):
        scores += high[found[:, byte] >> 4] + low[found[:, byte] & 15]
    return scores


def byte_sums(codes: Bytes, tables: Float32, scores: Float32) -> None:
    """Write the sums (n,) of what tables (parts, 256) say of codes (n, parts)."""
    if _C is not None:
        _C.byte_sums(_at(codes), *codes.shape, _at(tables), _at(scores))
        return
    scores[:] = 0
    for part, table in enumerate(tables):
        scores += table[codes[:, part]]


def maxsim_near(near: Float32, codes: Rows, offsets: Wide, rows: Wide) -> Float32:
    """Return the MaxSim (m,) of some texts as if each of their vectors were its centroid.

    Compiled only (`COMPILED`): `multivector.segment` has the same for NumPy, and for `maxsim_levels`.

    Parameters
    ----------
    near
        Inner products of centroids and query vectors (c, q).
    codes, offsets
        Centroid of each vector (t,), and where each text's begin (n + 1,).
    rows
        Texts (m,).
    """
    if _C is None:
        raise RuntimeError("the kernels are not compiled")
    best, scores = np.empty(near.shape[1], dtype=np.float32), np.empty(len(rows), dtype=np.float32)
    _C.maxsim_near(_at(near), near.shape[1], _at(codes), _at(offsets), _at(rows), len(rows), _at(best), _at(scores))
    return scores


def maxsim_levels(
    near: Float32, codes: Rows, packed: Bytes, ways: Float32, query: Float32, offsets: Wide, rows: Wide
) -> Float32:
    """Return the MaxSim (m,) of some texts from centroids and what is left in bits.

    Parameters
    ----------
    packed
        Residuals of the vectors (t, bytes).
    ways
        Levels that each byte stands for (256, numbers in a byte).
    query
        Vectors of the query (q, d), times the spread of the residuals.
    """
    if _C is None:
        raise RuntimeError("the kernels are not compiled")
    (q, dim), (width, per) = query.shape, (packed.shape[1], ways.shape[1])
    room, scores = np.empty(2 * q + width * per, dtype=np.float32), np.empty(len(rows), dtype=np.float32)
    _C.maxsim_levels(
        _at(near),
        q,
        _at(codes),
        _at(packed),
        width,
        _at(ways),
        per,
        _at(query),
        dim,
        _at(offsets),
        _at(rows),
        len(rows),
        _at(room),
        _at(scores),
    )
    return scores


def rows_within(scores: Float32, errors: Float32, reach: float, allowed: Mask | None, edge: float) -> Rows:
    """Return the allowed rows, ascending, with `score + reach · error >= edge`."""
    if _C is None:
        hit = scores + np.float32(reach) * errors >= np.float32(edge)
        return np.flatnonzero(hit if allowed is None else hit & allowed).astype(np.int32)
    rows = np.empty(4096, dtype=np.int32)
    given = (_at(scores), _at(errors), reach, _at(allowed), len(scores), edge)
    found = _C.rows_within(*given, _at(rows), len(rows))
    if found > len(rows):
        rows = np.empty(found, dtype=np.int32)
        _C.rows_within(*given, _at(rows), found)
    return rows[:found]
