"""A part of a bi-granular index that never changes: codes in memory, vectors in a file."""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError
from seme.retrieval import kernels, store
from seme.retrieval.bigranular import scan
from seme.retrieval.bigranular.quantiser import Bytes, Float32, ProductQuantiser
from seme.retrieval.identifiers import sorted_order
from seme.retrieval.segmented import Segment, read_parts

PAGE = 4096
"""Bytes of a page."""


@dataclass(slots=True)
class BigranularSegment(Segment):
    """`codes` (`scan.pack`) and `vectors` (n, d) float32, which lie at byte `offset` of their file once saved."""

    offset: int | None = None

    def verify(self, rows: scan.Rows, query: Float32) -> tuple[Float32, int]:
        """Return the inner products (m,) of the vectors of some rows (ascending), and how many pages were read.

        A segment that is still in memory reads none.
        """
        vectors = self.arrays["vectors"]
        scores = kernels.dot_rows(vectors, rows, query)
        if self.offset is None or not len(rows):
            return scores, 0
        width = vectors.shape[1] * vectors.itemsize
        first = self.offset + rows.astype(np.int64) * width
        last, first = (first + width - 1) // PAGE, first // PAGE
        # Rows ascend: a page that two of them share is the last of one and the first of the next.
        shared = np.count_nonzero(first[1:] == last[:-1])
        return scores, int((last - first + 1).sum() - shared)

    def resident(self) -> int:
        """Return the bytes in memory: codes and marks of living rows, and all arrays while there is no file."""
        held = sum(one.nbytes for one in self.arrays.values()) if self.offset is None else self.arrays["codes"].nbytes
        return int(held + self.alive.nbytes)


def build(
    ids: npt.NDArray[np.bytes_], codes: Bytes, vectors: Float32, quantiser: ProductQuantiser
) -> BigranularSegment:
    """Build a segment of codes (n, P) and vectors (n, d)."""
    packed = scan.pack(codes, quantiser.centroids)
    arrays = {"ids": ids, "order": sorted_order(ids), "codes": packed, "vectors": vectors}
    return BigranularSegment(arrays, np.ones(len(ids), dtype=np.bool_))


def merge(segments: Sequence[BigranularSegment], quantiser: ProductQuantiser) -> BigranularSegment:
    """Build one segment of the living rows of several."""
    width = max(s.arrays["ids"].dtype.itemsize for s in segments)
    ids = np.concatenate([s.arrays["ids"][s.alive].astype(f"S{width}") for s in segments])
    parts, size = quantiser.parts, quantiser.centroids
    codes = [scan.unpack(s.arrays["codes"], s.rows, parts, size)[s.alive] for s in segments]
    vectors = [s.arrays["vectors"][s.alive] for s in segments]
    return build(ids, np.concatenate(codes), np.concatenate(vectors), quantiser)


def read(folder: Path, entry: Mapping[str, Any], quantiser: ProductQuantiser, dim: int) -> BigranularSegment:
    """Open a segment: codes are read into memory, the rest is mapped.

    Raises
    ------
    CorruptionError
        If the arrays do not fit each other, the codebook or the width.
    """
    arrays, alive, dead = read_parts(folder, entry)
    if not _fits(arrays, len(alive), quantiser, dim):
        raise CorruptionError(f"the arrays in {folder / entry['name']} do not fit each other", hint=store.REBUILD)
    arrays["codes"] = np.array(arrays["codes"])
    vectors = arrays["vectors"]
    _read_at_random(vectors)
    offset = (folder / entry["name"] / "vectors.npy").stat().st_size - vectors.nbytes
    return BigranularSegment(arrays, alive, dict(entry), dead=dead, offset=offset)


def _fits(arrays: Mapping[str, npt.NDArray[Any]], rows: int, quantiser: ProductQuantiser, dim: int) -> bool:
    if set(arrays) != {"ids", "order", "codes", "vectors"}:
        return False
    shapes = {
        "ids": (rows,),
        "order": (rows,),
        "codes": scan.packed_shape(rows, quantiser.parts, quantiser.centroids),
        "vectors": (rows, dim),
    }
    kinds = {"ids": "S", "order": "int32", "codes": "uint8", "vectors": "float32"}
    if any(
        one.shape != shapes[name] or kinds[name] not in (one.dtype.kind, one.dtype.name) for name, one in arrays.items()
    ):
        return False
    codes = arrays["codes"]
    return quantiser.centroids <= scan.NIBBLE or not codes.size or int(codes.max()) < quantiser.centroids


def _read_at_random(vectors: npt.NDArray[Any]) -> None:
    """Tell the system not to read ahead: rows are pages apart."""
    base: Any = vectors
    while base is not None and not isinstance(base, mmap.mmap):
        base = getattr(base, "base", None)
    if base is not None and hasattr(mmap, "MADV_RANDOM"):
        base.madvise(mmap.MADV_RANDOM)
