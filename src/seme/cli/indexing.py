"""`seme index`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from seme.cli.opening import opened_library, refreshed
from seme.cli.output import AsJson, emit, say


def run(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Begin from nothing")] = False, as_json: AsJson = False
) -> None:
    """Bring the search index up to date with the library; interrupted, it goes on where it was."""
    with opened_library() as (library, settings):
        done = refreshed(library, settings, rebuild=rebuild)
    if as_json:
        emit(asdict(done))
    else:
        say(f"Indexed {done.indexed}, removed {done.removed}, in all {done.total} papers ({done.seconds:.1f} s)")
