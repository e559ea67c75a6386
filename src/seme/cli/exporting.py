"""`seme export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seme.cli.opening import opened_library
from seme.cli.output import AsJson, emit, progress_bar, say
from seme.papers.archive import export_library


def run(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist, or holds an earlier export")],
    as_json: AsJson = False,
) -> None:
    """Write everything in the library as JSONL, its papers as BibTeX, its feeds as OPML."""
    with opened_library() as (library, settings), progress_bar("Exporting") as advance:
        done = export_library(library, folder, base_url=settings.base_url, progress=advance)
    if as_json:
        emit({"folder": str(done.folder), "counts": done.counts})
    else:
        say(f"Exported to {done.folder}: " + ", ".join(f"{count} {kind}" for kind, count in done.counts.items()))
