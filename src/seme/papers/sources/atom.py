"""Reading arXiv's Atom answers, which are untrusted XML."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from seme.errors import InputError
from seme.papers.latex import with_letters
from seme.papers.paper import Paper, PaperDate, squeeze
from seme.papers.sources.arxiv_ids import parse_arxiv_id
from seme.papers.sources.fetch import BadAnswerError

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_WITHDRAWN = re.compile(r"\b(?:this|the) (?:paper|article|submission|manuscript) (?:has been|was|is) withdrawn", re.I)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the query API."""

    papers: tuple[Paper, ...]
    skipped: tuple[str, ...]
    entries: int
    total: int


def parse_xml(body: bytes) -> Element:
    """Parse XML without entities, DTDs or anything external.

    Raises
    ------
    BadAnswerError
        If it is not well-formed, or declares entities or a DTD.
    """
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise BadAnswerError(
            f"the answer is not usable XML: {type(error).__name__} {str(error)[:120]}", hint="Run again later"
        ) from error
    return root


def text(element: Element, path: str) -> str:
    """Return the text at a path on one line, or nothing."""
    return squeeze(_UNPRINTABLE.sub(" ", element.findtext(path) or ""))


def prose(element: Element, path: str) -> str:
    """Return a title, abstract or note: arXiv's interfaces differ in whether they leave its accents as TeX."""
    return with_letters(text(element, path))


def parse_page(body: bytes) -> Page:
    """Read an answer of the query API; an entry that cannot be read is skipped and named.

    Raises
    ------
    BadAnswerError
        If it is not a feed, or arXiv's way of telling an error: one entry with the title `Error`.
    """
    root = parse_xml(body)
    if root.tag != f"{ATOM}feed":
        raise BadAnswerError(f"the answer is not an Atom feed but <{root.tag[:60]}>")
    entries = root.findall(f"{ATOM}entry")
    if len(entries) == 1 and text(entries[0], f"{ATOM}title") == "Error":
        raise BadAnswerError(f"arXiv says: {text(entries[0], f'{ATOM}summary')[:300]}")
    papers: list[Paper] = []
    skipped: list[str] = []
    for entry in entries:
        try:
            papers.append(parse_entry(entry))
        except InputError as error:
            skipped.append(f"{text(entry, f'{ATOM}id')[:100]}: {error}")
    total = text(root, f"{OPENSEARCH}totalResults")
    return Page(tuple(papers), tuple(skipped), len(entries), int(total[:9]) if total.isdecimal() else len(entries))


def parse_entry(entry: Element) -> Paper:
    """Read one entry of the query API.

    Raises
    ------
    InputError
        If it has no arXiv id, no title or a date that is none.
    """
    address = text(entry, f"{ATOM}id")
    found = parse_arxiv_id(address)
    if found is None:
        raise InputError(f"{address[:100]!r} is not an arXiv identifier")
    authors = [name for one in entry.findall(f"{ATOM}author") if (name := text(one, f"{ATOM}name"))]
    published = moment(text(entry, f"{ATOM}published"))
    summary, note = prose(entry, f"{ATOM}summary"), prose(entry, f"{ARXIV}comment")
    doi = text(entry, f"{ARXIV}doi")
    return Paper(
        id=found.bare,
        title=prose(entry, f"{ATOM}title"),
        source="arxiv",
        summary=summary,
        authors=tuple(authors),
        author_count=len(authors) or None,
        published=PaperDate.of(published.date()) if published else None,
        listed=published.date() if published else None,
        version=found.version or 1,
        updated=moment(text(entry, f"{ATOM}updated")),
        categories=_categories(entry),
        links=arxiv_links(found.bare, doi),
        note=note,
        doi=doi,
        journal=prose(entry, f"{ARXIV}journal_ref"),
        withdrawn=is_withdrawn(summary, note),
    )


def is_withdrawn(*texts: str) -> bool:
    """Tell whether the authors say that they took the paper back."""
    return any(_WITHDRAWN.search(one) or one.lower().startswith("withdrawn") for one in texts)


def arxiv_links(bare: str, doi: str = "") -> dict[str, str]:
    """Return the addresses of a paper on arXiv, and of its journal version where it has one."""
    links = {"abs": f"https://arxiv.org/abs/{bare}", "pdf": f"https://arxiv.org/pdf/{bare}"}
    return {**links, "doi": f"https://doi.org/{doi}"} if doi else links


def moment(value: str) -> dt.datetime | None:
    """Read an RFC 3339 moment in UTC; `None` where there is none.

    Raises
    ------
    InputError
        If the text is no moment.
    """
    if not value:
        return None
    try:
        read = dt.datetime.fromisoformat(value)
        return (read if read.tzinfo else read.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{value[:60]!r} is not a date") from error


def _categories(entry: Element) -> tuple[str, ...]:
    named: Sequence[Element] = [
        *entry.findall(f"{ARXIV}primary_category"),
        *entry.findall(f"{ATOM}category"),
    ]
    return tuple(dict.fromkeys(term for one in named if (term := one.get("term", "").strip())))
