"""What the indexes share: living and dead rows in immutable segments, found by id, saved in one step."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError, InputError, NotFoundError
from seme.retrieval import store
from seme.retrieval.identifiers import decode_id, encode_ids, find_rows
from seme.retrieval.store import Arrays

Masks = list[npt.NDArray[np.bool_]]
"""Which rows of each segment may be found."""

_FAN = 6
"""Segments of one size class that are merged into one."""


@dataclass(slots=True)
class Segment:
    """Arrays that never change (`ids` and their sorted `order` among them), and which rows are left."""

    arrays: Arrays
    alive: npt.NDArray[np.bool_]
    entry: dict[str, Any] | None = None
    """What the manifest says of it; `None` while it is only in memory."""
    touched: bool = False
    """Whether rows died since it was written."""
    dead: int = 0
    """Number of rows that died."""

    @property
    def rows(self) -> int:
        """Number of rows, dead ones included."""
        return len(self.alive)

    @property
    def living(self) -> int:
        """Number of rows that are left."""
        return self.rows - self.dead

    def kill(self, row: int) -> None:
        """Take a living row out."""
        self.alive[row] = False
        self.dead += 1
        self.touched = True

    def mask(self, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.bool_] | None:
        """Return which rows may be found; `None` if all may."""
        if not self.dead:
            return allowed
        return self.alive if allowed is None else self.alive & allowed

    def find(self, encoded: npt.NDArray[np.bytes_]) -> npt.NDArray[np.int64]:
        """Return the row of each id, dead or not; -1 where there is none."""
        return find_rows(self.arrays["ids"], self.arrays["order"], encoded)

    def write(self, folder: Path, generation: int, number: int) -> dict[str, Any]:
        """Write what the folder does not have yet; return the entry for the manifest."""
        entry = self.entry or store.write_segment(folder, generation * 1000 + number, self.arrays)
        if self.touched or (self.entry is None and self.dead):
            name = f"alive-{generation:06d}.npy"
            files = {key: size for key, size in entry["files"].items() if not key.startswith("alive-")}
            files[name] = store.write_array(folder / entry["name"] / name, self.alive)
            entry = {**entry, "files": files, "alive": name}
        self.entry, self.touched = entry, False
        return entry


AnySegment = TypeVar("AnySegment", bound=Segment)


def read_parts(folder: Path, entry: Mapping[str, Any]) -> tuple[Arrays, npt.NDArray[np.bool_], int]:
    """Map the arrays of a segment that the manifest names; return them, its living rows, and how many are dead."""
    path, marks = folder / entry["name"], entry.get("alive")
    names = [name.removesuffix(".npy") for name in entry["files"] if not name.startswith("alive-")]
    arrays = {name: store.read_array(path / f"{name}.npy") for name in names}
    alive = np.array(store.read_array(path / marks)) if marks else np.ones(len(arrays["ids"]), dtype=np.bool_)
    return arrays, alive, int(len(alive) - np.count_nonzero(alive))


def checked_config(folder: Path, manifest: store.Manifest, *, layout: object, encoder: str | None) -> dict[str, Any]:
    """Return the configuration in a manifest.

    Raises
    ------
    CorruptionError
        If it was written in another layout.
    InputError
        If vectors or codes come from another encoder than the one asked for; `None` asks for none.
    """
    config: dict[str, Any] = dict(manifest.config)
    if config.get("layout") != layout:
        raise CorruptionError(f"the index in {folder} was written by another version of Seme", hint=store.REBUILD)
    if encoder is not None and config["encoder"] != encoder:
        raise InputError(f"the index in {folder} was built with {config['encoder']}, not {encoder}")
    return config


class SegmentedIndex(ABC, Generic[AnySegment]):
    """The part of an index that is the same for words and for vectors."""

    kind: str

    def __init__(self) -> None:
        self.generation = 0
        self._segments: list[AnySegment] = []
        self._folder: Path | None = None
        self._writable = True

    def __len__(self) -> int:
        return sum(s.living for s in self._segments)

    def __contains__(self, document_id: str) -> bool:
        return self._find(document_id) is not None

    def ids(self) -> list[str]:
        """Return the ids of everything in the index."""
        return [decode_id(i) for s in self._segments for i in s.arrays["ids"][s.alive]]

    def mask(self, ids: Iterable[str]) -> Masks:
        """Return, for `allowed` of a search, which rows these ids are; unknown ones are left out."""
        wanted, masks = encode_ids(ids), []
        for s in self._segments:
            rows = s.find(wanted)
            mask = np.zeros(s.rows, dtype=np.bool_)
            mask[rows[rows >= 0]] = True
            masks.append(mask)
        return masks

    def numbered(self, numbers: Mapping[str, int]) -> list[npt.NDArray[np.int64]]:
        """Return, for each segment, the number of each row's id; -1 where the mapping has none.

        Who filters often by sets of numbers makes masks of these faster than of ids.
        """
        return [
            np.fromiter((numbers.get(decode_id(i), -1) for i in s.arrays["ids"].tolist()), np.int64, s.rows)
            for s in self._segments
        ]

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents.

        Raises
        ------
        NotFoundError
            If one of them is not there; then none is removed.
        """
        self._must_be_writable()
        for document_id in ids:
            if document_id not in self:
                raise NotFoundError(f"the index has no document {document_id!r}")
        self._drop(ids)

    def save(self, path: Path | str) -> None:
        """Write what changed; the folder holds the former state or the new one at any moment.

        Raises
        ------
        InputError
            If the folder holds another index, or was changed since this one was opened.
        """
        self._must_be_writable()
        folder = Path(path)
        with store.writer_lock(folder):
            store.check_target(folder, self.kind, self._folder, self.generation)
            self._write_shared(folder)
            self._compact()
            if folder != self._folder:
                for s in self._segments:
                    s.entry = None  # what was written elsewhere is written here once more
            entries = [s.write(folder, self.generation + 1, number) for number, s in enumerate(self._segments)]
            manifest = store.Manifest(self.kind, self.generation + 1, self._config(), tuple(entries))
            store.write_manifest(folder, manifest)
            self.generation, self._folder = manifest.generation, folder

    def _adopt(self, folder: Path, manifest: store.Manifest, segments: Sequence[AnySegment], *, writable: bool) -> None:
        """Become what a folder holds."""
        self.generation, self._segments = manifest.generation, list(segments)
        self._folder, self._writable = folder, writable

    def _write_shared(self, folder: Path) -> None:
        """Write what all segments share and the folder does not have yet, under a name that its content gives."""

    @abstractmethod
    def _config(self) -> Mapping[str, Any]:
        """Return what `open` needs besides the segments."""

    @abstractmethod
    def _merge(self, segments: Sequence[AnySegment]) -> AnySegment:
        """Return one segment of the living rows of several."""

    def _find(self, document_id: str) -> tuple[AnySegment, int] | None:
        wanted = encode_ids([document_id])
        for s in self._segments:
            row = int(s.find(wanted)[0])
            if row >= 0 and s.alive[row]:
                return s, row
        return None

    def _places(self, ids: Sequence[str]) -> list[tuple[int, int]]:
        """Return the number of the segment and the row of each id; (-1, -1) where there is none."""
        wanted = encode_ids(ids)
        places = np.full((len(ids), 2), -1, dtype=np.int64)
        left = np.arange(len(ids))
        for number, s in enumerate(self._segments):
            if not len(left):
                break
            rows = s.find(wanted[left])
            here = rows >= 0
            here[here] = s.alive[rows[here]]
            places[left[here]] = np.stack([np.full(int(here.sum()), number), rows[here]], axis=1)
            left = left[~here]
        return [(number, row) for number, row in places.tolist()]

    def _drop(self, ids: Sequence[str]) -> None:
        wanted = encode_ids(ids)
        for s in self._segments:
            for row in s.find(wanted).tolist():
                if row >= 0 and s.alive[row]:
                    s.kill(row)

    def _compact(self) -> None:
        """Drop empty segments; merge many small ones of a size class, or rewrite half-dead ones."""
        self._segments = [s for s in self._segments if s.living]
        classes: dict[int, list[AnySegment]] = {}
        for s in self._segments:
            classes.setdefault(int(math.log(s.rows + 1, 8)), []).append(s)
        chosen = [s for group in classes.values() if len(group) >= _FAN for s in group]
        chosen = chosen or [s for s in self._segments if s.living * 2 < s.rows]
        if chosen:
            kept = [s for s in self._segments if all(s is not one for one in chosen)]
            self._segments = [*kept, self._merge(chosen)]

    def _must_be_writable(self) -> None:
        if not self._writable:
            raise InputError("the index was opened for reading", hint="Open it with writable=True")
