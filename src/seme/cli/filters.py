"""The options that narrow papers down, shared by `search` and `similar`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from seme.papers.query import Sort, parse_day


def _day(text: str) -> dt.date:
    return parse_day(text)


Since = Annotated[dt.date | None, typer.Option(parser=_day, metavar="DAY", help="First day, e.g. 2026-01-31")]
Until = Annotated[dt.date | None, typer.Option(parser=_day, metavar="DAY", help="Last day")]
Tag = Annotated[str, typer.Option(help="A topic tag or a subject class (cs.CL)")]
Author = Annotated[str, typer.Option(help="An author's full name")]
SourceName = Annotated[str, typer.Option("--source", help="The source that the papers came from")]
MinVotes = Annotated[int, typer.Option(min=0, help="Fewest votes")]
Order = Annotated[Sort | None, typer.Option("--sort", help="Order of the results")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Most results")]
