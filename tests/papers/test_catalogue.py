"""The catalogue says what its source says, in words of its own, and nothing more."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from seme.papers.catalogue import catalogue_number, catalogue_papers, catalogue_text, catalogue_topics
from seme.papers.paper import ARXIV_ID, PaperDate
from seme.papers.sources.base import Source, open_source, source_names
from seme.papers.sources.catalogue import CatalogueSource

SHARED = Path(__file__).parents[3] / "shared"
TABLE = SHARED / "papers.tsv"
PAGE = SHARED / "data" / "daily-papers-page.txt"
GRAM = 7


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def grams(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + GRAM]) for start in range(len(found) - GRAM + 1)}


def numbered() -> dict[int, dict[str, object]]:
    return {entry["number"]: entry for entry in json.loads(catalogue_text())["papers"]}


def test_there_are_57_papers_in_the_order_of_their_numbers() -> None:
    papers = catalogue_papers()
    assert len(papers) == 57
    assert [catalogue_number(paper.id) for paper in papers] == list(range(1, 58))
    assert len({paper.title for paper in papers}) == 57
    assert catalogue_papers() is papers


def test_an_id_is_arxivs_or_carries_the_number() -> None:
    for paper in catalogue_papers():
        if not ARXIV_ID.fullmatch(paper.id):
            assert paper.id == f"seme:{catalogue_number(paper.id):02d}"


@pytest.mark.parametrize("paper_id", ["", "seme:1", "seme:58", "2509.20784v1", "9999.99999"])
def test_an_unknown_id_has_no_number(paper_id: str) -> None:
    assert catalogue_number(paper_id) is None


@pytest.mark.skipif(not TABLE.exists(), reason=f"the table the catalogue was made from is not at {TABLE}")
def test_every_field_equals_the_table() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == 57
    for row, paper in zip(rows, catalogue_papers(), strict=True):
        assert catalogue_number(paper.id) == int(row["nn"])
        assert paper.title == row["title"]
        assert paper.author_count == (int(row["authors"]) if row["authors"] else None)
        assert (paper.published.shown if paper.published else "") == row["date_on_page"]
        assert paper.comments == (int(row["comments_on_page"]) if row["comments_on_page"] else None)


def test_a_date_keeps_its_precision() -> None:
    papers = catalogue_papers()
    assert Counter(paper.published.precision if paper.published else None for paper in papers) == {
        "day": 41,
        "month-day": 15,
        None: 1,
    }
    assert papers[0].published == PaperDate(month=9, day=25)
    assert papers[1].published == PaperDate(2024, 10, 23)
    assert papers[43].published is None
    assert papers[43].author_count is None


def test_nothing_is_claimed_that_the_catalogue_does_not_know() -> None:
    for paper in catalogue_papers():
        assert paper.source == "catalogue"
        assert paper.authors == ()
        assert paper.listed is None
        assert paper.updated is None
        assert paper.votes is None
        assert paper.method == ""
        assert paper.version == 1


def test_summaries_are_short_texts_of_one_paragraph() -> None:
    for paper in catalogue_papers():
        assert 90 <= len(paper.summary.split()) <= 170, paper.title
        assert paper.summary == " ".join(paper.summary.split()), paper.title
        assert paper.summary.endswith("."), paper.title
        assert "<" not in paper.summary, paper.title


def test_no_two_summaries_share_a_phrase() -> None:
    seen: dict[tuple[str, ...], str] = {}
    for paper in catalogue_papers():
        for gram in grams(paper.summary):
            assert seen.setdefault(gram, paper.title) == paper.title, " ".join(gram)


def test_the_comparison_of_phrases_finds_a_copy() -> None:
    theirs = "We show that a sparse code, learned once, can be read by people."
    assert grams("It says a SPARSE code learned\nonce can be read by anyone.") & grams(theirs)
    assert not grams("People can read a sparse code that was learned only once.") & grams(theirs)


@pytest.mark.skipif(not PAGE.exists(), reason=f"the page with the abstracts is not at {PAGE}")
def test_no_summary_repeats_an_abstract() -> None:
    page = grams(PAGE.read_text(encoding="utf-8"))
    for paper in catalogue_papers():
        copied = (grams(paper.summary) & page) - grams(paper.title)
        assert not copied, (paper.title, [" ".join(gram) for gram in copied])


def test_tags_come_from_the_vocabulary_and_all_of_it_is_used() -> None:
    topics = catalogue_topics()
    used = Counter(tag for paper in catalogue_papers() for tag in paper.tags)
    assert set(used) == set(topics)
    for paper in catalogue_papers():
        assert 3 <= len(paper.tags) <= 6, paper.title
        assert len(set(paper.tags)) == len(paper.tags), paper.title
    for topic, meaning in topics.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", topic)
        assert meaning


def test_links_follow_from_the_id_and_lead_to_repositories() -> None:
    for paper in catalogue_papers():
        known = ARXIV_ID.fullmatch(paper.id) is not None
        assert paper.links.get("abs") == (f"https://arxiv.org/abs/{paper.id}" if known else None)
        assert paper.links.get("pdf") == (f"https://arxiv.org/pdf/{paper.id}" if known else None)
        for kind in paper.links.keys() - {"abs", "pdf"}:
            assert kind in {"code", "reading-list"}
            assert re.fullmatch(r"https://github\.com/[\w.-]+(/[\w.-]+)?", paper.links[kind]), paper.title


def test_slugs_are_unique_and_stay_out_of_the_paper() -> None:
    slugs = [str(entry["slug"]) for entry in numbered().values()]
    assert len(set(slugs)) == 57
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)


def test_the_source_yields_one_batch_and_knows_what_it_has_yielded() -> None:
    assert "catalogue" in source_names()
    source = open_source("catalogue")
    assert isinstance(source, Source)
    assert isinstance(source, CatalogueSource)
    (batch,) = source.batches()
    assert batch.papers == catalogue_papers()
    assert batch.total == 57
    assert not batch.skipped
    assert json.loads(json.dumps(batch.cursor)) == batch.cursor
    assert list(source.batches(batch.cursor)) == []
    assert [again.papers for again in source.batches({"edition": "an older one"})] == [batch.papers]
