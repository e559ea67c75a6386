"""arXiv's query API against a server on 127.0.0.1 that plays every fault it is known for."""

from __future__ import annotations

import contextlib
import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxiv_server import LAST_DAY, TRAPS, ArxivServer
from seme.errors import InputError, SemeError, SourceError
from seme.papers.sources.arxiv_query import ArxivQuerySource
from seme.papers.sources.atom import parse_page
from seme.papers.sources.fetch import Fetcher
from seme.papers.sources.gate import RequestGate

INTERVAL = 0.05


def source(server: ArxivServer, tmp_path: Path, **options: Any) -> ArxivQuerySource:
    fetcher = Fetcher(
        RequestGate(tmp_path / "gate", INTERVAL),
        contact="tests",
        read=0.3,
        total=0.5,
        attempts=options.pop("attempts", 20),
        base=0.001,
        budget=options.pop("budget", 100.0),
        generator=random.Random(1),
    )
    given = {"categories": ["cs.CL"]} if not {"ids", "search"} & set(options) else {}
    return ArxivQuerySource(
        **given, **{"page_size": 7, **options}, address=server.address, fetcher=fetcher, today=LAST_DAY
    )


def test_every_paper_is_read_once_and_rightly(tmp_path: Path) -> None:
    with ArxivServer(60) as server:
        papers = [paper for batch in source(server, tmp_path).batches() for paper in batch.papers]
    truth = {record.bare: record for record in server.records if "cs.CL" in record.categories}
    assert [paper.id for paper in papers] == list(truth)
    for paper in papers:
        record = truth[paper.id]
        assert paper.title == " ".join(record.title.split())
        assert (paper.version, paper.listed, paper.categories) == (record.version, record.day, record.categories)
        assert paper.authors == (f"Ada Nr{record.number}", "Émile Zed")
        assert paper.withdrawn == (record.number % 11 == 5)


@pytest.mark.parametrize("trap", [*TRAPS, "all"])
def test_a_trap_loses_nothing(trap: str, tmp_path: Path) -> None:
    with ArxivServer(30) as server:
        clean = [batch.papers for batch in source(server, tmp_path).batches()]
    with ArxivServer(30, [trap]) as server:
        assert [batch.papers for batch in source(server, tmp_path).batches()] == clean
        assert not server.waiting
        assert len(server.seen) == len(clean) + (len(TRAPS) if trap == "all" else 1)


def test_requests_are_apart_named_and_one_at_a_time(tmp_path: Path) -> None:
    with ArxivServer(30, ["429", "truncated"]) as server:
        list(source(server, tmp_path).batches())
    times = [seen.at for seen in server.seen]
    assert min(later - sooner for sooner, later in itertools.pairwise(times)) >= INTERVAL
    assert {seen.open for seen in server.seen} == {1}
    assert all(seen.agent.startswith("Seme/") and "(+tests)" in seen.agent for seen in server.seen)


def test_any_cursor_gives_exactly_the_rest(tmp_path: Path) -> None:
    with ArxivServer(40) as server:
        run = list(source(server, tmp_path).batches())
        for i, batch in enumerate(run[:-1]):
            rest = list(source(server, tmp_path).batches(batch.cursor))
            assert [one.papers for one in rest] == [one.papers for one in run[i + 1 :]]
        assert run[-1].cursor == {"done": True}


def test_ids_are_fetched_in_any_form(tmp_path: Path) -> None:
    with ArxivServer(20) as server:
        wanted = ["http://arxiv.org/abs/solv-int/9700003v1", "arXiv:2611.00002", "2611.99999"]
        papers = [paper.id for batch in source(server, tmp_path, ids=wanted).batches() for paper in batch.papers]
    assert sorted(papers) == ["2611.00002", "solv-int/9700003"]


def test_a_server_that_stays_busy_ends_the_run(tmp_path: Path) -> None:
    with ArxivServer(20, ["429"] * 9) as server:
        with pytest.raises(SourceError, match="busy") as caught:
            list(source(server, tmp_path, attempts=3).batches())
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
