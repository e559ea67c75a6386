"""The one description of "which papers": a page, a feed, a mail alert and an API call are all a `Query`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from seme.errors import InputError

LONGEST_TEXT = 400
FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Years that a listing can name: one step of a week or a month beyond either still is a date."""

_WEEK = re.compile(r"(\d{4})-W(\d\d)")
_MONTH = re.compile(r"(\d{4})-(\d\d)")


class Sort(StrEnum):
    """Orders of a listing; every one of them ends in the paper's id, so that pages are stable."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    TRENDING = "trending"
    VOTES = "votes"


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions that a paper meets all of; an empty query is met by every paper."""

    text: str = ""
    """Words to search by; empty for a listing."""
    since: dt.date | None = None
    """First day of the feed (inclusive)."""
    until: dt.date | None = None
    """Last day of the feed (inclusive)."""
    tag: str = ""
    """A topic tag or a subject class (`cs.CL`)."""
    author: str = ""
    source: str = ""
    min_votes: int = 0
    sort: Sort | None = None
    """`None`: by relevance where there is a text, else the newest first."""

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST_TEXT:
            raise InputError(f"the search text has {len(self.text)} characters, it may have {LONGEST_TEXT}")
        for name in ("tag", "author", "source"):
            if len(getattr(self, name)) > 300 or "\x00" in getattr(self, name):
                raise InputError(f"{name} must be plain text of at most 300 characters")
        if "\x00" in self.text:
            raise InputError("the search text must not contain a NUL character")
        if not 0 <= self.min_votes <= 1_000_000_000:
            raise InputError(f"min_votes is {self.min_votes}, it must be from 0 to 1000000000")
        if self.since and self.until and self.since > self.until:
            raise InputError(f"the first day ({self.since}) must not be after the last ({self.until})")

    @property
    def order(self) -> Sort:
        """Return the order that applies."""
        return self.sort or (Sort.RELEVANCE if self.text else Sort.NEWEST)

    @property
    def filtered(self) -> bool:
        """Tell whether anything but the text narrows the papers down."""
        return bool(self.since or self.until or self.tag or self.author or self.source or self.min_votes)

    def to_dict(self) -> dict[str, Any]:
        """Return the conditions that are set, JSON-serialisable."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises
        ------
        InputError
            If a field is unknown or a value is not of its kind.
        """
        known = {f.name for f in fields(cls)}
        if unknown := set(data) - known:
            raise InputError(
                f"unknown search field {sorted(unknown)[0]!r}, it must be one of {', '.join(sorted(known))}"
            )
        values = dict(data)
        try:
            for name in ("since", "until"):
                if values.get(name) is not None:
                    values[name] = dt.date.fromisoformat(str(values[name]))
            if values.get("sort") is not None:
                values["sort"] = Sort(values["sort"])
            return cls(**values)
        except (ValueError, TypeError) as error:
            raise InputError(f"not a saved search: {error}") from error


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else str(value) if isinstance(value, Sort) else value


def week_days(text: str) -> tuple[dt.date, dt.date]:
    """Return Monday and Sunday of an ISO week such as `2024-W43`.

    Raises
    ------
    InputError
        If there is no such week.
    """
    match = _WEEK.fullmatch(text)
    try:
        if match is None or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
            raise ValueError
        monday = dt.date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return monday, monday + dt.timedelta(days=6)
    except ValueError as error:
        raise InputError(f"week is {text!r}, it must be an ISO week such as 2024-W43") from error


def month_days(text: str) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a month such as `2024-10`.

    Raises
    ------
    InputError
        If there is no such month.
    """
    match = _MONTH.fullmatch(text)
    try:
        if match is None or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
            raise ValueError
        first = dt.date(int(match[1]), int(match[2]), 1)
        return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    except ValueError as error:
        raise InputError(f"month is {text!r}, it must be a month such as 2024-10") from error


def parse_day(text: str) -> dt.date:
    """Read a day such as `2024-10-23`.

    Raises
    ------
    InputError
        If there is no such day.
    """
    try:
        day = dt.date.fromisoformat(text)
        if len(text) != 10 or not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError
        return day
    except ValueError as error:
        raise InputError(f"date is {text!r}, it must be a day such as 2024-10-23") from error
