"""Writing a library out: JSONL for all of it, BibTeX for reference managers, OPML for feed readers."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from seme.errors import InputError
from seme.papers.archive.bibtex import bibtex_entry
from seme.papers.archive.manifest import NAME, RECORDS, describe, is_archive
from seme.papers.archive.opml import feeds_opml
from seme.papers.archive.records import READERS, Record, subscriptions
from seme.papers.library import Library


@dataclass(frozen=True, slots=True)
class Exported:
    """Where an export is, and how many records of each kind it has."""

    folder: Path
    counts: dict[str, int]


def export_library(
    library: Library, folder: Path, *, base_url: str = "", progress: Callable[[int, int], None] | None = None
) -> Exported:
    """Write everything in a library into a folder, which appears whole or not at all.

    Parameters
    ----------
    library
        The library; it is read as it was at one moment, while others go on writing.
    folder
        A folder that does not exist, is empty, or holds an earlier export, which is replaced.
    base_url
        Address of the service, for the feeds in `feeds.opml`.
    progress
        Called with (papers written, papers in all).

    Raises
    ------
    InputError
        If the folder holds anything else.
    """
    folder = folder.absolute()
    if folder.exists() and not (folder.is_dir() and (is_archive(folder) or not any(folder.iterdir()))):
        raise InputError(f"{folder} holds something that is not an export", hint="Name a folder that does not exist")
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        counts = _write_all(library, part, base_url, progress)
        _write(part / NAME, [json.dumps(describe(part, counts), indent=2, sort_keys=True) + "\n"])
        _put_in_place(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Exported(folder, counts)


def _write_all(
    library: Library, part: Path, base_url: str, progress: Callable[[int, int], None] | None
) -> dict[str, int]:
    total = library.papers.count()
    counts = dict.fromkeys(RECORDS, 0)
    options = {} if library.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with library.engine.connect().execution_options(**options) as connection, connection.begin():
        for kind in RECORDS:

            def lines(kind: str = kind) -> Iterable[str]:
                for record in READERS[kind](connection):
                    counts[kind] += 1
                    if progress and kind == "papers":
                        progress(counts[kind], max(total, counts[kind]))
                    yield json_line(record)

            _write(part / f"{kind}.jsonl", lines())
        _write(part / "papers.bib", _bibliography(connection))
        _write(part / "feeds.opml", [feeds_opml(list(subscriptions(connection)), base_url)])
    return counts


def _bibliography(connection: Connection) -> Iterable[str]:
    taken: set[str] = set()
    for record in READERS["papers"](connection):
        if record["removed_at"] is None:
            yield bibtex_entry(record, taken)


def json_line(record: Record) -> str:
    """Return a record as its line of JSON, always the same for the same record."""
    return json.dumps(record, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def _plain(value: Any) -> str:
    if isinstance(value, dt.date):  # a datetime is one as well
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in an export")


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def _put_in_place(part: Path, folder: Path) -> None:
    part.chmod(0o700)  # notes and addresses are nobody else's business
    if not folder.exists():
        part.rename(folder)
        return
    old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-old-"))
    folder.rename(old / "export")
    part.rename(folder)
    shutil.rmtree(old)
