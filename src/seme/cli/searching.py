"""`seme search`."""

from __future__ import annotations

from typing import Annotated

import typer

from seme.cli.filters import Author, Limit, MinVotes, Order, Since, SourceName, Tag, Until
from seme.cli.opening import opened_library, ready_to_search
from seme.cli.output import AsJson, emit, note, show_papers
from seme.errors import InputError
from seme.papers.query import Query
from seme.papers.reader import Reader
from seme.papers.results import result_rows


def run(
    text: Annotated[str, typer.Argument(help="Words, or a description of what you look for")],
    limit: Limit = 10,
    since: Since = None,
    until: Until = None,
    tag: Tag = "",
    author: Author = "",
    source: SourceName = "",
    min_votes: MinVotes = 0,
    sort: Order = None,
    as_json: AsJson = False,
) -> None:
    """Search the library by words and by meaning."""
    if not text.strip():
        raise InputError("the search text is empty", hint='For example: seme search "sparse attention for long texts"')
    query = Query(text, since, until, tag, author, source, min_votes, sort)
    with opened_library() as (library, settings):
        ready_to_search(library, settings)
        reader = Reader(library, settings)
        rows = result_rows(reader.list(query, limit=limit))
        reader.close()
    if as_json:
        emit(rows)
    elif rows:
        show_papers(rows)
    else:
        note("No paper matches.")
