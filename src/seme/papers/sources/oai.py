"""Reading arXiv's OAI-PMH answers, which are untrusted XML, in its formats arXiv and arXivRaw.

Protocol: Open Archives Initiative Protocol for Metadata Harvesting 2.0.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element

from seme.errors import InputError, SourceError
from seme.papers.paper import Paper, PaperDate
from seme.papers.sources.arxiv_authors import parse_authors
from seme.papers.sources.arxiv_ids import month_of, parse_arxiv_id
from seme.papers.sources.atom import arxiv_links, is_withdrawn, moment, parse_xml, prose, text
from seme.papers.sources.fetch import KEPT, BadAnswerError

OAI = "{http://www.openarchives.org/OAI/2.0/}"
ARXIV = "{http://arxiv.org/OAI/arXiv/}"
RAW = "{http://arxiv.org/OAI/arXivRaw/}"
_NAME = ("forenames", "keyname", "suffix")
_WITHDRAWN = "I"
"""The source type that arXiv gives to a version that was taken back."""


class ExpiredTokenError(SourceError):
    """A resumption token that the server no longer knows: its list must be asked for again."""


@dataclass(frozen=True, slots=True)
class Records:
    """One answer to ListRecords.

    `token` asks for the next part; it is empty in the last one and `None` where the answer has no such element.
    `latest` is the last day on which one of the records was changed.
    """

    papers: tuple[Paper, ...] = ()
    removed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    token: str | None = None
    latest: dt.date | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class _Version:
    number: int
    moment: dt.datetime
    withdrawn: bool


def parse_records(body: bytes) -> Records:
    """Read an answer to ListRecords; a record that cannot be read is skipped and named.

    Raises
    ------
    BadAnswerError
        If it is no such answer, or a list without a record, which the protocol does not have.
    ExpiredTokenError
        If the server does not know the resumption token.
    SourceError
        If it refuses the request.
    """
    root = parse_xml(body)
    if root.tag != f"{OAI}OAI-PMH":
        raise BadAnswerError(f"the answer is not of OAI-PMH but <{root.tag[:60]}>", hint=KEPT)
    error = root.find(f"{OAI}error")
    if error is not None:
        return _refused(error)
    found = root.findall(f"{OAI}ListRecords/{OAI}record")
    if not found:
        raise BadAnswerError("arXiv sent a list of records without one", hint=KEPT)
    papers: list[Paper] = []
    removed: list[str] = []
    skipped: list[str] = []
    for record in found:
        name = text(record, f"{OAI}header/{OAI}identifier")
        try:
            if _is_deleted(record):
                removed.append(_bare(name))
            else:
                papers.append(parse_record(record))
        except InputError as problem:
            skipped.append(f"{name[:100]}: {problem}")
    token = root.find(f"{OAI}ListRecords/{OAI}resumptionToken")
    stamps = [stamp for record in found if (stamp := _stamp(record))]
    value = None if token is None else (token.text or "").strip()
    return Records(tuple(papers), tuple(removed), tuple(skipped), value, max(stamps, default=None), _size(token))


def _refused(error: Element) -> Records:
    code, words = error.get("code", ""), " ".join((error.text or "").split())[:300]
    if code == "noRecordsMatch":
        return Records()
    if code == "badResumptionToken":
        raise ExpiredTokenError(f"arXiv no longer knows where this list stopped: {words}", hint=KEPT)
    hint = "Sets look like cs, math:math or cs:cs:CL" if code == "badArgument" else ""
    raise SourceError(f"arXiv refuses the request ({code[:40]}): {words}", hint=hint)


def _is_deleted(record: Element) -> bool:
    header = record.find(f"{OAI}header")
    return header is not None and header.get("status") == "deleted"


def _stamp(record: Element) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text(record, f"{OAI}header/{OAI}datestamp")[:10])
    except ValueError:
        return None


def _size(token: Element | None) -> int | None:
    stated = "" if token is None else token.get("completeListSize", "")
    return int(stated[:9]) if stated.isascii() and stated.isdigit() else None


def _bare(name: str) -> str:
    found = parse_arxiv_id(name)
    if found is None:
        raise InputError("it has no arXiv identifier")
    return found.bare


def parse_record(record: Element) -> Paper:
    """Read one record.

    Raises
    ------
    InputError
        If it is in neither format, or lacks the identifier, the title or a usable date.
    """
    for name in (RAW, ARXIV):
        body = record.find(f"{OAI}metadata/{name}{'arXivRaw' if name == RAW else 'arXiv'}")
        if body is not None:
            return _raw(body) if name == RAW else _arxiv(body)
    raise InputError("its format is neither arXiv nor arXivRaw")


def _raw(body: Element) -> Paper:
    """Read a record in the format that names every version, and the authors as one line."""
    versions = sorted(map(_version, body.findall(f"{RAW}version")), key=lambda one: one.number)
    if not versions:
        raise InputError("it has no version")
    first, last = versions[0], versions[-1]
    return _paper(
        body,
        RAW,
        authors=parse_authors(body.findtext(f"{RAW}authors") or ""),
        day=first.moment.date() if first.number == 1 else None,
        version=last.number,
        updated=last.moment,
        withdrawn=last.withdrawn,
    )


def _version(element: Element) -> _Version:
    number = element.get("version", "").removeprefix("v")
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:5]) <= 9999):
        raise InputError(f"{number[:20]!r} is not the number of a version")
    stated = text(element, f"{RAW}date")
    try:
        when = parsedate_to_datetime(stated)
        when = (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{stated[:60]!r} is not the date of a version") from error
    return _Version(int(number), when, _WITHDRAWN in text(element, f"{RAW}source_type"))


def _arxiv(body: Element) -> Paper:
    """Read a record in the format that names each author, but no version.

    One that was revised is kept as version 2, the least that it can have; `updated` is only known to the day.
    """
    people = body.findall(f"{ARXIV}authors/{ARXIV}author")
    names = [" ".join(filter(None, (prose(one, ARXIV + part) for part in _NAME))) for one in people]
    created, updated = (moment(text(body, ARXIV + name)[:10]) for name in ("created", "updated"))
    return _paper(
        body,
        ARXIV,
        authors=tuple(filter(None, names)),
        day=created.date() if created else None,
        version=2 if updated else 1,
        updated=updated or created,
        withdrawn=False,
    )


def _paper(
    body: Element,
    space: str,
    *,
    authors: tuple[str, ...],
    day: dt.date | None,
    version: int,
    updated: dt.datetime | None,
    withdrawn: bool,
) -> Paper:
    bare = _bare(text(body, f"{space}id"))
    summary, note = prose(body, f"{space}abstract"), prose(body, f"{space}comments")
    doi = text(body, f"{space}doi").partition(" ")[0]
    return Paper(
        id=bare,
        title=prose(body, f"{space}title"),
        source="arxiv-oai",
        summary=summary,
        authors=authors,
        author_count=len(authors) or None,
        published=PaperDate.of(day) if day else None,
        listed=day or month_of(bare),
        version=version,
        updated=updated,
        categories=tuple(dict.fromkeys(text(body, f"{space}categories").split())),
        links=arxiv_links(bare, doi),
        note=note,
        doi=doi,
        journal=prose(body, f"{space}journal-ref"),
        withdrawn=withdrawn or is_withdrawn(summary, note),
    )
