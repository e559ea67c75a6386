"""The log of a training run: one JSON object per line, in `metrics.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Record = dict[str, float]


class Metrics:
    """The records of a run, kept in memory and, where there is a folder, appended to its file.

    Parameters
    ----------
    folder
        The run's folder, or None.
    up_to
        Records of later steps are dropped: they belong to what a resumed run does again.
    """

    def __init__(self, folder: Path | None, *, up_to: int) -> None:
        self._path = folder / "metrics.jsonl" if folder else None
        self.records: list[Record] = []
        if self._path is not None and self._path.exists():
            self.records = [record for record in _read(self._path) if record["step"] <= up_to]
            _replace(self._path, self.records)

    def add(self, record: Mapping[str, float]) -> None:
        """Append a record."""
        self.records.append(dict(record))
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps(record) + "\n")


def _read(path: Path) -> list[Record]:
    records: list[Record] = []
    for line in path.read_text().splitlines():
        try:
            record: Any = json.loads(line)
        except ValueError:
            # The last line of a process that was killed while it wrote.
            break
        records.append(record)
    return records


def _replace(path: Path, records: list[Record]) -> None:
    building = path.with_name(f".{path.name}")
    building.write_text("".join(json.dumps(record) + "\n" for record in records))
    building.replace(path)
