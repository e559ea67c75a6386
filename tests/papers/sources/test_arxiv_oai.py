"""arXiv over OAI-PMH against a server on 127.0.0.1 that plays every fault it is known for."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxiv_server import LAST_DAY, OAI_TRAPS, ArxivServer, Record
from arxiv_server import oai as answers
from seme.errors import InputError, SemeError, SourceError
from seme.papers.harvesting import run_harvest
from seme.papers.library import Library, StoredPaper
from seme.papers.paper import Paper
from seme.papers.sources.arxiv_oai import EARLIEST, FORMATS, OVERLAP, WINDOW, ArxivOaiSource
from seme.papers.sources.arxiv_query import ArxivQuerySource
from seme.papers.sources.base import Batch
from seme.papers.sources.fetch import Fetcher
from seme.papers.sources.oai import ExpiredTokenError, parse_records

DAY = dt.timedelta(days=1)
Read = Callable[..., ArxivOaiSource]


@pytest.fixture
def source(fetcher: Callable[..., Fetcher]) -> Read:
    """Return a function that makes a source of some server's."""

    def make(
        server: ArxivServer, *, attempts: int = 20, read: float = 0.3, total: float = 0.5, **options: Any
    ) -> ArxivOaiSource:
        options = {"today": LAST_DAY, "categories": () if "set_spec" in options else ["cs.CL"], **options}
        return ArxivOaiSource(
            address=f"{server.address}/oai", fetcher=fetcher(attempts=attempts, read=read, total=total), **options
        )

    return make


def papers_of(batches: list[Batch]) -> list[Paper]:
    return [paper for batch in batches for paper in batch.papers]


def asked(server: ArxivServer) -> list[dict[str, str]]:
    """Return what each request asked for."""
    return [{name: value[0] for name, value in parse_qs(urlsplit(one.path).query).items()} for one in server.seen]


def stored(library: Library) -> list[tuple[Any, ...]]:
    """Return all that a library holds of papers, less the times of its own."""

    def facts(one: StoredPaper) -> tuple[Any, ...]:
        return (one.paper, one.listed_on, one.removed_at is None, library.papers.versions(one.paper.id))

    return sorted(map(facts, library.papers.all()), key=lambda one: one[0].id)


