"""arXiv's daily feeds: what was announced today in some subject classes, as Atom or as RSS."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.etree.ElementTree import Element

from seme.errors import InputError, SourceError
from seme.papers.latex import with_letters
from seme.papers.paper import Paper, PaperDate
from seme.papers.sources.arxiv_authors import parse_authors
from seme.papers.sources.arxiv_categories import check_categories
from seme.papers.sources.arxiv_fetcher import arxiv_fetcher
from seme.papers.sources.arxiv_ids import month_of, parse_arxiv_id
from seme.papers.sources.atom import ARXIV, ATOM, arxiv_links, is_withdrawn, parse_xml, prose, text
from seme.papers.sources.base import Batch, register_source
from seme.papers.sources.fetch import BadAnswerError, Fetcher
from seme.settings import settings

BATCH = 200
MOST_ENTRIES = 2_000
"""arXiv cuts a feed that would be longer."""
_DC = "{http://purl.org/dc/elements/1.1/}"
_PREFIX = re.compile(r"arXiv:\S+\s+Announce Type:\s*(?P<kind>\S+)\s+Abstract:\s*")


class _Form(NamedTuple):
    """What the two forms of the feed call the same things."""

    entry: str
    id: str
    title: str
    summary: str
    day: str
    about: str


_FORMS = {
    "atom": _Form(*(ATOM + name for name in ("entry", "id", "title", "summary", "published", "subtitle"))),
    "rss": _Form("item", "guid", "title", "description", "pubDate", "description"),
}


@dataclass(frozen=True, slots=True)
class Feed:
    """The entries of a feed in their order: each a paper, or a line that says why it is none; and a digest of them."""

    entries: tuple[Paper | str, ...]
    edition: str


@register_source("arxiv-feed")
class ArxivFeedSource:
    """The papers that arXiv announced today; none at weekends and on holidays.

    A feed tells the day of the announcement. New and cross-listed papers belong to it (`listed`). A replacement brings
    the new text of a paper but does not announce it again: a paper that the library knows keeps its day, and one that
    it does not know belongs to the month in which its identifier was given out, its first day standing for it.

    Parameters
    ----------
    categories
        Subject classes or whole archives: `cs.CL`, `math`.
    address
        Of the feeds, without the classes; the setting `arxiv_feed` by default. Its form, `/atom` or `/rss`, is free.
    fetcher
        The client; one with the machine-wide gate of the settings by default.

    Raises
    ------
    InputError
        If there are no categories or one of them is malformed.
    """

    name = "arxiv-feed"

    def __init__(self, *, categories: Sequence[str] = (), address: str = "", fetcher: Fetcher | None = None) -> None:
        if not categories:
            raise InputError("give at least one category", hint="seme harvest arxiv-feed --category cs.CL")
        self._categories = check_categories(categories)
        self._address = address or settings().arxiv_feed
        self._fetcher = fetcher or arxiv_fetcher()

    @property
    def scope(self) -> Mapping[str, Any]:
        """Return the subject classes."""
        return {"categories": list(self._categories)}

    def batches(self, cursor: Mapping[str, Any] | None = None) -> Iterator[Batch]:
        """Yield today's papers; a cursor is where a run stopped, as long as the feed is still the same.

        Raises
        ------
        SourceError
            If arXiv refuses, or stays silent for longer than the budget.
        """
        classes = quote("+".join(self._categories), safe="+")
        feed = self._fetcher.get(f"{self._address.rstrip('/')}/{classes}", {}, parse_feed)
        done = int(cursor["read"]) if cursor and cursor.get("edition") == feed.edition else 0
        total = len(feed.entries)
        for start in range(done, total, BATCH):
            part = feed.entries[start : start + BATCH]
            papers = tuple(one for one in part if isinstance(one, Paper))
            skipped = [one for one in part if isinstance(one, str)]
            end = start + len(part)
            if end == total >= MOST_ENTRIES:
                skipped.append(f"what comes after {total} entries: arXiv cuts the feed there, harvest fewer classes")
            yield Batch(papers, {"edition": feed.edition, "read": end}, skipped=tuple(skipped), total=total)


def parse_feed(body: bytes) -> Feed:
    """Read a feed, as Atom or as RSS 2.0.

    Raises
    ------
    BadAnswerError
        If it is neither.
    SourceError
        If it is arXiv's way of telling an error, such as a class that it does not have.
    """
    root = parse_xml(body)
    kind = {f"{ATOM}feed": "atom", "rss": "rss"}.get(root.tag, "")
    channel = root.find("channel") if kind == "rss" else root
    if not kind or channel is None:
        raise BadAnswerError(f"the answer is neither an Atom nor an RSS feed but <{root.tag[:60]}>")
    form = _FORMS[kind]
    if text(channel, form.title).startswith("Feed error"):
        said = text(channel, form.about) or text(channel, form.title)
        raise SourceError(f"arXiv says: {said[:300]}", hint="https://arxiv.org/category_taxonomy lists its classes")
    found = channel.findall(form.entry)
    names = "\n".join(text(entry, form.id) for entry in found)
    return Feed(tuple(_read(entry, form) for entry in found), hashlib.sha256(names.encode()).hexdigest())


def _read(entry: Element, form: _Form) -> Paper | str:
    try:
        return parse_announcement(entry, form)
    except InputError as error:
        return f"{text(entry, form.id)[:100]}: {error}"


def parse_announcement(entry: Element, form: _Form) -> Paper:
    """Read one entry of a feed.

    Raises
    ------
    InputError
        If it has no arXiv id, no title, or no day on which it was announced.
    """
    found = parse_arxiv_id(text(entry, form.id))
    if found is None:
        raise InputError("it has no arXiv identifier")
    told = text(entry, form.summary)
    prefix = _PREFIX.match(told)
    kind = text(entry, f"{ARXIV}announce_type") or (prefix["kind"] if prefix else "")
    summary = with_letters(told[prefix.end() :] if prefix else told)
    announced = _announced(text(entry, form.day))
    fresh = kind in ("new", "cross")
    doi = text(entry, f"{ARXIV}DOI")
    authors = tuple(name for one in entry.findall(f"{_DC}creator") for name in parse_authors(one.text or ""))
    return Paper(
        id=found.bare,
        title=prose(entry, form.title),
        source="arxiv-feed",
        summary=summary,
        authors=authors,
        author_count=len(authors) or None,
        published=PaperDate.of(announced.date()) if kind == "new" else None,
        listed=announced.date() if fresh else month_of(found.bare),
        version=found.version or 1,
        updated=announced.astimezone(dt.UTC),
        categories=_categories(entry),
        links=arxiv_links(found.bare, doi),
        doi=doi,
        journal=prose(entry, f"{ARXIV}journal_reference"),
        withdrawn=is_withdrawn(summary),
    )


def _announced(value: str) -> dt.datetime:
    """Return the moment of an announcement in arXiv's own zone, whose midnight begins its day."""
    try:
        read = parsedate_to_datetime(value) if value[:1].isalpha() else dt.datetime.fromisoformat(value)
        local = read if read.tzinfo else read.replace(tzinfo=dt.UTC)
        local.astimezone(dt.UTC)  # a day beside the first or last year has no other zone
        return local
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{value[:60]!r} is not the day of an announcement") from error


def _categories(entry: Element) -> tuple[str, ...]:
    """Return the subject classes: an attribute in Atom, text in RSS."""
    named = [*entry.findall(f"{ATOM}category"), *entry.findall("category")]
    terms = ((one.get("term") or one.text or "").strip() for one in named)
    return tuple(dict.fromkeys(term for term in terms if term))
