"""Papers that are kept after reading are those of the library, whoever changes them."""

from __future__ import annotations

from dataclasses import replace

from seme.papers.library import Library, kept
from seme.papers.paper import Paper
from seme.papers.query import Query


def test_what_another_process_changes_is_read_anew(library: Library, settings, monkeypatch) -> None:
    library.papers.store([Paper(id=f"p{i}", title=f"Paper {i}", source="test") for i in range(4)])
    before = library.papers.get_many(["p0", "p1", "p2"])
    rows: list[str] = []
    monkeypatch.setattr(kept, "from_row", lambda row, read=kept.from_row: rows.append(row.id) or read(row))
    assert library.papers.get_many(["p0", "p1", "p2"]) == before
    assert rows == []
    with Library(settings.database_url) as other:
        person = other.people.local()
        other.votes.cast(person, "p0")
        other.comments.add(person, "p1", "Well said")
        other.papers.store([replace(before[2].paper, votes=7)])
        other.papers.store([Paper(id="p3", title="Paper 3, renamed", source="test", version=2)])
    assert [(one.votes, one.comments) for one in library.papers.get_many(["p0", "p1", "p2"])] == [
        (1, 0),
        (0, 1),
        (7, 0),
    ]
    assert {one.paper.title for one in library.papers.find(Query(), limit=9)} >= {"Paper 3, renamed", "Paper 0"}
    assert sorted(rows) == ["p0", "p1", "p2", "p3"]
    library.papers.remove(["p0"])
    assert library.papers.get("p0").removed_at is not None


def test_only_so_many_are_kept(library: Library, monkeypatch) -> None:
    monkeypatch.setattr(kept, "KEPT", 3)
    library.papers.store([Paper(id=f"p{i}", title=f"Paper {i}", source="test") for i in range(8)])
    for _ in range(2):
        assert [one.paper.id for one in library.papers.get_many([f"p{i}" for i in range(8)])] == [
            f"p{i}" for i in range(8)
        ]
    assert len(library.papers._kept._papers) == 3
