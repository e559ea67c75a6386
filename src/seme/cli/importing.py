"""`seme import`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from seme.cli.opening import opened_library, refreshed
from seme.cli.output import AsJson, emit, harvest_bar, progress_bar, say
from seme.papers.archive import import_archive
from seme.papers.files import ARCHIVE, file_kind
from seme.papers.harvesting import run_harvest
from seme.papers.library import Library
from seme.papers.sources import open_source


def run(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A file or folder; its kind is told by its content")],
    no_index: Annotated[bool, typer.Option("--no-index", help="Leave the search index as it is")] = False,
    as_json: AsJson = False,
) -> None:
    """Read papers from a saved page, JSONL, BibTeX, a BEIR folder, or everything from an export of Seme."""
    kind = file_kind(path)
    with opened_library(seed=kind != ARCHIVE) as (library, settings):
        done = _restore(library, path) if kind == ARCHIVE else _read(library, kind, path)
        if not no_index:
            refreshed(library, settings)
    if as_json:
        emit({"kind": kind, **done})
    else:
        say(f"{path} ({kind}): " + ", ".join(f"{value} {name}" for name, value in done.items() if value))


def _restore(library: Library, path: Path) -> dict[str, Any]:
    with progress_bar("Importing") as advance:
        done = import_archive(library, path, progress=advance)
    return {f"{kind} {word}": n for word, counts in asdict(done).items() for kind, n in counts.items()}


def _read(library: Library, kind: str, path: Path) -> dict[str, Any]:
    with harvest_bar("Importing") as show:
        done = run_harvest(library, open_source(kind, path=path.absolute()), progress=show)
    return {"read": done.seen, "added": done.added, "changed": done.changed, "skipped": done.skipped}
