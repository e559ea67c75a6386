"""The query API's answers: Atom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from arxiv_server.records import Record


def answer(records: Sequence[Record], query: dict[str, str], *, empty: bool = False) -> str:
    chosen = _chosen(records, query)
    start, most = int(query.get("start", 0)), int(query.get("max_results", 10))
    entries = "" if empty else "".join(map(_entry, chosen[start : start + most]))
    return feed(entries, len(chosen), start)


def error_entry(summary: str) -> str:
    return feed(
        f"<entry><id>http://arxiv.org/api/errors#1</id><title>Error</title><summary>{summary}</summary></entry>", 1, 0
    )


def feed(entries: str, total: int, start: int) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
        ' xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        "<id>http://arxiv.org/api/feed</id><title>ArXiv Query</title><link href='http://arxiv.org/api'/>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"
    )


def _chosen(records: Sequence[Record], query: dict[str, str]) -> list[Record]:
    if "id_list" in query:
        wanted = set(query["id_list"].split(","))
        return [record for record in records if record.bare in wanted]
    search = query.get("search_query", "")
    terms = set(re.findall(r"cat:([\w.-]+)", search))
    days = re.search(r"submittedDate:\[(\d{8})\d{4} TO (\d{8})\d{4}\]", search)
    first, last = days.groups() if days else ("0", "9")
    return [r for r in records if terms & set(r.categories) and first <= f"{r.day:%Y%m%d}" <= last]


def _entry(record: Record) -> str:
    scheme = "http" if record.number % 2 else "https"
    terms = "".join(f'<category term="{term}"/>' for term in record.categories)
    authors = "".join(f"<author><name>{name}</name></author>" for name in record.authors)
    return (
        f"<entry><id>{scheme}://arxiv.org/abs/{record.bare}v{record.version}</id>"
        f"<published>{record.moment(1):%Y-%m-%dT%H:%M:%SZ}</published>"
        f"<updated>{record.moment(record.version):%Y-%m-%dT%H:%M:%SZ}</updated>"
        f"<title>{escape(record.title)}</title><summary>{escape(record.summary)}</summary>{authors}"
        f'<arxiv:primary_category term="{record.categories[0]}"/>{terms}'
        f"<arxiv:comment>{record.number} pages</arxiv:comment></entry>"
    )