@pytest.mark.parametrize("form", FORMATS)
def test_every_record_is_read_once_and_rightly(source: Read, form: str) -> None:
    with ArxivServer(60) as server:
        # Patient, for a busy machine that answers late would be asked for the same page again.
        papers = papers_of(list(source(server, read=20.0, total=30.0, metadata_prefix=form).batches()))
        truth = {record.bare: record for record in server.records if "cs.CL" in record.categories}
        assert len(server.seen) == -(-len(truth) // answers.PAGE) > 3
    assert sorted(paper.id for paper in papers) == sorted(truth)
    for paper in papers:
        record = truth[paper.id]
        assert paper.title == " ".join(record.title.split())
        assert paper.authors == (f"Ada Nr{record.number}", "Émile Zed")
        assert (paper.categories, paper.note) == (record.categories, f"{record.number} pages")
        assert (paper.listed, str(paper.published)) == (record.day, str(record.day))
        assert paper.withdrawn == (record.number % 11 == 5)
        last = record.moment(record.version)
        if form == "arXivRaw":
            assert (paper.version, paper.updated) == (record.version, last)
        else:  # which does not number versions, and knows their days alone
            assert (paper.version, paper.updated and paper.updated.date()) == (min(record.version, 2), last.date())


def test_the_query_api_tells_the_same(source: Read, fetcher: Callable[..., Fetcher], library: Library) -> None:
    with ArxivServer(40) as server:
        query = ArxivQuerySource(
            categories=["cs.CL"], address=f"{server.address}/api/query", fetcher=fetcher(), today=LAST_DAY
        )
        one, other = (
            {paper.id: replace(paper, source="") for paper in papers_of(list(each.batches()))}
            for each in (query, source(server))
        )
        assert one == other
        assert run_harvest(library, query).added == len(one)
        for each in (source(server), source(server, metadata_prefix="arXiv"), query, source(server)):
            assert run_harvest(library, each).changed == 0


@pytest.mark.parametrize(
    ("trap", "form"), [*((trap, "arXivRaw") for trap in OAI_TRAPS), *(("all", f) for f in FORMATS)]
)
def test_a_trap_loses_nothing(trap: str, form: str, source: Read, library: Library) -> None:
    traps = list(OAI_TRAPS) if trap == "all" else [trap]
    with ArxivServer(30) as server:
        clean = papers_of(list(source(server, metadata_prefix=form).batches()))
    with ArxivServer(30, traps) as server:
        done = run_harvest(library, source(server, metadata_prefix=form))
        assert not server.waiting
        again = 1 if "expired-token" in traps else 0  # the list began again, of which one part was there already
        assert len(server.seen) == -(-len(clean) // answers.PAGE) + len(traps) + again
    assert (done.added, done.changed) == (len(clean), 0)
    assert [one.paper for one in library.papers.all()] == sorted(
        clean, key=lambda paper: library.papers.get(paper.id).key
    )


def test_tokens_that_keep_expiring_end_the_run_which_can_be_gone_on_with(source: Read, library: Library) -> None:
    with ArxivServer(30, ["expired-token"] * 4) as server:
        with pytest.raises(ExpiredTokenError) as caught:
            run_harvest(library, source(server))
        assert "kept" in caught.value.hint
        assert library.harvests.last()[0].state == "failed"
        before = library.papers.count()
        assert before == answers.PAGE
        done = run_harvest(library, source(server))
    assert (done.state, done.added, library.papers.count()) == ("done", 15, 15)


@pytest.mark.parametrize("traps", [(), ("expired-token",)])
def test_any_cursor_gives_the_rest(source: Read, traps: tuple[str, ...]) -> None:
    with ArxivServer(40) as server:
        run = list(source(server).batches())
        for i, batch in enumerate(run[:-1]):
            server.waiting = list(traps)
            rest = papers_of(list(source(server).batches(batch.cursor)))
            assert rest == papers_of(run if traps else run[i + 1 :])
    assert run[-1].cursor == {"done": True, "next": {"from": str(LAST_DAY - OVERLAP)}}


def test_deleted_records_are_hidden_and_come_back(source: Read, library: Library) -> None:
    with ArxivServer(20) as server:
        run_harvest(library, source(server))
        gone = {record.bare for record in server.records[::3] if "cs.CL" in record.categories}
        unknown = Record(99_998, deleted=True)
        server.records = [replace(one, deleted=one.bare in gone) for one in server.records] + [unknown]
        told = list(source(server).batches())
        assert {one for batch in told for one in batch.removed} == {*gone, unknown.bare}
        run_harvest(library, source(server))
        assert {one.paper.id for one in library.papers.all() if one.removed_at} == gone
        before = stored(library)
        run_harvest(library, source(server))
        assert stored(library) == before
        server.records = [replace(one, deleted=False) for one in server.records if one != unknown]
        assert run_harvest(library, source(server)).changed == len(gone)
    assert not any(one.removed_at for one in library.papers.all())


def test_the_next_run_reads_what_changed_since_and_little_more(source: Read, library: Library) -> None:
    later = LAST_DAY + 9 * DAY
    with ArxivServer(60) as server:
        first = run_harvest(library, source(server, days=20))
        assert first.added == 30
        revised = server.records[0] if "cs.CL" in server.records[0].categories else server.records[1]
        new = Record(2_000, stamped=later - 2 * DAY)
        others = [one for one in server.records if one != revised]
        server.records = [*others, replace(revised, extra_versions=2, stamped=later - DAY), new]
        server.last_day = later
        server.seen.clear()
        second = run_harvest(library, source(server, days=20, today=later))
        assert {one["from"] for one in asked(server) if "from" in one} == {str(LAST_DAY - OVERLAP)}
        assert (second.added, second.changed) == (1, 1)
        third = run_harvest(library, source(server, days=20, today=later))
        assert (third.added, third.changed) == (0, 0)
    assert library.papers.get(revised.bare).paper.version == revised.version + 2
    assert library.papers.get(new.bare).paper.version == new.version


def test_a_run_gone_on_with_on_a_later_day_misses_nothing_of_the_days_between(source: Read, library: Library) -> None:
    later = LAST_DAY + 3 * DAY
    with ArxivServer(40) as server:
        harvest = library.harvests.begin(source(server))
        first = next(source(server).batches())
        library.harvests.advance(harvest, first)
        # changed on the day whose list had been asked for already, and on those behind it
        late = [Record(3_000 + 2 * n, stamped=LAST_DAY + n * DAY) for n in range(4)]
        moved = [one for one in server.records if one.bare != first.papers[0].id]
        server.records, server.last_day = [*moved, *late], later
        assert run_harvest(library, source(server, today=later)).state == "done"
    found = {one.paper.id for one in library.papers.all()}
    assert found == {one.bare for one in server.records if "cs.CL" in one.categories} | {first.papers[0].id}


@pytest.mark.parametrize("length", [1, 29, 30, 31, 100])
def test_long_times_are_asked_for_in_lists_without_gaps(source: Read, length: int) -> None:
    first = LAST_DAY - (length - 1) * DAY
    with ArxivServer(60) as server:
        server.records = [replace(one, stamped=first + (one.number % length) * DAY) for one in server.records]
        papers = papers_of(list(source(server, since=first).batches()))
        spans = [(one["from"], one["until"]) for one in asked(server) if "from" in one]
    days = [tuple(map(dt.date.fromisoformat, span)) for span in spans]
    assert (days[0][0], days[-1][1]) == (first, LAST_DAY)
    assert all(after[0] - before[1] == DAY for before, after in itertools.pairwise(days))
    assert all(last - begin < WINDOW for begin, last in days)
    assert len(papers) == len({paper.id for paper in papers}) == 30


def test_a_time_without_changes_is_a_run_without_papers(source: Read, library: Library) -> None:
    with ArxivServer(10) as server:
        until = LAST_DAY - 60 * DAY
        done = run_harvest(library, source(server, since=EARLIEST - 9 * DAY, until=EARLIEST + DAY))
        assert asked(server)[0]["from"] == str(EARLIEST)
        assert (done.state, done.seen) == ("done", 0)
        assert run_harvest(library, source(server, since=until - 40 * DAY, until=until)).seen == 0
        assert [one["until"] for one in asked(server)[-2:]] == [str(until - 11 * DAY), str(until)]


def test_sets_are_those_of_the_subject_classes(source: Read) -> None:
    with ArxivServer(28) as server:
        for options, classes in (
            ({"categories": ["math.CO"]}, {"math.CO"}),
            ({"categories": ["cond-mat.dis-nn"]}, {"cond-mat.dis-nn"}),
            ({"set_spec": "physics"}, {"cond-mat.dis-nn"}),
            ({"set_spec": "cs"}, {"cs.CL", "cs.LG"}),
            ({"set_spec": ""}, {"cs.CL", "cs.LG"}),
        ):
            papers = papers_of(list(source(server, **options).batches()))
            assert {one.id for one in papers} == {r.bare for r in server.records if classes & set(r.categories)}
        with pytest.raises(SourceError, match="no such set") as caught:
            list(source(server, set_spec="cs:cs:XX").batches())
        assert "cs:cs:CL" in caught.value.hint


def test_a_server_that_stays_busy_ends_the_run(source: Read) -> None:
    with ArxivServer(20, ["429"] * 9) as server:
        with pytest.raises(SourceError, match="busy"):
            list(source(server, attempts=3).batches())
        assert len(server.seen) == 3


@pytest.mark.parametrize(
    "options",
    [
        {"categories": ["cs.CL", "cs.LG"]},
        {"categories": ["c s"]},
        {"categories": ["cs.CL"], "set_spec": "cs"},
        {"metadata_prefix": "oai_dc"},
        {"days": 0},
        {"days": 3, "since": LAST_DAY},
        {"since": LAST_DAY, "until": LAST_DAY - DAY},
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"set|category|format|days|until"):
        ArxivOaiSource(**options)


RAW = (
    "<record><header><identifier>oai:arXiv.org:{id}</identifier><datestamp>2026-11-20</datestamp></header><metadata>"
    '<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{id}</id><title>{title}</title>{versions}'
    "<authors>A B</authors></arXivRaw></metadata></record>"
)
VERSION = '<version version="{}"><date>Fri, 20 Nov 2026 10:00:00 GMT</date><source_type>{}</source_type></version>'


def records(*bodies: str) -> bytes:
    inside = "".join(bodies)
    return (
        f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>{inside}</ListRecords></OAI-PMH>'.encode()
    )


def test_a_record_that_cannot_be_read_is_skipped_and_named() -> None:
    good = VERSION.format("v1", "")
    header = "<record><header{}><identifier>{}</identifier></header></record>".format
    read = parse_records(
        records(
            RAW.format(id="2611.00001", title="Good", versions=good),
            RAW.format(id="2611.00002", title="No version", versions=""),
            RAW.format(id="2611.00003", title="A version zero", versions=VERSION.format("v0", "")),
            RAW.format(id="2611.00004", title="No day", versions=good.replace("Fri, 20", "Moonday")),
            RAW.format(id="x", title="No identifier", versions=good),
            RAW.format(id="2611.00005", title="", versions=good),
            header("", "oai:arXiv.org:2611.00006"),
            header(' status="deleted"', "oai:arXiv.org:none"),
            RAW.format(id="2611.00007", title="Taken back", versions=good + VERSION.format("v2", "I")),
        )
    )
    assert [(paper.title, paper.version, paper.withdrawn) for paper in read.papers] == [
        ("Good", 1, False),
        ("Taken back", 2, True),
    ]
    names = ["2611.00002", "2611.00003", "2611.00004", "x", "2611.00005", "2611.00006", "none"]
    assert [line.split(": ")[0] for line in read.skipped] == [f"oai:arXiv.org:{name}" for name in names]
    assert read.removed == ()


GOOD = answers.answer([Record(n) for n in range(3)], {"verb": "ListRecords", "metadataPrefix": "arXivRaw"}, LAST_DAY)


@given(st.binary(max_size=300) | st.text(alphabet="<>&;/![]\"'= record:?x", max_size=300).map(str.encode))
def test_no_bytes_crash_the_parser(body: bytes) -> None:
    with contextlib.suppress(SemeError):
        parse_records(body)


@given(st.integers(0, len(GOOD)), st.integers(0, 60), st.text(max_size=8))
def test_no_damage_to_an_answer_crashes_the_parser(start: int, length: int, instead: str) -> None:
    with contextlib.suppress(SemeError):
        parse_records((GOOD[:start] + instead + GOOD[start + length :]).encode())
