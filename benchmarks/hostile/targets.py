"""What reads text from outside: one function of bytes for each, which raises if anything but a `SemeError` comes out.

What a reader lets through must also be fit for use: it is stored, shown as Atom and JSON, and written as BibTeX.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes, policy
from email.utils import getaddresses
from functools import lru_cache
from pathlib import Path
from typing import Any

from defusedxml import ElementTree
from sqlalchemy import select

from benchmarks.hostile.archives import archive_of
from seme.errors import SemeError
from seme.papers.archive import import_archive
from seme.papers.archive.bibtex import bibtex_entry
from seme.papers.archive.records import papers as paper_records
from seme.papers.files import file_kind
from seme.papers.latex import from_latex, to_latex
from seme.papers.library import Library, schema
from seme.papers.library.people import clean_email
from seme.papers.library.records import StoredPaper, from_row
from seme.papers.library.storing import store_papers
from seme.papers.library.subscriptions import Subscription
from seme.papers.mail.messages import confirmation, digest
from seme.papers.paper import Paper, PaperDate, squeeze
from seme.papers.query import Query
from seme.papers.reader import Entry
from seme.papers.sources import open_source
from seme.papers.sources.arxiv_ids import parse_arxiv_id
from seme.papers.sources.atom import parse_page
from seme.papers.sources.fetch import retry_after
from seme.settings import Settings
from seme.web.api import to_api
from seme.web.feeds import Feed
from seme.web.listing import read_query, view_of
from seme.web.service import query_string

_NOW = dt.datetime(2026, 3, 3, 6, tzinfo=dt.UTC)
Target = Callable[[bytes], None]


@lru_cache(maxsize=1)
def _library() -> Library:
    return Library("sqlite://")


@lru_cache(maxsize=1)
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="seme-hostile-"))


def use(papers: Sequence[Paper]) -> None:
    """Store papers, read them back and show them in every form; leaves nothing behind."""
    with _library().engine.connect() as connection, connection.begin() as transaction:
        store_papers(connection, papers, _NOW)
        stored = [from_row(row) for row in connection.execute(select(schema.paper))]
        taken: set[str] = set()
        for record in paper_records(connection):
            bibtex_entry(record, taken)
        transaction.rollback()
    show(stored)


def show(stored: Sequence[StoredPaper]) -> None:
    """Show papers as Atom, JSON Feed and JSON."""
    entries = [Entry(one) for one in stored]
    feed = Feed("Hostile", "/", "/feeds/latest.atom", entries, "http://127.0.0.1")
    ElementTree.fromstring(feed.atom())
    json.dumps(feed.json(), ensure_ascii=False).encode()
    for entry in entries:
        to_api(entry).model_dump_json().encode()


def _file(kind: str, name: str) -> Target:
    def read(data: bytes) -> None:
        path = _folder() / kind / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        given = path.parent if kind == "beir" else path
        try:
            if kind == "any":
                kinds.append(file_kind(given))
            for batch in open_source(kinds[-1], path=given).batches():
                use(batch.papers)
        except SemeError:
            return

    kinds = [kind]
    return read


def atom(data: bytes) -> None:
    """Read an answer of arXiv's query API."""
    try:
        use(parse_page(data).papers)
    except SemeError:
        return


def latex(data: bytes) -> None:
    """Read LaTeX, and write and read back a text."""
    text = data.decode("utf-8", errors="replace")
    from_latex(text).encode()
    assert from_latex(to_latex(text)) == squeeze(text.replace("\x00", " ")), "a text is another after LaTeX"


def query(data: bytes) -> None:
    """Read the parameters of an address, and everything that is a day, a week, a month, a date or an id."""
    try:
        text = data.decode("utf-8", errors="surrogatepass")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
    words = (text.split("&") + [""] * 7)[:7]
    names = ("q", "since", "until", "tag", "author", "source", "sort")
    readers: list[Callable[[], object]] = [
        lambda: _round_trip(read_query(**dict(zip(names, words, strict=True)), min_votes=len(data))),
        *(lambda kind=kind: view_of(kind, text, Query(), _library()) for kind in ("day", "week", "month", "latest")),
        lambda: PaperDate.parse(text).shown,
        lambda: parse_arxiv_id(text),
        lambda: retry_after(text, _NOW),
        lambda: _library().papers.get(text),
        lambda: Query.from_dict(json.loads(text)) if text[:1] == "{" and _is_json(text) else None,
    ]
    for read in readers:
        try:
            read()
        except SemeError:
            continue


def _round_trip(found: Query) -> None:
    query_string(found).encode("ascii")
    assert Query.from_dict(found.to_dict()) == found, "a search is another once it was saved"
    _library().papers.find(found, limit=3)
    _library().papers.count(found)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def mail(data: bytes) -> None:
    """Write a mail to an address, about a search and a paper that both come from outside."""
    text = data.decode("utf-8", errors="replace")
    address, _, name = text.partition("\n")
    try:
        to = clean_email(address)
    except SemeError:
        return
    settings = Settings(secret="a secret that only the fuzzer uses", smtp="smtp+plain://localhost:25")  # noqa: S106
    wanted = Subscription(1, "s", "p", to, "search", name[:200] or "x", Query(), "active", _NOW, _NOW)
    papers = _shown_paper(name[:1000])
    for message in (confirmation(settings, wanted), digest(settings, wanted, papers, message_id="<1@localhost>")):
        read = message_from_bytes(message.as_bytes(policy=policy.SMTPUTF8), policy=policy.default)
        assert read["Bcc"] is None, "a header was smuggled in"
        assert read["Cc"] is None, "a header was smuggled in"
        assert [found for _, found in getaddresses([str(read["To"])])] == [to], "the mail would go to somebody else"


def _shown_paper(title: str) -> list[StoredPaper]:
    paper = Paper(id="1", title=title if title.strip() else "x", source="s", summary=title, authors=(title,))
    return [StoredPaper(paper, 1, _NOW.date(), 0, 0, 1, _NOW, _NOW, None)]


def archive(data: bytes) -> None:
    """Restore an export of which one file is anything: its first line says which."""
    folder = archive_of(data, _folder() / "archive")
    with Library("sqlite://") as library:
        try:
            import_archive(library, folder)
        except SemeError:
            return
        show(list(library.papers.all()))
        for person in _people(library):
            library.shelves.list(person)
            library.subscriptions.of(person)
        library.subscriptions.active()
        library.harvests.last(limit=50)
        library.outbox.waiting()


def _people(library: Library) -> list[Any]:
    with library.engine.connect() as connection:
        ids = list(connection.execute(select(schema.person.c.id)).scalars())
    return [library.people.get(found) for found in ids]


TARGETS: Mapping[str, Target] = {
    "saved-page": _file("saved-page", "page.txt"),
    "bibtex": _file("bibtex", "refs.bib"),
    "jsonl": _file("jsonl", "papers.jsonl"),
    "beir": _file("beir", "corpus.jsonl"),
    "any": _file("any", "file"),
    "atom": atom,
    "latex": latex,
    "query": query,
    "mail": mail,
    "archive": archive,
}
