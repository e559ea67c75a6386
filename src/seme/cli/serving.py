"""`seme serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from seme.cli.opening import open_settings, opened_library, refreshed
from seme.cli.output import AsJson, emit, note, say
from seme.errors import AssetError
from seme.papers.seeding import seed_catalogue
from seme.web.serve import serve


def run(
    host: Annotated[str | None, typer.Option(help="Address to listen at, instead of the setting")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port, instead of the setting")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that serve, instead of the setting")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve the pages, the API and the feeds, after bringing catalogue and index up to date."""
    asked = {"host": host, "port": port, "workers": workers}
    given = {name: value for name, value in asked.items() if value is not None}
    settings = open_settings().model_copy(update=given)
    with opened_library() as (library, _):
        seed_catalogue(library)
        try:
            refreshed(library, settings)
        except AssetError as error:
            note(f"Search stays off: {error}. {error.hint}")
        papers = library.papers.count()
    if as_json:
        emit({"url": settings.base_url, "papers": papers})
    else:
        say(f"Seme serves {papers} papers at {settings.base_url}  (Ctrl+C ends it)")
    serve(settings)
