"""Reading an export back, into an empty library or one that has papers and people of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, func, select, update

from seme.errors import InputError
from seme.papers.archive.belongings import RESTORERS
from seme.papers.archive.manifest import RECORDS, check
from seme.papers.archive.places import Places
from seme.papers.archive.records import Record
from seme.papers.archive.restoring_papers import restore_papers
from seme.papers.library import Library, counters, schema
from seme.papers.library.database import writing

_LONGEST_LINE = 16 << 20
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Imported:
    """How many records of each kind were read, and how many of them were new to the library."""

    read: dict[str, int]
    added: dict[str, int]


def import_archive(library: Library, folder: Path, *, progress: Callable[[int, int], None] | None = None) -> Imported:
    """Restore everything that an export holds, all of it or nothing.

    What the library already has is kept: a paper that it knows is merged as if a source had told of it again, and a
    person, vote, note, subscription, mail or harvest that it knows stays as it is. A second import changes nothing.

    Parameters
    ----------
    library
        The library to restore into.
    folder
        A folder that `export_library` wrote.
    progress
        Called with (papers read, papers in all).

    Raises
    ------
    InputError
        If the folder is not an export, is damaged, or has a record that cannot be used; it names file and line.
    """
    check(folder)
    total = json.loads((folder / "manifest.json").read_bytes()).get("counts", {}).get("papers", 0)
    read, added = dict.fromkeys(RECORDS, 0), dict.fromkeys(RECORDS, 0)
    with writing(library.engine) as connection:
        places = Places()
        for kind in RECORDS:
            for line, chunk in _chunks(folder / f"{kind}.jsonl"):
                try:
                    if kind == "papers":
                        added[kind] += restore_papers(connection, chunk, places)
                    else:
                        added[kind] += sum(RESTORERS[kind](connection, record, places) for record in chunk)
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    raise InputError(
                        f"{folder / kind}.jsonl: a record after line {line} cannot be used: {error!r}"
                    ) from error
                read[kind] += len(chunk)
                if progress and kind == "papers":
                    progress(read[kind], max(total, read[kind]))
        _count(connection)
        counters.advance(connection, "activity")
    return Imported(read, added)


def _chunks(path: Path) -> Iterator[tuple[int, list[Record]]]:
    """Yield records in groups, each with the number of lines before it."""
    chunk: list[Record] = []
    with path.open(encoding="utf-8") as file:
        for number in count(1):
            try:  # what is not UTF-8 is a ValueError, too
                line = file.readline(_LONGEST_LINE)
                record = json.loads(line) if line else None
            except ValueError as error:
                raise InputError(f"{path}:{number} is not a line of JSON in UTF-8") from error
            if not line:
                break
            if not isinstance(record, dict):
                raise InputError(f"{path}:{number} is not a JSON object")
            chunk.append(record)
            if len(chunk) == _CHUNK:
                yield number - len(chunk), chunk
                chunk = []
        if chunk:
            yield number - 1 - len(chunk), chunk


def _count(connection: Connection) -> None:
    """Set every paper's vote and comment count to what the rows say."""
    paper = schema.paper
    for table, column in ((schema.vote, paper.c.vote_count), (schema.comment, paper.c.comment_count)):
        rows = select(func.count()).select_from(table).where(table.c.paper_key == paper.c.key).scalar_subquery()
        connection.execute(update(paper).where(column != rows).values({column.name: rows}))
