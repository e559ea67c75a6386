"""The paper, as every source yields it and the library keeps it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from seme.errors import InputError

ARXIV_ID = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z][a-z.-]*(?:\.[A-Z]{2})?/\d{7})")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONGEST_TITLE = 1_000
LONGEST_SUMMARY = 50_000

_STORED_DATE = re.compile(r"(?:(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?|--(?P<m>\d\d)(?:-(?P<d>\d\d))?)")
_CARD_DATE = re.compile(r"(?P<month>[A-Z][a-z]{2})[a-z]* (?P<day>\d{1,2})(?:, (?P<year>\d{4}))?")


@dataclass(frozen=True, slots=True)
class PaperDate:
    """A calendar date of which some parts may be unknown. Nothing unknown is ever filled in.

    The text form is ISO 8601 where the year is known (`2024-10-23`, `2024-10`, `2024`) and XML Schema's year-less
    form where it is not (`--09-25`).
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.year is None and self.month is None:
            raise InputError("a paper's date must have at least a year or a month, it had neither")
        if self.day is not None and self.month is None:
            raise InputError(f"a paper's date cannot have a day ({self.day}) without a month")
        try:  # 2000 is a leap year: 29 February stays possible where the year is unknown
            known = [2000 if self.year is None else self.year]
            known += [1 if part is None else part for part in (self.month, self.day)]
            dt.date(*known)
        except ValueError as error:
            raise InputError(f"not a date: year {self.year}, month {self.month}, day {self.day}") from error

    @property
    def precision(self) -> str:
        """`day`, `month` or `year`; `month-day` where only the year is unknown, `month-of-year` for a bare month."""
        if self.year is None:
            return "month-of-year" if self.day is None else "month-day"
        return "day" if self.day is not None else "month" if self.month is not None else "year"

    @property
    def full(self) -> dt.date | None:
        """The date, if year, month and day are all known."""
        if self.year is None or self.month is None or self.day is None:
            return None
        return dt.date(self.year, self.month, self.day)

    def __str__(self) -> str:
        if self.year is None:
            return f"--{self.month:02d}" + (f"-{self.day:02d}" if self.day else "")
        return "-".join([f"{self.year:04d}", *(f"{part:02d}" for part in (self.month, self.day) if part)])

    @property
    def shown(self) -> str:
        """The date as people write it, to the precision it has: `Sep 25`, `Oct 23, 2024`, `Oct 2024`, `2024`."""
        month_day = "" if self.month is None else MONTHS[self.month - 1] + (f" {self.day}" if self.day else "")
        if self.year is None or not month_day:
            return month_day or str(self.year)
        return f"{month_day}, {self.year}" if self.day else f"{month_day} {self.year}"

    @classmethod
    def parse(cls, text: str) -> PaperDate:
        """Read the stored form, or a card's form such as `Sep 25` or `Oct 23, 2024`.

        Raises
        ------
        InputError
            If the text is neither, or names a day that does not exist.
        """
        if stored := _STORED_DATE.fullmatch(text.strip()):
            parts = stored.groupdict()
            number = {key: int(value) for key, value in parts.items() if value}
            return cls(number.get("year"), number.get("month", number.get("m")), number.get("day", number.get("d")))
        card = _CARD_DATE.fullmatch(" ".join(text.split()))
        if card is None or card["month"] not in MONTHS:
            raise InputError(f"not a paper's date: {text!r} (expected e.g. 'Sep 25', 'Oct 23, 2024' or '2024-10-23')")
        return cls(int(card["year"]) if card["year"] else None, MONTHS.index(card["month"]) + 1, int(card["day"]))

    @classmethod
    def of(cls, day: dt.date) -> PaperDate:
        """Make a fully known date."""
        return cls(day.year, day.month, day.day)


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper, at one version, as a source describes it.

    `id` is the bare arXiv id where the paper has one (no version); else it starts with the scheme that makes it
    unique: `doi:`, `title:` (see `title_id`) or `<source>:`. `None` and empty mean that the source did not say, and
    never overwrite what another source said.
    """

    id: str
    title: str
    source: str
    summary: str = ""
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    published: PaperDate | None = None
    listed: dt.date | None = None
    """The day of the feed that the paper belongs to; `None` lets the library take the day the paper arrives."""
    version: int = 1
    updated: dt.datetime | None = None
    """When this version appeared (timezone-aware)."""
    categories: tuple[str, ...] = ()
    """Subject classes of the source (`cs.CL`), the primary one first."""
    tags: tuple[str, ...] = ()
    """Topics in lower-case-with-hyphens."""
    links: Mapping[str, str] = field(default_factory=dict)
    """`abs`, `pdf`, `code`, `doi`, ...: http(s) addresses."""
    votes: int | None = None
    comments: int | None = None
    note: str = ""
    """The authors' own comment (pages, venue)."""
    doi: str = ""
    journal: str = ""
    withdrawn: bool = False
    method: str = ""
    """Slug of the experiment that runs this paper, once it exists."""

    def __post_init__(self) -> None:
        if not self.id or len(self.id) > 200 or any(c.isspace() for c in self.id):
            raise InputError(f"paper id {self.id!r} must be 1 to 200 characters without white space")
        if not self.title.strip() or len(self.title) > LONGEST_TITLE:
            raise InputError(
                f"paper {self.id}: the title must have 1 to {LONGEST_TITLE} characters, it has {len(self.title)}"
            )
        if len(self.summary) > LONGEST_SUMMARY:
            raise InputError(
                f"paper {self.id}: the summary has {len(self.summary)} characters, at most {LONGEST_SUMMARY}"
            )
        texts = (self.id, self.title, self.source, self.summary, self.note, self.doi, self.journal)
        try:
            "".join((*texts, *self.authors, *self.categories, *self.tags, *self.links.values())).encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"paper {self.id!a} has half of a character (a lone surrogate), expected Unicode"
            ) from error
        for name, value in (("author_count", self.author_count), ("votes", self.votes), ("comments", self.comments)):
            if value is not None and value < 0:
                raise InputError(f"paper {self.id}: {name} is {value}, it must not be negative")
        if self.version < 1:
            raise InputError(f"paper {self.id}: version is {self.version}, it starts at 1")
        if self.updated is not None and self.updated.tzinfo is None:
            raise InputError(f"paper {self.id}: 'updated' must have a time zone")
        for kind, address in self.links.items():
            if not address.startswith(("https://", "http://")):
                raise InputError(f"paper {self.id}: link {kind} is {address!r}, only http and https are kept")


def title_key(title: str) -> str:
    """Return what two spellings of one title share: its letters and digits, case-folded, without accents."""
    decomposed = unicodedata.normalize("NFKD", title).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c)).split())


def title_id(title: str) -> str:
    """Return the id of a paper of which only the title is known."""
    return "title:" + hashlib.sha256(title_key(title).encode()).hexdigest()[:16]


def squeeze(text: str) -> str:
    """Collapse the hard wraps and runs of white space that feeds put into titles and summaries."""
    return " ".join(text.split())
