"""Writing papers: who is already there, what changes, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, insert, select, update

from seme.papers.library import counters, schema
from seme.papers.library.merge import fingerprint, may_be_same, merge
from seme.papers.library.records import StoredPaper, from_row, labels, to_row
from seme.papers.paper import Paper, title_key


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing papers did."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(self.added + other.added, self.changed + other.changed, self.unchanged + other.unchanged)


def store_papers(connection: Connection, papers: Sequence[Paper], now: dt.datetime) -> Stored:
    """Insert or merge papers; storing the same papers again changes nothing.

    A paper is the same as a stored one if they share an id (or one that the stored paper once had), or a title where
    at most one of the two has an arXiv id.
    """
    known = _find_known(connection, papers)
    counters.advance(connection, "content")
    done = Stored()
    for paper in papers:
        found = known.by_id(paper.id) or known.by_title(paper)
        if found is None:
            stored = _insert(connection, paper, now)
            known.add(stored, paper.id)
            done += Stored(added=1)
            continue
        stored, altered = _merge_into(connection, found, paper, now)
        known.add(stored, paper.id)
        done += Stored(changed=1) if altered else Stored(unchanged=1)
    return done


class _Known:
    """The stored papers that a batch may speak of."""

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}
        self._titles: dict[str, list[int]] = {}
        self._papers: dict[int, StoredPaper] = {}

    def add(self, stored: StoredPaper, *ids: str) -> None:
        self._papers[stored.key] = stored
        for paper_id in (stored.paper.id, *ids):
            self._keys[paper_id] = stored.key
        keys = self._titles.setdefault(title_key(stored.paper.title), [])
        if stored.key not in keys:
            keys.append(stored.key)

    def by_id(self, paper_id: str) -> StoredPaper | None:
        return self._papers[self._keys[paper_id]] if paper_id in self._keys else None

    def by_title(self, paper: Paper) -> StoredPaper | None:
        keys = self._titles.get(title_key(paper.title), [])
        return next((self._papers[key] for key in keys if may_be_same(self._papers[key].paper, paper)), None)


def _find_known(connection: Connection, papers: Sequence[Paper]) -> _Known:
    known = _Known()
    ids = [paper.id for paper in papers]
    aliases = connection.execute(
        select(schema.paper_alias.c.alias, schema.paper_alias.c.paper_key).where(schema.paper_alias.c.alias.in_(ids))
    ).all()
    wanted = (
        schema.paper.c.id.in_(ids)
        | schema.paper.c.key.in_([row.paper_key for row in aliases])
        | schema.paper.c.title_key.in_([title_key(paper.title) for paper in papers])
    )
    rows = connection.execute(select(schema.paper).where(wanted).order_by(schema.paper.c.key))
    by_key = {stored.key: stored for stored in map(from_row, rows)}
    for stored in by_key.values():
        known.add(stored)
    for row in aliases:
        known.add(by_key[row.paper_key], row.alias)
    return known


def _insert(connection: Connection, paper: Paper, now: dt.datetime) -> StoredPaper:
    paper = replace(
        paper, listed=paper.listed or now.date(), author_count=paper.author_count or len(paper.authors) or None
    )
    revision = counters.value(connection, "content")
    row = {**to_row(paper), "revision": revision, "added_at": now, "changed_at": now}
    key = connection.execute(insert(schema.paper).values(row).returning(schema.paper.c.key)).scalar_one()
    _keep_parts(connection, key, paper)
    return from_row({**row, "key": key, "vote_count": 0, "comment_count": 0, "removed_at": None})


def _merge_into(connection: Connection, known: StoredPaper, news: Paper, now: dt.datetime) -> tuple[StoredPaper, bool]:
    merged = merge(known.paper, news)
    _keep_version(connection, known.key, news)
    altered = fingerprint(merged) != fingerprint(known.paper) or known.removed_at is not None
    counted = (merged.votes, merged.comments) != (known.paper.votes, known.paper.comments)
    if not (altered or counted):
        _keep_alias(connection, known.key, known.paper.id, news.id)
        return known, False
    revision = counters.value(connection, "content") if altered else known.revision
    changed_at = now if altered else known.changed_at
    row = {**to_row(merged), "revision": revision, "changed_at": changed_at, "removed_at": None}
    connection.execute(update(schema.paper).where(schema.paper.c.key == known.key).values(row))
    for old in (known.paper.id, news.id):
        _keep_alias(connection, known.key, merged.id, old)
    if altered:
        connection.execute(delete(schema.paper_label).where(schema.paper_label.c.paper_key == known.key))
        _keep_parts(connection, known.key, merged)
    stored = replace(known, paper=merged, revision=revision, changed_at=changed_at, removed_at=None)
    return stored, True


def _keep_parts(connection: Connection, key: int, paper: Paper) -> None:
    rows = [{"paper_key": key, "kind": kind, "label": label} for kind, label in sorted(labels(paper)) if label]
    if rows:
        connection.execute(insert(schema.paper_label), rows)
    _keep_version(connection, key, paper)


def _keep_version(connection: Connection, key: int, paper: Paper) -> None:
    where = (schema.paper_version.c.paper_key == key, schema.paper_version.c.version == paper.version)
    if connection.execute(select(schema.paper_version.c.version).where(*where)).first() is None:
        row = {"title": paper.title, "summary": paper.summary, "updated_at": paper.updated}
        connection.execute(insert(schema.paper_version).values(paper_key=key, version=paper.version, **row))


def _keep_alias(connection: Connection, key: int, current: str, other: str) -> None:
    if other == current:
        return
    alias = schema.paper_alias
    if connection.execute(select(alias.c.alias).where(alias.c.alias == other)).first() is None:
        connection.execute(insert(alias).values(alias=other, paper_key=key))


def mark_removed(connection: Connection, ids: Sequence[str], now: dt.datetime) -> int:
    """Hide papers that their source deleted; those who saved them keep them. Return how many were hidden."""
    gone = (schema.paper.c.id.in_(ids), schema.paper.c.removed_at.is_(None))
    if connection.execute(select(schema.paper.c.key).where(*gone).limit(1)).first() is None:
        return 0
    revision = counters.advance(connection, "content")
    values = {"removed_at": now, "changed_at": now, "revision": revision}
    return connection.execute(update(schema.paper).where(*gone).values(values)).rowcount
