"""Rows of activations on disk or in memory, read in any order without loading them all.

A store's folder, as `record` leaves it:

    index.json            site, model, dtype, width, rows per shard, mean, norm, settings and their hash
    values-00000.bin …    the rows, in shards of a bounded size
    rows-00000.bin        document and position of each row, two int32
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from seme.errors import CorruptionError, InputError
from seme.interp.activations.durable import log_path
from seme.interp.activations.rows import Floats, RowDtype, Stored, decode, row_bytes, stored_shape

INDEX = "index.json"
FORMAT = 1
_CHUNK = 8192  # rows that are decoded at a time where all are read

Indices: TypeAlias = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Description:
    """What a store says of itself; `index.json` holds it.

    Parameters
    ----------
    site
        The site's name, or "" for rows that no model gave.
    model_name
        The model's name, or "".
    dtype
        How the rows are stored.
    width
        Numbers in a row.
    heads
        A row is so many heads side by side: `rows.reshape(-1, heads, width // heads)`.
    documents
        How many sequences were recorded.
    settings
        Everything that the recording depended on.
    settings_hash
        SHA-256 of the settings.
    """

    site: str
    model_name: str
    dtype: RowDtype
    width: int
    heads: int | None = None
    documents: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_hash: str = ""


class Store:
    """Rows of activations (n, width), each with the document and the position that it comes from.

    Made by `Store.open`, `as_store` or `record`.

    Parameters
    ----------
    description
        What the rows are.
    shards
        Arrays of stored rows, one after the other.
    index
        Document and position of each row, (n, 2).
    moments
        Mean row and mean length, where they are known.
    chosen
        The rows of the shards that this store is made of, where it is a part of another.
    """

    def __init__(
        self,
        description: Description,
        shards: Sequence[Stored],
        index: npt.NDArray[np.int32],
        *,
        moments: tuple[Floats, float] | None = None,
        chosen: Indices | None = None,
    ) -> None:
        self.description = description
        self._shards, self._whole_index, self._known, self._chosen = shards, index, moments, chosen
        self._starts = np.cumsum([0] + [len(shard) for shard in shards])

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        """Open what `record` has made for one site; the shards are memory-mapped.

        Raises
        ------
        InputError
            If there is no finished store in the folder.
        CorruptionError
            If a file is missing or was cut.
        """
        folder = Path(folder)
        body = _read_index(folder)
        try:
            index_rows = sum(body["shards"])
            description = Description(**body["description"])
            kind, columns = stored_shape(description.dtype, description.width)
            shards = [
                _mapped(log_path(folder, "values", number), kind, (rows, columns))
                for number, rows in enumerate(body["shards"])
            ]
            index = _mapped(log_path(folder, "rows", 0), np.dtype("<i4"), (index_rows, 2))
            moments = np.asarray(body["mean"], dtype=np.float32), float(body["norm"])
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptionError(f"{folder / INDEX} is not the index of a store", hint="Record it again") from error
        return cls(description, shards, index, moments=moments)

    def __len__(self) -> int:
        return len(self._chosen) if self._chosen is not None else int(self._starts[-1])

    @property
    def site(self) -> str:
        """The site's name, or "" for rows that no model gave."""
        return self.description.site

    @property
    def model_name(self) -> str:
        """The model's name, or ""."""
        return self.description.model_name

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return self.description.width

    @property
    def nbytes(self) -> int:
        """Bytes that the rows take where they are stored."""
        return len(self) * row_bytes(self.description.dtype, self.width)

    @property
    def index(self) -> npt.NDArray[np.int32]:
        """Document and position (in tokens, padding not counted) of each row, (n, 2)."""
        return self._whole_index if self._chosen is None else self._whole_index[self._chosen]

    @property
    def mean(self) -> Floats:
        """The mean row, (width,)."""
        return self._moments[0]

    @property
    def norm(self) -> float:
        """The mean Euclidean length of a row."""
        return self._moments[1]

    def rows(self, indices: npt.ArrayLike | slice) -> Floats:
        """Return rows by number, as float32 (n, width), in the order asked for.

        Raises
        ------
        InputError
            If there is no row of some number.
        """
        numbers = np.arange(len(self))[indices] if isinstance(indices, slice) else np.asarray(indices)
        if numbers.size == 0:
            return np.empty((0, self.width), dtype=np.float32)
        if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
            raise InputError(f"indices are {numbers.ndim}-d of {numbers.dtype}; a list of row numbers is wanted")
        if numbers.min() < 0 or numbers.max() >= len(self):
            raise InputError(f"rows {numbers.min()} to {numbers.max()} were asked for; the store has {len(self)}")
        return self._read(numbers if self._chosen is None else self._chosen[numbers])

    def chunks(self, size: int = _CHUNK) -> Iterator[Floats]:
        """Yield all rows once, in the order in which they are stored, `size` at a time."""
        for start in range(0, len(self), _checked_size(size)):
            yield self.rows(slice(start, start + size))

    def batches(self, size: int, *, seed: int, epochs: int = 1) -> Iterator[Floats]:
        """Yield all rows in a random order over the whole store, another one in each epoch.

        The order is a permutation drawn from the seed at the time of reading, 4 bytes a row; only the rows of a batch
        are loaded.

        Parameters
        ----------
        size
            Rows in a batch; the last one of an epoch may have fewer.
        seed
            Of the permutation.
        epochs
            How often each row is given.

        Yields
        ------
        ndarray
            float32, (size, width).
        """
        _checked_size(size)
        numbers = np.arange(len(self), dtype=np.uint32 if len(self) < 1 << 32 else np.int64)
        for epoch in range(epochs):
            order = np.random.default_rng([seed, epoch]).permutation(numbers)
            for start in range(0, len(order), size):
                yield self.rows(order[start : start + size])

    def split(self, held_out: float, *, seed: int) -> tuple[Store, Store]:
        """Split by documents, so that no text is on both sides: (the rest, the held-out share).

        Raises
        ------
        InputError
            If the share is not between 0 and 1, or leaves one side without documents.
        """
        if not 0 < held_out < 1:
            raise InputError(f"held_out is {held_out}; it may be between 0 and 1")
        documents = np.unique(self.index[:, 0])
        count = round(held_out * len(documents))
        if not 0 < count < len(documents):
            raise InputError(f"held_out is {held_out} of {len(documents)} documents, which leaves one side empty")
        out = np.isin(self.index[:, 0], np.random.default_rng(seed).permutation(documents)[:count])
        return self.part(np.flatnonzero(~out)), self.part(np.flatnonzero(out))

    def part(self, numbers: Indices) -> Store:
        """Return the store that is made of some rows; nothing is copied but their numbers."""
        chosen = numbers if self._chosen is None else self._chosen[numbers]
        return Store(self.description, self._shards, self._whole_index, chosen=chosen)

    def require(self, *, site: str | None = None, width: int | None = None, model_name: str | None = None) -> None:
        """Refuse rows that are not what something was made for.

        Raises
        ------
        InputError
            If the store is known to be of another site or model, or has another width.
        """
        found = {"site": self.site, "width": self.width, "model": self.model_name}
        for key, wanted in {"site": site, "width": width, "model": model_name}.items():
            if wanted and found[key] and found[key] != wanted:
                raise InputError(f"the activations are of {key} {found[key]!r}, and {wanted!r} is needed")

    @cached_property
    def _moments(self) -> tuple[Floats, float]:
        if self._known is not None:
            return self._known
        total, lengths = np.zeros(self.width), 0.0
        for rows in self.chunks():
            total += rows.sum(axis=0, dtype=np.float64)
            lengths += float(np.linalg.norm(rows.astype(np.float64), axis=1).sum())
        return (total / len(self)).astype(np.float32), lengths / len(self)

    def _read(self, numbers: Indices) -> Floats:
        found = np.empty((len(numbers), self.width), dtype=np.float32)
        shard_of = np.searchsorted(self._starts, numbers, side="right") - 1
        for shard in np.unique(shard_of):
            places = np.flatnonzero(shard_of == shard)
            found[places] = decode(self._shards[shard][numbers[places] - self._starts[shard]], self.description.dtype)
        return found


