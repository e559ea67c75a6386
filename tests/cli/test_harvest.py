"""The real command against the stand-in arXiv: every source, its options, and what is wrong about others."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arxiv_server import CATEGORIES, LAST_DAY, ArxivServer
from seme.cli import main
from seme.settings import settings

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("arxiv", ("--category", "cs.CL", "--days", "4"), "search_query"),
        ("arxiv", ("--query", "cat:cs.CL"), "search_query"),
        ("arxiv-oai", ("--category", "cs.CL", "--days", "3"), "metadataPrefix=arXivRaw"),
        ("arxiv-oai", ("--set", "cs:cs:CL", "--since", str(TODAY - dt.timedelta(3)), "--format", "arXiv"), "=arXiv&"),
        ("arxiv-feed", ("--category", "cs.CL"), "/atom/cs.CL"),
    ],
)
def test_each_source_brings_its_papers_once(seme_json, source: str, options: tuple[str, ...], words: str):
    with ArxivServer(20, last_day=LAST_DAY if source == "arxiv-feed" else TODAY) as server:
        first = seme_json("harvest", source, *options, "--no-index", **server.settings)
        assert words in server.seen[0].path
        again = seme_json("harvest", source, *options, "--no-index", **server.settings)
    assert (first["source"], first["state"]) == (source, "done")
    assert first["seen"] == first["added"] == sum(CATEGORIES[0] in record.categories for record in server.records) == 10
    assert (again["added"], again["changed"], again["skipped"]) == (0, 0, 0)


def test_single_papers_are_fetched_by_their_ids(seme):
    with ArxivServer(20) as server:
        wanted = ("--id", "2611.00002", "--id", "https://arxiv.org/abs/solv-int/9700003v2")
        told = seme("harvest", "arxiv", *wanted, "--no-index", **server.settings).stdout
    assert told == "arxiv: 2 papers read, 2 new, 0 changed, 0 skipped\n"


@pytest.fixture
def refusal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[..., str]]:
    """Return a function that runs `seme harvest` with what it must refuse, and gives what it says."""

    def run(*arguments: str) -> str:
        monkeypatch.setenv("SEME_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("COLUMNS", "300")
        monkeypatch.setattr(sys, "argv", ["seme", "harvest", *arguments])
        settings.cache_clear()
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 2
        assert not (tmp_path / "home").exists()
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err

    yield run
    settings.cache_clear()


def test_wrong_sources_are_named_with_those_there_are(refusal: Callable[..., str]):
    unknown = refusal("arxive")
    assert "arxiv, arxiv-feed, arxiv-oai, catalogue" in unknown
    assert "jsonl" not in unknown
    assert "seme import" in unknown
    assert "seme import" in refusal("bibtex")


def test_options_that_a_source_does_not_take_are_named_with_those_it_does(refusal: Callable[..., str]):
    strange = refusal("arxiv-feed", "--category", "cs.CL", "--days", "2", "--set", "cs")
    assert "arxiv-feed does not take --days, --set" in strange
    assert "It takes --category" in strange
    assert "no options" in refusal("catalogue", "--days", "2")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("arxiv",), "give one of categories, ids and search"),
        (("arxiv", "--category", "x y"), "category is 'x y'"),
        (("arxiv", "--category", "cs.CL", "--days", "0"), "--days"),
        (("arxiv", "--id", "12"), "id is '12'"),
        (("arxiv-feed",), "at least one category"),
        (("arxiv-oai", "--format", "marc"), "format is 'marc'"),
        (("arxiv-oai", "--since", "2026-01-02", "--days", "3"), "since and days"),
        (("arxiv-oai", "--since", "2026-01-02", "--until", "2026-01-01"), "until is 2026-01-01"),
        (("arxiv-oai", "--category", "cs.CL", "--category", "cs.LG"), "one set at a time"),
        (("arxiv-oai", "--category", "cs.CL", "--set", "cs"), "one set at a time"),
        (("arxiv-oai", "--since", "yesterday"), "yesterday"),
    ],
)
def test_bad_options_are_named(refusal: Callable[..., str], arguments: tuple[str, ...], words: str):
    assert words in refusal(*arguments)


def test_a_bad_setting_is_named(refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEME_ARXIV_ATTEMPTS", "0")
    assert "SEME_ARXIV_ATTEMPTS" in refusal("arxiv", "--category", "cs.CL")


def test_a_source_that_stays_busy_is_exit_code_4_and_doctor_says_how_to_go_on(seme, seme_json):
    scope = ("arxiv-oai", "--category", "cs.CL", "--days", "3")
    with ArxivServer(20, ["429"] * 3, last_day=TODAY) as server:
        settings = {**server.settings, "SEME_ARXIV_ATTEMPTS": "2"}
        failed = seme("harvest", *scope, "--no-index", code=4, **settings).stderr
        assert "busy" in failed
        assert "Run the same harvest again" in failed
        finding = next(one for one in seme_json("doctor", code=1) if one["check"] == "harvest")
        assert finding["level"] == "error"
        mend = finding["mend"].partition(": ")[2]
        assert mend == "seme harvest arxiv-oai --days 3 --format arXivRaw --set cs:cs:CL"
        assert seme_json(*mend.split()[1:], "--no-index", **settings)["added"] == 10
