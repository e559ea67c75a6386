"""Reading a listing out of an address: the same parameters for pages, feeds and the API."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends
from fastapi import Query as Parameter

from seme.errors import InputError
from seme.papers.library import Library
from seme.papers.query import Query, Sort, month_days, parse_day, week_days

Text = Annotated[str, Parameter(max_length=400)]


def read_query(  # each is one parameter of the address
    q: Text = "",
    since: Annotated[str, Parameter(max_length=10)] = "",
    until: Annotated[str, Parameter(max_length=10)] = "",
    tag: Annotated[str, Parameter(max_length=300)] = "",
    author: Annotated[str, Parameter(max_length=300)] = "",
    source: Annotated[str, Parameter(max_length=60)] = "",
    min_votes: Annotated[int, Parameter(ge=0, le=1_000_000_000)] = 0,
    sort: Annotated[str, Parameter(max_length=20)] = "",
) -> Query:
    """Return the query that an address describes."""
    if sort and sort not in set(Sort):
        raise InputError(f"sort is {sort!r}, it must be one of {', '.join(Sort)}")
    return Query(
        text=q.strip(),
        since=parse_day(since) if since else None,
        until=parse_day(until) if until else None,
        tag=tag.strip(),
        author=author.strip(),
        source=source,
        min_votes=min_votes,
        sort=Sort(sort) if sort else None,
    )


ListingQuery = Annotated[Query, Depends(read_query)]


@dataclass(frozen=True, slots=True)
class View:
    """A listing with its name and its page."""

    title: str
    path: str
    query: Query
    previous: str = ""
    following: str = ""


def view_of(kind: str, value: str, query: Query, library: Library) -> View:
    """Return a named view: `latest`, `day`, `week`, `month` or `trending`, narrowed by a query's other conditions.

    Raises
    ------
    InputError
        If there is no such view, day, week or month.
    """
    match kind:
        case "latest":
            days = library.papers.days(limit=1)
            day = days[0][0] if days else dt.datetime.now(dt.UTC).date()
            return _day(day, query, library, path="/")
        case "day":
            return _day(parse_day(value), query, library, path=f"/papers/date/{value}")
        case "week":
            first, last = week_days(value)
            before, after = (_week(first - dt.timedelta(days=7)), _week(last + dt.timedelta(days=1)))
            path = f"/papers/week/{value}"
            return View(
                f"Week {value}",
                path,
                replace(query, since=first, until=last, sort=query.sort or Sort.VOTES),
                before,
                after,
            )
        case "month":
            first, last = month_days(value)
            before, after = (
                (first - dt.timedelta(days=1)).strftime("%Y-%m"),
                (last + dt.timedelta(days=1)).strftime("%Y-%m"),
            )
            wanted = replace(query, since=first, until=last, sort=query.sort or Sort.VOTES)
            return View(
                first.strftime("%B %Y"),
                f"/papers/month/{value}",
                wanted,
                f"/papers/month/{before}",
                f"/papers/month/{after}",
            )
        case "trending":
            return View("Trending", "/trending", replace(query, text="", sort=Sort.TRENDING))
        case _:
            raise InputError(f"view is {kind!r}, it must be one of latest, day, week, month, trending, search")


def _day(day: dt.date, query: Query, library: Library, *, path: str) -> View:
    before, after = library.papers.days_beside(day)
    return View(
        f"{day.day} {day.strftime('%B %Y')}",
        path,
        replace(query, since=day, until=day),
        f"/papers/date/{before}" if before else "",
        f"/papers/date/{after}" if after else "",
    )


def _week(day: dt.date) -> str:
    year, week, _ = day.isocalendar()
    return f"/papers/week/{year}-W{week:02d}"
