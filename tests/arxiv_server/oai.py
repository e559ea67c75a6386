"""OAI-PMH's answers: pages of records with resumption tokens, deleted ones among them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from email.utils import format_datetime
from urllib.parse import parse_qsl, quote, unquote, urlencode
from xml.sax.saxutils import escape

from arxiv_server.records import Record

PAGE = 7
_SCHEMA = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def answer(records: Sequence[Record], query: dict[str, str], last_day: dt.date, *, trap: str = "") -> str:
    """Answer ListRecords; `expired-token` refuses the token, `empty-page` leaves out the records and the token."""
    token = query.get("resumptionToken")
    if token is not None:
        if trap == "expired-token":
            return _error("badResumptionToken", "the token has expired", last_day)
        query = dict(parse_qsl(unquote(token)))
    if query.get("verb") != "ListRecords" and token is None:
        return _error("badVerb", "only ListRecords is spoken here", last_day)
    if query.get("metadataPrefix") not in ("arXiv", "arXivRaw"):
        return _error("cannotDisseminateFormat", "there is no such format", last_day)
    chosen = _chosen(records, query)
    if query.get("set") and not any(_in_set(record, query["set"]) for record in records):
        return _error("badArgument", "there is no such set", last_day)
    if not chosen:
        return _error("noRecordsMatch", "nothing changed", last_day)
    skip = int(query.get("skip", 0))
    page = [] if trap == "empty-page" else chosen[skip : skip + PAGE]
    body = "".join(_record(record, query["metadataPrefix"]) for record in page)
    return _document(f"<ListRecords>{body}{_token(query, skip, len(chosen), token, trap)}</ListRecords>", last_day)


def _chosen(records: Sequence[Record], query: dict[str, str]) -> list[Record]:
    first, last = query.get("from", "0"), query.get("until", "9")
    wanted = [
        record
        for record in records
        if first <= str(record.stamp) <= last and (not query.get("set") or _in_set(record, query["set"]))
    ]
    return sorted(wanted, key=lambda record: (record.stamp, record.bare))


def _in_set(record: Record, spec: str) -> bool:
    return any(one == spec or one.startswith(f"{spec}:") for one in record.sets)


def _token(query: dict[str, str], skip: int, total: int, token: str | None, trap: str) -> str:
    if trap == "empty-page" or (total <= skip + PAGE and token is None):
        return ""
    value = ""
    if total > skip + PAGE:
        kept = {name: query[name] for name in ("set", "from", "until", "metadataPrefix") if name in query}
        value = quote(urlencode({**kept, "skip": str(skip + PAGE)}))
    expires = 'expirationDate="2099-01-01T00:00:00Z" ' if value else ""
    return f'<resumptionToken {expires}completeListSize="{total}" cursor="{skip}">{value}</resumptionToken>'


def _record(record: Record, prefix: str) -> str:
    sets = "".join(f"<setSpec>{one}</setSpec>" for one in record.sets)
    status = ' status="deleted"' if record.deleted else ""
    header = (
        f"<header{status}><identifier>oai:arXiv.org:{record.bare}</identifier>"
        f"<datestamp>{record.stamp}</datestamp>{sets}</header>"
    )
    if record.deleted:
        return f"<record>{header}</record>"
    body = _raw(record) if prefix == "arXivRaw" else _arxiv(record)
    return f'<record>{header}<metadata><{prefix} xmlns="http://arxiv.org/OAI/{prefix}/" {_SCHEMA}>{body}</{prefix}></metadata></record>'  # noqa: E501


def _common(record: Record) -> str:
    return (
        f"<title>{escape(record.title)}</title><categories>{' '.join(record.categories)}</categories>"
        f"<comments>{record.number} pages</comments><license>http://example.org/license</license>"
        f"<abstract>{escape(record.summary)}</abstract>"
    )


def _arxiv(record: Record) -> str:
    names = [name.rsplit(" ", 1) for name in record.authors]
    authors = "".join(
        f"<author><keyname>{last}</keyname><forenames>{first}</forenames></author>" for first, last in names
    )
    updated = f"<updated>{record.last_day}</updated>" if record.version > 1 else ""
    return (
        f"<id>{record.bare}</id><created>{record.day}</created>{updated}<authors>{authors}</authors>{_common(record)}"
    )


def _raw(record: Record) -> str:
    versions = "".join(
        f'<version version="v{one}"><date>{format_datetime(record.moment(one), usegmt=True)}</date></version>'
        for one in range(1, record.version + 1)
    )
    first, second = record.authors
    tex = second.replace("É", "\\'E")
    return f"<id>{record.bare}</id><submitter>Ada</submitter>{versions}<authors>{first} (Somewhere, Far) and {tex}</authors>{_common(record)}"  # noqa: E501


def _error(code: str, words: str, last_day: dt.date) -> str:
    return _document(f'<error code="{code}">{words}</error>', last_day)


def _document(body: str, last_day: dt.date) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" {_SCHEMA}>'
        f"<responseDate>{last_day}T23:00:00Z</responseDate><request>http://oaipmh.arxiv.org/oai</request>{body}</OAI-PMH>"
    )
