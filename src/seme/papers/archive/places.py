"""Where the things that an export speaks of are in the library that it is restored into."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(slots=True)
class Places:
    """The keys that rows got here, by the names they have in the export."""

    papers: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    subscriptions: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Key of the subscription and key of its person."""


def moment(text: str | None) -> dt.datetime | None:
    """Read a moment of an export.

    Raises
    ------
    ValueError
        If it is not ISO 8601, has no time zone, or lies outside the years 1 to 9999 in UTC.
    """
    if text is None:
        return None
    read = dt.datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    try:
        return read.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is no moment of the years 1 to 9999") from error
