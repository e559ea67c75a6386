"""Codes of product quantisation in the form in which they are scanned, and the scan for one query.

Up to 16 codewords a part, two codes share a byte and 32 vectors lie side by side: the tables, rounded to seven bits,
fit into registers (André et al. 2017, "Quick ADC"). Their sums are off by a known amount at most, so that the rows
which could be among the best are scored again from the unrounded tables, and none is missed. With more codewords a
code is a byte, and the tables are looked up in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seme.retrieval import kernels
from seme.retrieval.bigranular.quantiser import Bytes, Float32, ProductQuantiser
from seme.retrieval.dense.codes import LANES

Rows = npt.NDArray[np.int32]
NIBBLE = 16
"""Codewords that half a byte can tell apart."""
_MOST = 127
"""The largest entry of a rounded table: what two add up to fits into a byte."""


def packed_shape(rows: int, parts: int, centroids: int) -> tuple[int, ...]:
    """Return the shape of what `pack` gives."""
    return (rows, parts) if centroids > NIBBLE else (-(-rows // LANES), -(-parts // 2), LANES)


def pack(codes: Bytes, centroids: int) -> Bytes:
    """Return codes (n, P) as they are scanned: (ceil(n / 32), ceil(P / 2), 32) up to 16 centroids, else as they are."""
    if centroids > NIBBLE:
        return codes
    n, parts = codes.shape
    padded = np.zeros((-(-n // LANES) * LANES, -(-parts // 2) * 2), dtype=np.uint8)
    padded[:n, :parts] = codes
    joined = padded[:, ::2] << 4 | padded[:, 1::2]
    return np.ascontiguousarray(joined.reshape(-1, LANES, joined.shape[1]).transpose(0, 2, 1))


def unpack(packed: Bytes, rows: int, parts: int, centroids: int) -> Bytes:
    """Return the codes (rows, parts) that `pack` was given."""
    if centroids > NIBBLE:
        return np.asarray(packed)
    joined = packed.transpose(0, 2, 1).reshape(-1, packed.shape[1])
    codes = np.stack([joined >> 4, joined & 15], axis=2).reshape(len(joined), -1)
    return np.ascontiguousarray(codes[:rows, :parts])


class Tables(NamedTuple):
    """Tables of one query, as the kernels take them.

    `exact` is float32, (bytes, 2, 16) or (P, 256); `rounded` (bytes, 2, 16) with `factors` (offset, step) is `None` for
    the second, whose sums have no `error`.
    """

    exact: Float32
    rounded: Bytes | None
    factors: Float32 | None
    error: float


def prepare(quantiser: ProductQuantiser, query: Float32) -> Tables:
    """Return the tables of a query (D,)."""
    found = quantiser.tables(query)
    parts, centroids = found.shape
    if centroids > NIBBLE:
        wide = np.zeros((parts, 256), dtype=np.float32)
        wide[:, :centroids] = found
        return Tables(wide, None, None, 0.0)
    narrow = np.zeros((-(-parts // 2) * 2, NIBBLE), dtype=np.float32)
    narrow[:parts, :centroids] = found
    return _rounded(narrow, parts, centroids)


def _rounded(narrow: Float32, parts: int, centroids: int) -> Tables:
    used = narrow[:parts, :centroids].astype(np.float64)
    low = used.min(axis=1)
    step = float((used.max(axis=1) - low).max()) / _MOST or 1.0
    levels = np.zeros(narrow.shape, dtype=np.uint8)
    levels[:parts, :centroids] = np.rint((used - low[:, None]) / step)
    off = np.abs(levels[:parts, :centroids] * step + low[:, None] - used).max(axis=1).sum()
    # Both sums are of float32 numbers: the second term bounds what they lose (Higham 2002, eq. 3.5).
    lost = 4 * (parts + 4) * np.finfo(np.float32).eps * np.abs(used).max(axis=1).sum()
    factors = np.array([low.sum(), step], dtype=np.float32)
    return Tables(narrow.reshape(-1, 2, NIBBLE), levels.reshape(-1, 2, NIBBLE), factors, float(off + lost))


@dataclass(frozen=True, slots=True)
class Scan:
    """What a query's tables say of packed codes."""

    tables: Tables

    def rows_needed(self, packed: Bytes, rows: int) -> int:
        """Return how many scores `over` writes for so many rows."""
        return rows if self.tables.rounded is None else LANES * len(packed)

    def over(self, packed: Bytes, out: Float32) -> None:
        """Write the scores of all rows, each at most `error` off."""
        if self.tables.rounded is None:
            kernels.byte_sums(packed, self.tables.exact, out)
        else:
            assert self.tables.factors is not None  # noqa: S101  # they come together
            kernels.nibble_sums(packed, self.tables.rounded, self.tables.factors, out)

    def of(self, packed: Bytes, rows: Rows, estimates: Float32) -> Float32:
        """Return the scores (m,) of some rows without that error, given the estimates of all."""
        if self.tables.rounded is None:
            return estimates[rows]
        return kernels.nibble_sums_of(packed, self.tables.exact, rows)
