"""Between a paper and its row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Row

from seme.papers.library.merge import fingerprint
from seme.papers.paper import Paper, PaperDate, title_key


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """A paper as the library holds it, with what the library knows besides."""

    paper: Paper
    key: int
    """Number of the row; never reused, never shown."""
    listed_on: dt.date
    vote_count: int
    """Votes of this service's own people."""
    comment_count: int
    revision: int
    added_at: dt.datetime
    changed_at: dt.datetime
    removed_at: dt.datetime | None

    @property
    def votes(self) -> int:
        """Votes in all: those that the source reported and those given here."""
        return (self.paper.votes or 0) + self.vote_count

    @property
    def comments(self) -> int:
        """Comments in all: those that the source reported and those written here."""
        return (self.paper.comments or 0) + self.comment_count


def to_row(paper: Paper) -> dict[str, Any]:
    """Return the columns that a paper decides (all but key, counters and times)."""
    return {
        "id": paper.id,
        "title": paper.title,
        "title_key": title_key(paper.title),
        "summary": paper.summary,
        "authors": list(paper.authors),
        "author_count": paper.author_count,
        "published": str(paper.published) if paper.published else None,
        "published_on": paper.published.full if paper.published else None,
        "listed_on": paper.listed,
        "version": paper.version,
        "updated_at": paper.updated,
        "categories": list(paper.categories),
        "tags": list(paper.tags),
        "links": dict(paper.links),
        "source": paper.source,
        "source_votes": paper.votes,
        "source_comments": paper.comments,
        "note": paper.note,
        "doi": paper.doi,
        "journal": paper.journal,
        "withdrawn": paper.withdrawn,
        "method": paper.method,
        "fingerprint": fingerprint(paper),
    }


def from_row(row: Row[Any] | Mapping[str, Any]) -> StoredPaper:
    """Read a row of the table `paper`."""
    data = cast("Mapping[str, Any]", row if isinstance(row, Mapping) else row._mapping)
    paper = Paper(
        id=data["id"],
        title=data["title"],
        source=data["source"],
        summary=data["summary"],
        authors=tuple(data["authors"]),
        author_count=data["author_count"],
        published=PaperDate.parse(data["published"]) if data["published"] else None,
        listed=data["listed_on"],
        version=data["version"],
        updated=data["updated_at"],
        categories=tuple(data["categories"]),
        tags=tuple(data["tags"]),
        links=data["links"],
        votes=data["source_votes"],
        comments=data["source_comments"],
        note=data["note"],
        doi=data["doi"],
        journal=data["journal"],
        withdrawn=data["withdrawn"],
        method=data["method"],
    )
    return StoredPaper(
        paper=paper,
        key=data["key"],
        listed_on=data["listed_on"],
        vote_count=data["vote_count"],
        comment_count=data["comment_count"],
        revision=data["revision"],
        added_at=data["added_at"],
        changed_at=data["changed_at"],
        removed_at=data["removed_at"],
    )


def labels(paper: Paper) -> set[tuple[str, str]]:
    """Return (kind, case-folded label) of everything that a paper can be filtered by."""
    found = {("tag", tag) for tag in paper.tags} | {("category", name) for name in paper.categories}
    found |= {("author", name) for name in paper.authors}
    return {(kind, " ".join(label.casefold().split())[:300]) for kind, label in found}
