"""Texts as sets of vectors: all vectors one below the other, and where each text's begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Float32 = npt.NDArray[np.float32]
Offsets = npt.NDArray[np.int64]
_BLOCK = 32_768
"""Vectors that are worked on at once."""


class Packed(NamedTuple):
    """Vectors (t, d) of n texts, and offsets (n + 1,): text i has the rows `offsets[i]` to `offsets[i + 1]`."""

    vectors: Float32
    offsets: Offsets

    @property
    def lengths(self) -> Offsets:
        """Number of vectors of each text (n,)."""
        lengths: Offsets = np.diff(self.offsets)
        return lengths

    def texts(self) -> Iterator[Float32]:
        """Yield the vectors of each text."""
        for i in range(len(self.offsets) - 1):
            yield self.vectors[self.offsets[i] : self.offsets[i + 1]]


def pack(texts: Sequence[npt.ArrayLike]) -> Packed:
    """Return the vectors of texts, each (l, d), as one array with offsets.

    Raises
    ------
    InputError
        If there is no text, one has no vector, or widths differ.
    """
    if not len(texts):
        raise InputError("texts is empty, expected at least one")
    arrays = [np.asarray(one, dtype=np.float32) for one in texts]
    for number, one in enumerate(arrays):
        if one.ndim != 2 or not one.size or one.shape[1] != arrays[0].shape[1]:
            raise InputError(f"text {number} has vectors of the shape {one.shape}, expected (l, d), l > 0, d of all")
    return Packed(np.concatenate(arrays), offsets_of([len(one) for one in arrays]))


def checked_packed(vectors: npt.ArrayLike, offsets: npt.ArrayLike, dim: int) -> Packed:
    """Return vectors and offsets in the form that is stored.

    Raises
    ------
    InputError
        If the width is another one, a value is NaN or infinite, or the offsets do not divide the vectors into texts
        that have one at least.
    """
    array = np.ascontiguousarray(vectors, dtype=np.float32)
    if array.ndim != 2 or array.shape[1] != dim:
        raise InputError(f"vectors have the shape {array.shape}, it must be (t, {dim})")
    places = np.asarray(offsets)
    if places.ndim != 1 or not len(places) or not np.issubdtype(places.dtype, np.integer):
        raise InputError(f"offsets are {places.dtype} {places.shape}, they must be integers (n + 1,)")
    places = places.astype(np.int64)
    if places[0] != 0 or places[-1] != len(array):
        raise InputError(f"offsets go from {places[0]} to {places[-1]}, they must go from 0 to {len(array)}")
    if (steps := np.diff(places)).size and steps.min() < 1:
        raise InputError(f"text {int(np.argmin(steps))} has no vector", hint="Leave empty texts out")
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        text = int(np.searchsorted(places, row, side="right")) - 1
        raise InputError(f"vector {row - places[text]} of text {text} has a NaN or infinite value")
    return Packed(array, places)


def offsets_of(lengths: npt.ArrayLike) -> Offsets:
    """Return where each text begins (n + 1,), from how many vectors each has."""
    return np.concatenate([[0], np.cumsum(np.asarray(lengths, dtype=np.int64))]).astype(np.int64)


def spans(offsets: Offsets, texts: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.int64], Offsets]:
    """Return the rows of some texts' vectors, text by text, and the offsets (m + 1,) of that selection."""
    starts, lengths = offsets[texts], offsets[texts + 1] - offsets[texts]
    places = offsets_of(lengths)
    return np.arange(places[-1]) + np.repeat(starts - places[:-1], lengths), places


def blocks(offsets: Offsets, most: int = _BLOCK) -> Iterator[tuple[int, int]]:
    """Yield ranges of texts (first, last) that have about `most` vectors together, one text at least."""
    first, texts = 0, len(offsets) - 1
    while first < texts:
        last = int(np.searchsorted(offsets, offsets[first] + most, side="right")) - 1
        last = min(max(last, first + 1), texts)
        yield first, last
        first = last
