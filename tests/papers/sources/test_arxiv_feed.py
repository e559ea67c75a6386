"""arXiv's daily feeds, in both forms, against a server on 127.0.0.1 that plays every fault it is known for."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxiv_server import FEED_TRAPS, LAST_DAY, ArxivServer, Record, feeds
from seme.errors import InputError, SemeError, SourceError
from seme.papers.harvesting import run_harvest
from seme.papers.library import Library
from seme.papers.paper import Paper
from seme.papers.sources.arxiv_feed import BATCH, MOST_ENTRIES, ArxivFeedSource, parse_feed
from seme.papers.sources.arxiv_ids import month_of
from seme.papers.sources.arxiv_query import ArxivQuerySource
from seme.papers.sources.fetch import Fetcher

FORMS = ("atom", "rss")
Read = Callable[..., ArxivFeedSource]


@pytest.fixture
def source(fetcher: Callable[..., Fetcher]) -> Read:
    """Return a function that makes a source of some server's."""

    def make(server: ArxivServer, form: str = "atom", *classes: str, **options: Any) -> ArxivFeedSource:
        return ArxivFeedSource(
            categories=classes or ["cs.CL"], address=f"{server.address}/{form}", fetcher=fetcher(**options)
        )

    return make


@pytest.mark.parametrize("form", FORMS)
def test_every_announcement_is_read_once_and_rightly(source: Read, form: str) -> None:
    with ArxivServer(60) as server:
        (batch,) = source(server, form).batches()
        truth = [record for record in server.records if "cs.CL" in record.categories]
        assert len(server.seen) == 1
    assert [paper.id for paper in batch.papers] == [record.bare for record in truth]
    for paper, record in zip(batch.papers, truth, strict=True):
        assert paper.title == " ".join(record.title.split())
        assert paper.summary == " ".join(record.summary.split())
        assert paper.authors == (f"Ada Nr{record.number}", "Émile Zed")
        assert (paper.version, paper.categories) == (record.version, record.categories)
        assert paper.withdrawn == (record.number % 11 == 5)
        fresh = record.announced in ("new", "cross")
        assert paper.listed == (LAST_DAY if fresh else month_of(record.bare))
        assert (paper.published is not None) == (record.announced == "new")
    assert {record.announced for record in truth} >= {"cross", "replace-cross"}


def test_both_forms_tell_the_same(source: Read) -> None:
    with ArxivServer(50) as server:
        atom, rss = (list(source(server, form, "cs.CL", "cs.LG").batches()) for form in FORMS)
    assert atom == rss
    assert len(atom[0].papers) == 50


@pytest.mark.parametrize(("trap", "form"), [*((trap, "atom") for trap in FEED_TRAPS), *(("all", f) for f in FORMS)])
def test_a_trap_loses_nothing(source: Read, trap: str, form: str) -> None:
    traps = list(FEED_TRAPS) if trap == "all" else [trap]
    with ArxivServer(30) as server:
        clean = list(source(server, form).batches())
    with ArxivServer(30, traps) as server:
        assert list(source(server, form).batches()) == clean
        assert not server.waiting
        assert len(server.seen) == 1 + len(traps)


def test_a_day_without_news_is_a_feed_without_papers(source: Read, library: Library) -> None:
    for day in (LAST_DAY + dt.timedelta(days=1), LAST_DAY + dt.timedelta(days=2)):
        with ArxivServer(20, last_day=day) as server:
            for form in FORMS:
                done = run_harvest(library, source(server, form))
                assert (done.state, done.seen) == ("done", 0)


def test_any_cursor_gives_the_rest_of_the_same_edition(source: Read) -> None:
    with ArxivServer(2 * BATCH + 60) as server:
        run = list(source(server, "atom", "cs.CL", "cs.LG", total=10.0).batches())
        assert [len(batch.papers) for batch in run] == [BATCH, BATCH, 60]
        for i, batch in enumerate(run):
            assert list(source(server, "atom", "cs.CL", "cs.LG", total=10.0).batches(batch.cursor)) == run[i + 1 :]
        server.records = server.records[1:]  # another day's feed
        fresh = list(source(server, "atom", "cs.CL", "cs.LG", total=10.0).batches(run[1].cursor))
        assert sum(len(batch.papers) for batch in fresh) == 2 * BATCH + 59


def test_a_second_run_changes_nothing_and_the_next_day_is_read_anew(source: Read, library: Library) -> None:
    with ArxivServer(30) as server:
        assert run_harvest(library, source(server)).added == 15
        again = run_harvest(library, source(server, "rss"))
        assert (again.seen, again.added, again.changed) == (15, 0, 0)
    monday = LAST_DAY + dt.timedelta(days=3)
    with ArxivServer(36, last_day=monday) as server:
        server.records = [one for one in server.records if one.number > 30]
        assert run_harvest(library, source(server)).added == sum("cs.CL" in r.categories for r in server.records)


