"""Running a source to its end, in steps that can be gone on with after any interruption."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from seme.errors import SemeError
from seme.papers.library import Harvest, Library
from seme.papers.sources import source_names, source_options
from seme.papers.sources.base import Batch, Source

HARVEST_OPTIONS = {
    "categories": "--category",
    "days": "--days",
    "ids": "--id",
    "search": "--query",
    "since": "--since",
    "until": "--until",
    "set_spec": "--set",
    "metadata_prefix": "--format",
}
"""Options of sources, and how `seme harvest` spells them."""


def harvested_sources() -> list[str]:
    """List the sources that are fetched from; the others read a file."""
    return [name for name in source_names() if "path" not in source_options(name)]


def harvest_command(source: str, scope: Mapping[str, Any]) -> str:
    """Return the command line that runs a harvest of some scope again."""
    if source not in harvested_sources():
        return f"seme import {shlex.quote(str(scope.get('path', 'FILE')))}"
    words = ["seme", "harvest", source]
    for name, value in scope.items():
        if flag := HARVEST_OPTIONS.get(name):
            for one in value if isinstance(value, list) else [value]:
                words += [flag, str(one)]
    return shlex.join(words)


def run_harvest(
    library: Library, source: Source, *, progress: Callable[[Harvest, Batch], None] | None = None
) -> Harvest:
    """Fetch what a source has; go on where an unfinished run of the same source and scope stopped.

    Raises
    ------
    SemeError
        As the source raised it, after it was noted in the harvest log; what was stored stays stored.
    """
    harvest = library.harvests.begin(source)
    try:
        for batch in source.batches(harvest.cursor):
            library.harvests.advance(harvest, batch)
            if progress:
                progress(harvest, batch)
    except SemeError as error:
        library.harvests.finish(harvest, error=str(error))
        raise
    return library.harvests.finish(harvest)
