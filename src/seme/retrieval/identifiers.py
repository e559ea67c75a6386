"""The ids of a segment's rows: found by binary search, so that a million of them need no Python object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

LONGEST_ID = 400


def encode_ids(ids: Iterable[str]) -> npt.NDArray[np.bytes_]:
    """Return ids as an array of UTF-8 bytes (n,).

    Raises
    ------
    InputError
        If an id is empty, ends in NUL or is longer than `LONGEST_ID` bytes.
    """
    encoded = [i.encode() for i in ids]
    for one in encoded:
        if not 0 < len(one) <= LONGEST_ID or one.endswith(b"\x00"):
            raise InputError(f"id {one[:50]!r} must have 1 to {LONGEST_ID} bytes and not end in NUL")
    return np.array(encoded or [], dtype=f"S{max(map(len, encoded), default=1)}")


def unique_ids(ids: Sequence[str]) -> None:
    """Refuse a list in which an id stands twice.

    Raises
    ------
    InputError
        Naming the first id that is repeated.
    """
    if len(set(ids)) != len(ids):
        seen: set[str] = set()
        twice = next(i for i in ids if i in seen or seen.add(i))  # type: ignore[func-returns-value]
        raise InputError(f"id {twice!r} stands twice in one call")


def decode_id(encoded: bytes) -> str:
    """Return one id as text."""
    return bytes(encoded).decode()


def sorted_order(ids: npt.NDArray[np.bytes_]) -> npt.NDArray[np.int32]:
    """Return the rows in the order of their ids."""
    return np.argsort(ids, kind="stable").astype(np.int32)


def find_rows(
    ids: npt.NDArray[np.bytes_], order: npt.NDArray[np.int32], wanted: npt.NDArray[np.bytes_]
) -> npt.NDArray[np.int64]:
    """Return the row of each wanted id, -1 where there is none."""
    if not len(ids) or not len(wanted):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.searchsorted(ids, wanted, sorter=order)
    rows = order[np.minimum(at, len(ids) - 1)].astype(np.int64)
    return np.where(ids[rows] == wanted, rows, -1)
