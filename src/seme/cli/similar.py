"""`seme similar`."""

from __future__ import annotations

from typing import Annotated

import typer

from seme.cli.filters import Author, Limit, MinVotes, Order, Since, SourceName, Tag, Until
from seme.cli.opening import opened_library, ready_to_search
from seme.cli.output import AsJson, emit, show_papers
from seme.papers.query import Query
from seme.papers.reader import Reader
from seme.papers.results import result_rows


def run(
    paper_id: Annotated[str, typer.Argument(metavar="ID", help="A paper's id, e.g. 2509.20784")],
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
    """List the papers that are nearest in meaning to one."""
    query = Query("", since, until, tag, author, source, min_votes, sort)
    with opened_library() as (library, settings):
        ready_to_search(library, settings)
        reader = Reader(library, settings)
        rows = result_rows(reader.similar(paper_id, query=query, limit=limit))
        reader.close()
    if as_json:
        emit(rows)
    else:
        show_papers(rows)
