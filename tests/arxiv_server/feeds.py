"""The daily feeds: what was announced on the last day, as Atom and as RSS 2.0."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from email.utils import format_datetime
from xml.sax.saxutils import escape

from arxiv_server.records import Record

_NAMES = 'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
_EASTERN = dt.timezone(dt.timedelta(hours=-4))


def answer(records: Sequence[Record], form: str, classes: str, last_day: dt.date) -> tuple[int, str]:
    """Return status and body; a day without news (Saturday, Sunday) is a feed without entries."""
    wanted = classes.split("+")
    if not all(one.split(".")[0] in ("cs", "math", "cond-mat") for one in wanted):
        return 400, _document(form, f"Feed error for query: {escape(classes)}", "", last_day)
    today = [] if last_day.weekday() >= 5 else [r for r in records if set(wanted) & set(r.categories)]
    item = _entry if form == "atom" else _item
    return 200, _document(form, f"{classes} updates on arXiv.org", "".join(item(r) for r in today), last_day)


def midnight(day: dt.date) -> dt.datetime:
    """Return when a day's papers are announced."""
    return dt.datetime.combine(day, dt.time(), _EASTERN)


def _document(form: str, title: str, items: str, day: dt.date) -> str:
    if form == "atom":
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><feed {_NAMES} xmlns="http://www.w3.org/2005/Atom">'
            f"<id>http://rss.arxiv.org/atom/</id><title>{title}</title>"
            f"<updated>{day}T05:00:00+00:00</updated><link href='http://rss.arxiv.org/atom/' rel='self'/>{items}</feed>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss {_NAMES} version="2.0"><channel><title>{title}</title>'
        f"<link>http://rss.arxiv.org/rss/</link><pubDate>{format_datetime(midnight(day))}</pubDate>"
        f"<skipDays><day>Saturday</day><day>Sunday</day></skipDays>{items}</channel></rss>"
    )


def _summary(record: Record) -> str:
    head = f"arXiv:{record.bare}v{record.version} Announce Type: {record.announced} \nAbstract: "
    return escape(head + record.summary)


def _common(record: Record) -> str:
    return (
        f"<title>{escape(record.title)}</title><arxiv:announce_type>{record.announced}</arxiv:announce_type>"
        f"<dc:rights>http://example.org/license</dc:rights><dc:creator>{', '.join(record.authors)}</dc:creator>"
    )


def _entry(record: Record) -> str:
    terms = "".join(f'<category term="{term}"/>' for term in record.categories)
    return (
        f"<entry><id>oai:arXiv.org:{record.bare}v{record.version}</id>{_common(record)}{terms}"
        f"<updated>{record.last_day}T05:00:00+00:00</updated>"
        f'<link href="https://arxiv.org/abs/{record.bare}" rel="alternate" type="text/html"/>'
        f"<summary>{_summary(record)}</summary><published>{midnight(record.last_day).isoformat()}</published></entry>"
    )


def _item(record: Record) -> str:
    terms = "".join(f"<category>{term}</category>" for term in record.categories)
    return (
        f"<item><link>https://arxiv.org/abs/{record.bare}</link><description>{_summary(record)}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{record.bare}v{record.version}</guid>{terms}'
        f"<pubDate>{format_datetime(midnight(record.last_day))}</pubDate>{_common(record)}</item>"
    )