def as_store(x: npt.ArrayLike | torch.Tensor | Store | Path | str, *, site: str = "", model_name: str = "") -> Store:
    """Return a store of whatever holds rows: a store, its folder, or a two-dimensional array or tensor.

    Parameters
    ----------
    x
        A `Store` (returned as it is), the folder of one, or an array (rows, width); each row of an array counts as a
        document of its own.
    site, model_name
        What an array's rows are, if that is known.

    Raises
    ------
    InputError
        If an array is not two-dimensional, is empty, or holds NaN or infinity.
    """
    if isinstance(x, Store):
        return x
    if isinstance(x, Path | str):
        return Store.open(x)
    array = x.detach().float().cpu().numpy() if isinstance(x, torch.Tensor) else np.asarray(x)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(
            f"activations have shape {array.shape}; (rows, width) with at least one row is wanted",
            hint="x.reshape(-1, x.shape[-1]) makes rows of (batch, tokens, width)" if array.ndim > 2 else "",
        )
    if array.dtype.kind not in "fiu":
        raise InputError(f"activations are of type {array.dtype}; numbers are wanted")
    array = array.astype(np.float32, copy=False)
    if not np.isfinite(array.sum(dtype=np.float64)) and not np.isfinite(array).all():
        raise InputError("activations hold NaN or infinity", hint="Leave those rows out")
    index = np.zeros((len(array), 2), dtype=np.int32)
    index[:, 0] = np.arange(len(array))
    description = Description(site, model_name, "float32", array.shape[1], documents=len(array))
    return Store(description, [array], index)


def _read_index(folder: Path) -> dict[str, Any]:
    try:
        body = json.loads((folder / INDEX).read_text())
    except FileNotFoundError as error:
        raise InputError(
            f"there is no finished store in {folder}",
            hint="record(model, batches, sites, folder=...) makes one in a folder for each site",
        ) from error
    except (ValueError, OSError) as error:
        raise CorruptionError(f"{folder / INDEX} cannot be read", hint="Record it again") from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise InputError(f"{folder / INDEX} is not of format {FORMAT}, which is what this version reads")
    return body


def _mapped(path: Path, kind: np.dtype[Any], shape: tuple[int, int]) -> Stored:
    if not path.is_file() or path.stat().st_size != kind.itemsize * shape[0] * shape[1]:
        raise CorruptionError(f"{path} is missing or was cut", hint="Delete the folder and record again")
    return np.memmap(path, dtype=kind, mode="r", shape=shape).view(np.ndarray)


def _checked_size(size: int) -> int:
    if size < 1:
        raise InputError(f"size is {size}; it may be 1 or more")
    return size
