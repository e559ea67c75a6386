"""Export and import: nothing is lost, nothing doubled, the same library gives the same bytes."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tempfile
from pathlib import Path

import pytest
from defusedxml.ElementTree import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.papers.archive import export_library, import_archive, is_archive
from seme.papers.archive.manifest import NAME, describe
from seme.papers.archive.places import moment
from seme.papers.library import Library
from seme.papers.paper import Paper, PaperDate
from seme.papers.query import Query
from seme.papers.seeding import seed_catalogue
from seme.papers.sources.catalogue import CatalogueSource

_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=30)
_TITLE = _TEXT.filter(lambda text: text.strip())
_LABEL = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,5})?", fullmatch=True)
_DATES = st.one_of(
    st.none(),
    st.builds(PaperDate.of, st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1))),
    st.builds(PaperDate, year=st.integers(1990, 2030)),
    st.builds(PaperDate, month=st.integers(1, 12), day=st.integers(1, 28)),
)
_PAPERS = st.builds(
    Paper,
    id=st.from_regex(r"(2[0-9](0[1-9])\.0000[0-9])|(beir:c:[a-z0-9]{1,4})", fullmatch=True),
    title=_TITLE,
    source=st.sampled_from(["jsonl", "arxiv", "catalogue", "bibtex"]),
    summary=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=60),
    authors=st.lists(_TITLE, max_size=3).map(tuple),
    published=_DATES,
    listed=st.none() | st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
    version=st.integers(1, 4),
    updated=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
    categories=st.lists(_LABEL, max_size=2, unique=True).map(tuple),
    tags=st.lists(_LABEL, max_size=3, unique=True).map(tuple),
    links=st.dictionaries(_LABEL, st.just("https://example.org/a?b={c}&d"), max_size=2),
    votes=st.none() | st.integers(0, 9),
    withdrawn=st.booleans(),
)


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def _fill(library: Library, papers: list[Paper], words: list[str], draw: st.DataObject) -> None:
    """Store papers, some twice and some removed, and let two people do everything that people can do."""
    for paper in papers:
        library.papers.store([paper])
    ids = [stored.paper.id for stored in library.papers.all()]
    people = [library.people.local(), library.people.by_email("ada@example.org")]
    for word in words:
        person, paper_id = draw.draw(st.sampled_from(people)), draw.draw(st.sampled_from(ids))
        library.votes.cast(person, paper_id)
        library.comments.add(person, paper_id, word)
        library.shelves.save(person, paper_id, note=word, collections=["To read", "b"][: len(word) % 3])
        subscription = library.subscriptions.create(person, "search", query=Query(text=word.strip() or "x", tag="nlp"))
        if len(word) % 2:
            delivery = library.outbox.queue(subscription, "2026-W01", ids, f"<{subscription.id}@x>")
            if delivery is not None and library.outbox.start(delivery):
                library.outbox.finish(delivery, error=word if len(word) % 3 else "")
    harvest = library.harvests.begin(CatalogueSource())
    library.harvests.finish(harvest, error="it broke" if len(words) % 2 else "")
    if len(ids) > 2:
        library.papers.remove(ids[:1])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_PAPERS, min_size=1, max_size=6), st.lists(_TITLE, max_size=4), st.data())
def test_export_import_export_gives_the_same_bytes(papers: list[Paper], words: list[str], draw: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Library(f"sqlite:///{folder / 'one.sqlite3'}") as one, Library(f"sqlite:///{folder / 'two'}") as two:
            _fill(one, papers, words, draw)
            first = export_library(one, folder / "first")
            done = import_archive(two, folder / "first")
            export_library(two, folder / "second")
            assert done.added == done.read == first.counts
            assert _digests(folder / "first") == _digests(folder / "second")

            again = import_archive(two, folder / "first")
            assert not any(again.added.values())
            export_library(two, folder / "second")
            assert _digests(folder / "first") == _digests(folder / "second")
            counted = {s.paper.id: (s.vote_count, s.comment_count) for s in one.papers.all()}
            assert counted == {s.paper.id: (s.vote_count, s.comment_count) for s in two.papers.all()}


def test_import_keeps_what_a_library_has(library: Library, tmp_path: Path) -> None:
    with Library(f"sqlite:///{tmp_path / 'other.sqlite3'}") as other:
        seed_catalogue(other)
        person = other.people.local()
        paper_id = other.papers.find(Query(), limit=1)[0].paper.id
        other.shelves.save(person, paper_id, note="theirs")
        export_library(other, tmp_path / "export")
    seed_catalogue(library)
    library.shelves.save(library.people.local(), paper_id, note="mine")
    library.papers.store([Paper(id="2601.00001", title="Only here", source="jsonl")])
    done = import_archive(library, tmp_path / "export")
    assert done.added["papers"] == done.added["saved"] == 0
    assert library.papers.count() == 58
    assert [one.note for one in library.shelves.list(library.people.local())] == ["mine"]


def test_a_title_known_under_another_id_is_one_paper_and_its_votes_follow(library: Library, tmp_path: Path) -> None:
    with Library(f"sqlite:///{tmp_path / 'other.sqlite3'}") as other:
        other.papers.store([Paper(id="title:0123456789abcdef", title="On Atoms", source="saved-page")])
        other.votes.cast(other.people.local(), "title:0123456789abcdef")
        export_library(other, tmp_path / "export")
    library.papers.store([Paper(id="2601.00001", title="On atoms", source="arxiv")])
    import_archive(library, tmp_path / "export")
    assert library.papers.count() == 1
    assert library.papers.get("title:0123456789abcdef").paper.id == "2601.00001"
    assert library.papers.get("2601.00001").vote_count == 1


def test_a_damaged_export_is_refused_and_changes_nothing(library: Library, tmp_path: Path) -> None:
    with Library(f"sqlite:///{tmp_path / 'other.sqlite3'}") as other:
        seed_catalogue(other)
        export_library(other, tmp_path / "export")
    with (tmp_path / "export" / "papers.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(InputError, match=r"papers\.jsonl is not the file that was exported"):
        import_archive(library, tmp_path / "export")
    manifest = json.loads((tmp_path / "export" / "manifest.json").read_text())
    changed = (tmp_path / "export" / "papers.jsonl").read_bytes()
    manifest["files"]["papers.jsonl"]["sha256"] = hashlib.sha256(changed).hexdigest()
    (tmp_path / "export" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="cannot be used"):  # the last record is empty: none of the others stay
        import_archive(library, tmp_path / "export")
    assert library.papers.count() == 0


def test_a_folder_with_other_things_is_not_overwritten(library: Library, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="not an export"):
        export_library(library, tmp_path / "precious")
    assert (tmp_path / "precious" / "thesis.tex").read_text() == "years of work"
    assert not is_archive(tmp_path / "precious")


def test_saved_searches_are_feeds_in_the_opml(library: Library, tmp_path: Path) -> None:
    seed_catalogue(library)
    library.subscriptions.create(library.people.local(), "search", name="A & <b>", query=Query(text="x&y", min_votes=2))
    export_library(library, tmp_path / "export", base_url="https://papers.example")
    outlines = parse(tmp_path / "export" / "feeds.opml").getroot().findall("body/outline")
    assert outlines[-1].attrib["text"] == "A & <b>"
    assert outlines[-1].attrib["xmlUrl"] == "https://papers.example/feeds/search.atom?min_votes=2&q=x%26y"
    assert (tmp_path / "export" / "papers.bib").read_text().count("\n@") == 56


def test_an_export_that_is_not_text_is_refused_by_the_line(library: Library, tmp_path: Path) -> None:
    seed_catalogue(library)
    folder = export_library(library, tmp_path / "export").folder
    with (folder / "papers.jsonl").open("ab") as file:
        file.write(b'{"id": "\xa0"}\n')
    (folder / NAME).unlink()
    (folder / NAME).write_text(json.dumps(describe(folder, {})))
    with Library("sqlite://") as other:
        with pytest.raises(InputError, match=r"papers.jsonl:\d+ is not a line of JSON in UTF-8"):
            import_archive(other, folder)
        assert list(other.papers.all()) == []


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2024-01-01T00:00:00", "x"])
def test_moments_that_cannot_be_kept_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time zone|years 1 to 9999|Invalid isoformat"):
        moment(text)
