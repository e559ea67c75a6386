"""arXiv's query API against a server on 127.0.0.1 that plays every fault it is known for."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxiv_server import LAST_DAY, TRAPS, ArxivServer
from seme.errors import InputError, SemeError, SourceError
from seme.papers.sources.arxiv_query import ArxivQuerySource
from seme.papers.sources.atom import parse_page
from seme.papers.sources.fetch import Fetcher

INTERVAL = 0.05
Read = Callable[..., ArxivQuerySource]


@pytest.fixture
def source(fetcher: Callable[..., Fetcher]) -> Read:
    """Return a function that makes a source of some server's."""

    def make(server: ArxivServer, **options: Any) -> ArxivQuerySource:
        client = fetcher(interval=INTERVAL, attempts=options.pop("attempts", 20))
        given = {"categories": ["cs.CL"]} if not {"ids", "search"} & set(options) else {}
        address = f"{server.address}/api/query"
        return ArxivQuerySource(**given, **{"page_size": 7, **options}, address=address, fetcher=client, today=LAST_DAY)

    return make


def test_every_paper_is_read_once_and_rightly(source: Read) -> None:
    with ArxivServer(60) as server:
        papers = [paper for batch in source(server).batches() for paper in batch.papers]
    truth = {record.bare: record for record in server.records if "cs.CL" in record.categories}
    assert [paper.id for paper in papers] == list(truth)
    for paper in papers:
        record = truth[paper.id]
        assert paper.title == " ".join(record.title.split())
        assert (paper.version, paper.listed, paper.categories) == (record.version, record.day, record.categories)
        assert paper.authors == (f"Ada Nr{record.number}", "Émile Zed")
        assert paper.withdrawn == (record.number % 11 == 5)


@pytest.mark.parametrize("trap", [*TRAPS, "all"])
def test_a_trap_loses_nothing(trap: str, source: Read) -> None:
    with ArxivServer(30) as server:
        clean = [batch.papers for batch in source(server).batches()]
    with ArxivServer(30, [trap]) as server:
        assert [batch.papers for batch in source(server).batches()] == clean
        assert not server.waiting
        assert len(server.seen) == len(clean) + (len(TRAPS) if trap == "all" else 1)


def test_requests_are_apart_named_and_one_at_a_time(source: Read) -> None:
    with ArxivServer(30, ["429", "truncated"]) as server:
        list(source(server).batches())
    times = [seen.at for seen in server.seen]
    assert min(later - sooner for sooner, later in itertools.pairwise(times)) >= INTERVAL
    assert {seen.open for seen in server.seen} == {1}
    assert all(seen.agent.startswith("Seme/") and "(+tests)" in seen.agent for seen in server.seen)


def test_any_cursor_gives_exactly_the_rest(source: Read) -> None:
    with ArxivServer(40) as server:
        run = list(source(server).batches())
        for i, batch in enumerate(run[:-1]):
            rest = list(source(server).batches(batch.cursor))
            assert [one.papers for one in rest] == [one.papers for one in run[i + 1 :]]
        assert run[-1].cursor == {"done": True}


def test_ids_are_fetched_in_any_form(source: Read) -> None:
    with ArxivServer(20) as server:
        wanted = ["http://arxiv.org/abs/solv-int/9700003v1", "arXiv:2611.00002", "2611.99999"]
        papers = [paper.id for batch in source(server, ids=wanted).batches() for paper in batch.papers]
    assert sorted(papers) == ["2611.00002", "solv-int/9700003"]


def test_a_server_that_stays_busy_ends_the_run(source: Read) -> None:
    with ArxivServer(20, ["429"] * 9) as server:
        with pytest.raises(SourceError, match="busy") as caught:
            list(source(server, attempts=3).batches())
        assert len(server.seen) == 3
    assert "kept" in caught.value.hint


@pytest.mark.parametrize("options", [{"ids": ["x"]}, {"page_size": 0}, {"days": 0}, {"categories": ["a b"]}])
def test_bad_arguments_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"id|page_size|days|category"):
        ArxivQuerySource(**({"categories": ["cs.CL"]} if "ids" not in options else {}) | options)


@given(st.binary(max_size=300) | st.text(alphabet="<>&;/![]\"'= feedntry:?x", max_size=300).map(str.encode))
def test_no_bytes_crash_the_parser(body: bytes) -> None:
    with contextlib.suppress(SemeError):
        parse_page(body)
