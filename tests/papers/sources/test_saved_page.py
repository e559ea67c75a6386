"""Saved pages: our own in both forms, the real one where it lies beside the checkout, and hostile ones."""

from __future__ import annotations

import csv
import html
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.papers.harvesting import run_harvest
from seme.papers.library import Library
from seme.papers.seeding import seed_catalogue
from seme.papers.sources.saved_page import SavedPageSource, parse_page

PAGE = Path(__file__).parents[2] / "fixtures" / "sources" / "page.txt"
EXPECTED = [
    ("Counting Petals Without Looking", 3, "Jan 8", None),
    ("A Card That Nobody Signed", None, None, None),
    ("Slow Clocks for Fast Rivers", 1, "Feb 29, 2024", 12),
    ("The Last of Them", 12, "Dec 31, 2023", None),
]


def facts(content: str) -> list[tuple[str, int | None, str | None, int | None]]:
    """Return what the cards of a page say."""
    papers, skipped = parse_page(content)
    assert skipped == []
    return [(p.title, p.author_count, p.published.shown if p.published else None, p.comments) for p in papers]


def as_html(text: str) -> str:
    """Make the page that a browser would have shown as this text."""
    body = []
    for block in text.strip().split("\n\n"):
        lines = [html.escape(line.strip()) for line in block.split("\n")]
        if lines[0].startswith("•"):
            body.append("<ul><li>" + lines[0] + "</li></ul><div>·</div><time>" + lines[2] + "</time>")
        else:
            body.append("<p>" + "\n".join(lines) + "</p>")
    return "<html><head><title>x</title><style>p{}</style></head><body><main>" + "".join(body) + "</main></body></html>"


def test_our_page() -> None:
    assert facts(PAGE.read_text()) == EXPECTED


def test_our_page_as_html() -> None:
    assert facts(as_html(PAGE.read_text())) == EXPECTED


def test_a_paragraph_more_belongs_to_the_abstract() -> None:
    papers, _ = parse_page("Jan 9\n\nTitle\n\nOne.\n\nTwo.\n\n  • 2 authors\n·\nJan 8\n")
    assert [(p.title, p.summary) for p in papers] == [("Title", "One.\n\nTwo.")]


def real(shared: Path) -> list[dict[str, str]]:
    """Read what the real page is known to hold."""
    with (shared / "papers.tsv").open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.parametrize("form", ["text", "html"])
def test_the_real_page(shared: Path, form: str) -> None:
    text = (shared / "data" / "daily-papers-page.txt").read_text()
    found = facts(text if form == "text" else as_html(text))
    rows = [
        (
            row["title"],
            int(row["authors"] or 0) or None,
            row["date_on_page"] or None,
            int(row["comments_on_page"] or 0) or None,
        )
        for row in real(shared)
    ]
    assert found == rows
    assert len(found) == 57


@pytest.mark.parametrize("seeded", [False, True])
def test_the_real_page_twice_is_57_papers(shared: Path, library: Library, seeded: bool) -> None:
    if seeded:
        seed_catalogue(library)
    page = shared / "data" / "daily-papers-page.txt"
    for _ in range(2):
        run_harvest(library, SavedPageSource(page))
        assert library.papers.count() == 57
    stored = {s.paper.title: s.paper for s in library.papers.all()}
    for row in real(shared):
        paper = stored[row["title"]]
        assert paper.author_count == (int(row["authors"]) if row["authors"] else None)
        assert (paper.published.shown if paper.published else "") == row["date_on_page"]
        assert (paper.comments or 0) == int(row["comments_on_page"] or 0)


def test_a_file_that_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(InputError, match="holds no papers"):
        list(SavedPageSource(tmp_path / "empty.txt").batches())
    with pytest.raises(InputError, match="cannot be read"):
        SavedPageSource(tmp_path / "missing.txt")


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=400)
    | st.lists(
        st.sampled_from(["<p>", "</li>", "<![a[", "• 3 authors", "·", "Sep 25", "Feb 30", "\n\n", "a", "<script>"])
    ).map("".join)
)
def test_no_page_breaks_the_parser(content: str) -> None:
    papers, skipped = parse_page(content)
    assert all(re.fullmatch("title:[0-9a-f]{16}", paper.id) for paper in papers)
    assert all(line.startswith("card ") for line in skipped)
