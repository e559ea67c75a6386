"""Files that survive a kill: logs of rows that are cut back to what was committed, and JSON that is replaced whole.

Both are for one writer at a time.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError


class RowLog:
    """Rows of one size, appended to files of a bounded number of rows: `NAME-00000.bin`, `NAME-00001.bin`, and so on.

    Parameters
    ----------
    folder
        An existing folder.
    name
        How the files begin.
    row_bytes
        The size of a row.
    rows
        How many rows are committed; whatever lies behind them is cut off.
    rows_per_file
        How many rows a file holds before the next one begins; None for all in one.

    Raises
    ------
    CorruptionError
        If fewer rows are there than were committed.
    """

    def __init__(self, folder: Path, name: str, row_bytes: int, *, rows: int, rows_per_file: int | None = None) -> None:
        self.folder, self.name, self.row_bytes = folder, name, row_bytes
        self.rows, self.rows_per_file = rows, rows_per_file
        self._file: BinaryIO | None = None
        self._cut_back()

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Write rows behind the last one; they are safe once `sync` has returned."""
        data = np.ascontiguousarray(rows).reshape(-1).view(np.uint8).data
        while data:
            file = self._current()
            fitting = data[: self._room() * self.row_bytes]
            file.write(fitting)
            self.rows += len(fitting) // self.row_bytes
            data = data[len(fitting) :]
            if self.rows_per_file and self.rows % self.rows_per_file == 0:
                self.sync()
                self.close()

    def sync(self) -> None:
        """Wait until everything that was appended is on the disk."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file that is written to."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _room(self) -> int:
        return self.rows_per_file - self.rows % self.rows_per_file if self.rows_per_file else 1 << 48

    def _current(self) -> BinaryIO:
        if self._file is None:
            number = self.rows // self.rows_per_file if self.rows_per_file else 0
            self._file = log_path(self.folder, self.name, number).open("ab")
            sync_folder(self.folder)
        return self._file

    def _cut_back(self) -> None:
        kept = set()
        for number, rows in enumerate(rows_of_files(self.rows, self.rows_per_file)):
            path, size = log_path(self.folder, self.name, number), rows * self.row_bytes
            if not path.is_file() or path.stat().st_size < size:
                raise CorruptionError(f"{path} is missing or was cut", hint="Delete the folder and record again")
            os.truncate(path, size)
            kept.add(path)
        for path in set(self.folder.glob(f"{self.name}-*.bin")) - kept:
            path.unlink()


def log_path(folder: Path, name: str, number: int) -> Path:
    """Return the path of one file of a log."""
    return folder / f"{name}-{number:05d}.bin"


def rows_of_files(rows: int, rows_per_file: int | None) -> list[int]:
    """Return how many rows each file of a log holds."""
    if rows_per_file is None:
        return [rows] if rows else []
    full, rest = divmod(rows, rows_per_file)
    return [rows_per_file] * full + [rest] * bool(rest)


def write_json(path: Path, body: object) -> None:
    """Replace a JSON file in one step that survives a power cut."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w") as file:
        json.dump(body, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until a folder's entries are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
