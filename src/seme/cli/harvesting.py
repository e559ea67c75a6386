"""`seme harvest`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from seme.cli.filters import Since, Until
from seme.cli.opening import open_settings, opened_library, refreshed
from seme.cli.output import AsJson, emit, harvest_bar, say
from seme.errors import InputError
from seme.papers.harvesting import HARVEST_OPTIONS, harvested_sources, run_harvest
from seme.papers.sources import Source, open_source, source_options


def run(
    source: Annotated[str, typer.Argument(help="arxiv, arxiv-feed, arxiv-oai or catalogue")],
    category: Annotated[list[str] | None, typer.Option(help="A subject class such as cs.CL; may be repeated")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="How many days back; 2 if not given (arxiv, arxiv-oai)")
    ] = None,
    paper: Annotated[list[str] | None, typer.Option("--id", help="An arXiv id; may be repeated (arxiv)")] = None,
    query: Annotated[str, typer.Option(help="A search in arXiv's own syntax (arxiv)")] = "",
    since: Since = None,
    until: Until = None,
    set_spec: Annotated[str, typer.Option("--set", help="An OAI-PMH set such as cs or cs:cs:CL (arxiv-oai)")] = "",
    form: Annotated[str, typer.Option("--format", help="arXivRaw or arXiv (arxiv-oai)")] = "",
    no_index: Annotated[bool, typer.Option("--no-index", help="Leave the search index as it is")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch new papers; a run that was interrupted goes on where it stopped."""
    given = {
        "categories": category,
        "days": days,
        "ids": paper,
        "search": query,
        "since": since,
        "until": until,
        "set_spec": set_spec,
        "metadata_prefix": form,
    }
    open_settings()
    chosen = _open(source, {name: value for name, value in given.items() if value})
    with opened_library() as (library, settings):
        with harvest_bar(f"Harvesting {source}") as show:
            done = run_harvest(library, chosen, progress=show)
        if not no_index:
            refreshed(library, settings)
    if as_json:
        emit(asdict(done))
    else:
        say(f"{source}: {done.seen} papers read, {done.added} new, {done.changed} changed, {done.skipped} skipped")


def _open(name: str, options: dict[str, Any]) -> Source:
    known = harvested_sources()
    if name not in known:
        raise InputError(
            f"source is {name!r}, it must be one of {', '.join(known)}", hint="Files are read by: seme import FILE"
        )
    taken = source_options(name)
    if strange := [HARVEST_OPTIONS[option] for option in options if option not in taken]:
        takes = ", ".join(flag for option, flag in HARVEST_OPTIONS.items() if option in taken) or "no options"
        raise InputError(f"{name} does not take {', '.join(strange)}", hint=f"It takes {takes}")
    return open_source(name, **options)