def test_a_replacement_keeps_the_day_of_a_paper_that_is_known(
    source: Read, fetcher: Callable[..., Fetcher], library: Library
) -> None:
    monday = LAST_DAY + dt.timedelta(days=3)
    with ArxivServer(30) as server:
        query = ArxivQuerySource(
            categories=["cs.CL"], address=f"{server.address}/api/query", fetcher=fetcher(), today=LAST_DAY
        )
        run_harvest(library, query)
        before = {one.paper.id: one for one in library.papers.all()}
        revised = {r.bare: replace(r, extra_versions=3) for r in server.records if "cs.CL" in r.categories}
        server.records, server.last_day = list(revised.values()), monday
        done = run_harvest(library, source(server))
    assert (done.added, done.changed) == (0, len(revised))
    for stored in library.papers.all():
        old = before[stored.paper.id]
        assert (stored.listed_on, stored.paper.published) == (old.listed_on, old.paper.published)
        assert stored.paper.version == old.paper.version + 3


def test_a_class_that_arxiv_does_not_have_is_refused_at_once(source: Read) -> None:
    with ArxivServer(20) as server:
        for form in FORMS:
            with pytest.raises(SourceError, match="Feed error") as caught:
                list(source(server, form, "cs.CL", "nope.XX").batches())
            assert "category_taxonomy" in caught.value.hint
        assert len(server.seen) == len(FORMS)


def test_where_arxiv_cuts_the_feed_is_said(source: Read) -> None:
    with ArxivServer(MOST_ENTRIES) as server:
        batches = list(source(server, "rss", "cs.CL", "cs.LG", total=30.0).batches())
    assert sum(len(batch.papers) for batch in batches) == MOST_ENTRIES
    assert [len(batch.skipped) for batch in batches] == [0] * (len(batches) - 1) + [1]
    assert "fewer classes" in batches[-1].skipped[0]


def test_a_server_that_stays_busy_ends_the_run(source: Read) -> None:
    with ArxivServer(20, ["503-date"] * 9) as server:
        with pytest.raises(SourceError, match="busy"):
            list(source(server, attempts=3).batches())
        assert len(server.seen) == 3


@pytest.mark.parametrize("categories", [[], ["cs CL"], ["cs.CL", "../x"]])
def test_bad_arguments_are_named(categories: list[str]) -> None:
    with pytest.raises(InputError, match="category"):
        ArxivFeedSource(categories=categories)


def document(form: str) -> str:
    """Return the feed of a day."""
    return feeds.answer([Record(n) for n in range(1, 6)], form, "cs.CL+cs.LG", LAST_DAY)[1]


@pytest.mark.parametrize("form", FORMS)
def test_an_entry_that_cannot_be_read_is_skipped_and_named(form: str) -> None:
    names = [f"oai:arXiv.org:{record.bare}v{record.version}" for record in map(Record, range(1, 6))]
    tag = "published" if form == "atom" else "pubDate"
    moment = feeds.midnight(LAST_DAY)
    day = f"<{tag}>{moment.isoformat() if form == 'atom' else format_datetime(moment)}"
    body = document(form).replace(names[1], "oai:arXiv.org:two").replace("no. 4", "", 1)
    body = re.sub(r"<title>Résumé :[^<]*</title>", "<title> </title>", body)
    where = body.rindex(day)
    feed = parse_feed((body[:where] + f"<{tag}>Moonday" + body[where + len(day) :]).encode())
    assert [one.id for one in feed.entries if isinstance(one, Paper)] == [Record(1).bare, Record(3).bare]
    skipped = [one.split(": ")[0] for one in feed.entries if isinstance(one, str)]
    assert skipped == ["oai:arXiv.org:two", names[3], names[4]]


@given(st.binary(max_size=300) | st.text(alphabet="<>&;/![]\"'= rsfeditm:?x", max_size=300).map(str.encode))
def test_no_bytes_crash_the_parser(body: bytes) -> None:
    with contextlib.suppress(SemeError):
        parse_feed(body)


@given(st.sampled_from(FORMS), st.integers(0, 4_000), st.integers(0, 60), st.text(max_size=8))
def test_no_damage_to_a_feed_crashes_the_parser(form: str, start: int, length: int, instead: str) -> None:
    body = document(form)
    with contextlib.suppress(SemeError):
        parse_feed((body[:start] + instead + body[start + length :]).encode())
