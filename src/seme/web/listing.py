"""Reading a listing out of an address: the same parameters for pages, feeds and the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends
from fastapi import Query as Parameter

from seme.errors import InputError
from seme.papers.library import Library, StoredPaper
from seme.papers.query import Query, Sort, month_days, parse_day, week_days
from seme.web.feeds import paper_path

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


def query_string(query: Query, **more: object) -> str:
    """Return a query as the parameters of an address."""
    data = {("q" if key == "text" else key): value for key, value in query.to_dict().items()}
    return urlencode({**data, **{key: value for key, value in more.items() if value}})


@dataclass(frozen=True, slots=True)
class View:
    """A listing with its name, its page and its feed."""

    title: str
    path: str
    query: Query
    asked: Query
    """What of the query stands in the address as parameters; the path says the rest."""
    feed: str = ""
    """Name of its feed, or empty where it has none."""
    previous: str = ""
    following: str = ""
    periods: tuple[tuple[str, str], ...] = ()
    """Name and path of the day, the week and the month around it."""
    collection: str = ""

    @property
    def parameters(self) -> str:
        """Return what its address has after the question mark."""
        return query_string(self.asked, collection=self.collection)

    def at(self, *, page: int = 1, tag: str | None = None) -> str:
        """Return its address, at a page, or narrowed to another topic (to none, if that is empty)."""
        asked = self.asked if tag is None else replace(self.asked, tag=tag)
        parameters = query_string(asked, collection=self.collection, page=page if page > 1 else 0)
        return f"{self.path}?{parameters}" if parameters else self.path

    def feed_path(self, form: str) -> str:
        """Return the address of its feed, as `atom` or `json`."""
        return f"/feeds/{self.feed}.{form}" + (f"?{self.parameters}" if self.parameters else "")


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
            return _day(days[0][0] if days else _today(), query, library, path="/", feed="latest")
        case "day":
            return _day(parse_day(value), query, library, path=f"/papers/date/{value}", feed=f"day/{value}")
        case "week":
            return _span(f"Week {value}", f"week/{value}", *week_days(value), query, _week)
        case "month":
            first, last = month_days(value)
            return _span(first.strftime("%B %Y"), f"month/{value}", first, last, query, _month)
        case "trending":
            asked = replace(query, text="", sort=None)
            return View("Trending", "/trending", replace(asked, sort=Sort.TRENDING), asked, "trending")
        case _:
            raise InputError(f"view is {kind!r}, it must be one of latest, day, week, month, trending, search")


def similar_view(stored: StoredPaper, query: Query) -> View:
    """Return the view of the papers nearest in meaning to one."""
    path = paper_path(stored.paper.id)
    return View(f"Like {stored.paper.title}", f"{path}/similar", query, query, path.replace("/papers/", "similar/", 1))


def _day(day: dt.date, query: Query, library: Library, *, path: str, feed: str) -> View:
    before, after = library.papers.days_beside(day)
    return View(
        f"{day.strftime('%A')} {day.day} {day.strftime('%B %Y')}",
        path,
        replace(query, since=day, until=day),
        replace(query, since=None, until=None),
        feed,
        f"/papers/date/{before}" if before else "",
        f"/papers/date/{after}" if after else "",
        _periods(day),
    )


def _span(title: str, feed: str, first: dt.date, last: dt.date, query: Query, path: Callable[[dt.date], str]) -> View:
    return View(
        title,
        path(first),
        replace(query, since=first, until=last, sort=query.sort or Sort.VOTES),
        replace(query, since=None, until=None),
        feed,
        path(first - dt.timedelta(days=1)),
        path(last + dt.timedelta(days=1)) if last < _today() else "",
        _periods(max(first, min(last, _today()))),
    )


def _periods(day: dt.date) -> tuple[tuple[str, str], ...]:
    return (("Day", f"/papers/date/{day}"), ("Week", _week(day)), ("Month", _month(day)))


def _week(day: dt.date) -> str:
    year, week, _ = day.isocalendar()
    return f"/papers/week/{year}-W{week:02d}"


def _month(day: dt.date) -> str:
    return f"/papers/month/{day.strftime('%Y-%m')}"


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
