"""`seme harvest`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from seme.cli.opening import opened_library, refreshed
from seme.cli.output import AsJson, emit, harvest_bar, say
from seme.errors import InputError
from seme.papers.harvesting import run_harvest
from seme.papers.sources import open_source, source_names


def run(
    source: Annotated[str, typer.Argument(help="arxiv or catalogue")],
    category: Annotated[list[str] | None, typer.Option(help="A subject class such as cs.CL; may be repeated")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How many days back (arxiv)")] = None,
    paper: Annotated[list[str] | None, typer.Option("--id", help="An arXiv id; may be repeated (arxiv)")] = None,
    query: Annotated[str, typer.Option(help="A search in arXiv's own syntax (arxiv)")] = "",
    no_index: Annotated[bool, typer.Option("--no-index", help="Leave the search index as it is")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch new papers; a run that was interrupted goes on where it stopped."""
    given = {"categories": category, "days": days, "ids": paper, "search": query}
    options: dict[str, Any] = {name: value for name, value in given.items() if value}
    try:
        chosen = open_source(source, **options)
    except TypeError as error:
        known = ", ".join(source_names())
        raise InputError(
            f"the source {source} cannot be harvested with {', '.join(options) or 'no options'}: {error}",
            hint=f"Sources: {known}. Files are read by: seme import FILE",
        ) from error
    with opened_library() as (library, settings):
        with harvest_bar(f"Harvesting {source}") as show:
            done = run_harvest(library, chosen, progress=show)
        if not no_index:
            refreshed(library, settings)
    if as_json:
        emit(asdict(done))
    else:
        say(f"{source}: {done.seen} papers read, {done.added} new, {done.changed} changed, {done.skipped} skipped")
