"""arXiv over OAI-PMH: every paper whose record changed, for catching up and for the whole of the past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seme.errors import InputError
from seme.papers.sources.arxiv_categories import category_set
from seme.papers.sources.arxiv_fetcher import arxiv_fetcher
from seme.papers.sources.base import Batch, register_source
from seme.papers.sources.fetch import KEPT, BadAnswerError, Fetcher
from seme.papers.sources.oai import ExpiredTokenError, Records, parse_records
from seme.settings import settings

FORMATS = ("arXivRaw", "arXiv")
EARLIEST = dt.date(2005, 9, 16)
"""arXiv's records were all changed on or after this day; it refuses an earlier one."""
OVERLAP = dt.timedelta(days=2)
"""What a run reads again of the one before: a record may show up later than the day it bears."""
WINDOW = dt.timedelta(days=30)
"""Days that are asked for as one list: what an expired token makes the run read again at most."""
_MOST_RESTARTS = 3
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a run is: in the list of the days `start` to `end` that was asked for on the day `asked`, behind `token`.

    The next run begins at `again`.
    """

    start: dt.date
    end: dt.date
    asked: dt.date
    again: dt.date
    token: str = ""


@register_source("arxiv-oai")
class ArxivOaiSource:
    """Papers whose records changed, in lists of up to 30 days.

    OAI-PMH knows when a record was changed, not when its paper was submitted: a run yields old papers too, each of
    which belongs to the day of its first version. A run that follows a finished one of the same scope begins two
    days before the last change that was seen.

    Parameters
    ----------
    set_spec
        A set such as `cs`, `math:math` or `cs:cs:CL`; all of arXiv by default.
    categories
        One subject class instead of a set.
    metadata_prefix
        `arXivRaw`, which tells every version, or `arXiv`, which tells each author's parts of the name but no version.
    since, days
        First day of the first run: a date, or so many days before today (2 by default).
    until
        Last day; today by default.
    address, fetcher, today
        As for `ArxivQuerySource`; the address is the setting `arxiv_oai`.

    Raises
    ------
    InputError
        If an argument is malformed, or two of them contradict each other.
    """

    name = "arxiv-oai"

    def __init__(
        self,
        *,
        set_spec: str = "",
        categories: Sequence[str] = (),
        metadata_prefix: str = "arXivRaw",
        since: dt.date | None = None,
        days: int | None = None,
        until: dt.date | None = None,
        address: str = "",
        fetcher: Fetcher | None = None,
        today: dt.date | None = None,
    ) -> None:
        if len(categories) > 1 or (categories and set_spec):
            raise InputError("OAI-PMH takes one set at a time", hint="Run it once for each, or for a group: --set cs")
        if metadata_prefix not in FORMATS:
            raise InputError(f"format is {metadata_prefix!r}, it must be {' or '.join(FORMATS)}")
        if since is not None and days is not None:
            raise InputError("give one of since and days")
        if days is not None and not 1 <= days <= 40_000:
            raise InputError(f"days is {days}, it must be 1 to 40000")
        if since and until and until < since:
            raise InputError(f"until is {until}, it must not be before since, {since}")
        self._set = category_set(categories[0]) if categories else set_spec
        self._prefix, self._since, self._days, self._until = metadata_prefix, since, days, until
        self._address = address or settings().arxiv_oai
        self._fetcher = fetcher or arxiv_fetcher()
        self._today = today or dt.datetime.now(dt.UTC).date()

    @property
    def scope(self) -> Mapping[str, Any]:
        """Return set, format and the days as they were given, so that the next run finds where this one stopped."""
        told = {"set_spec": self._set, "since": self._since, "days": self._days, "until": self._until}
        return {"metadata_prefix": self._prefix, **{name: _plain(value) for name, value in told.items() if value}}

    def batches(self, cursor: Mapping[str, Any] | None = None) -> Iterator[Batch]:
        """Yield part after part of list after list.

        A token that has expired makes the list begin again, which stores nothing twice.

        Raises
        ------
        SourceError
            If arXiv refuses, stays silent for longer than the budget, or its tokens keep expiring.
        """
        last = min(self._until or self._today, self._today)
        place = self._begin(cursor or {}, last)
        restarts = 0
        while place.start <= last:
            try:
                part = self._records(place)
            except ExpiredTokenError:
                restarts += 1
                if restarts > _MOST_RESTARTS:
                    raise
                place = replace(place, token="", asked=self._today)
                continue
            place = replace(place, again=max(place.again, min(part.latest or place.again, last) - OVERLAP))
            if part.token:
                place = replace(place, token=part.token)
            else:
                place, restarts = self._behind(place, last), 0
            rest = _cursor(place) if place.start <= last else {"done": True, "next": {"from": str(place.again)}}
            yield Batch(part.papers, rest, removed=part.removed, skipped=part.skipped, total=part.total)

    def _begin(self, cursor: Mapping[str, Any], last: dt.date) -> _Place:
        if "until" in cursor:
            start, end, asked, again = (
                dt.date.fromisoformat(cursor[name]) for name in ("from", "until", "asked", "again")
            )
            return _Place(start, end, asked, again, str(cursor["token"]))
        start = max(self._since or self._today - dt.timedelta(days=self._days or 2), EARLIEST)
        if following := cursor.get("next", cursor):
            start = dt.date.fromisoformat(following["from"])
        start = min(start, last)
        return _Place(start, _end(start, last), self._today, start)

    def _behind(self, place: _Place, last: dt.date) -> _Place:
        """Return the next list: of the days that follow, and of those that an earlier day's list could not know."""
        start = place.end + _DAY
        if place.asked < self._today:
            start = max(place.start, min(start, place.asked - OVERLAP))
        return _Place(start, _end(start, last), self._today, place.again)

    def _records(self, place: _Place) -> Records:
        params = {"verb": "ListRecords"}
        if place.token:
            params |= {"resumptionToken": place.token}
        else:
            params |= {"metadataPrefix": self._prefix, "from": str(place.start), "until": str(place.end)}
            params |= {"set": self._set} if self._set else {}

        def read(body: bytes) -> Records:
            part = parse_records(body)
            if place.token and part.token is None and part != Records():
                raise BadAnswerError("arXiv sent a part of a list that does not say whether it is the last", hint=KEPT)
            if part.token and part.token == place.token:
                raise BadAnswerError("arXiv sent the same part of a list as the next one", hint=KEPT)
            return part

        return self._fetcher.get(self._address, params, read)


def _cursor(place: _Place) -> dict[str, str]:
    return {
        "from": str(place.start),
        "until": str(place.end),
        "asked": str(place.asked),
        "again": str(place.again),
        "token": place.token,
    }


def _end(start: dt.date, last: dt.date) -> dt.date:
    return min(start + WINDOW - _DAY, last)


def _plain(value: str | int | dt.date) -> str | int:
    return str(value) if isinstance(value, dt.date) else value
