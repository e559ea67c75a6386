"""Storing papers, and reading them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Engine, Text, bindparam, cast, func, select

from seme.errors import NotFoundError
from seme.papers.library import counters, schema
from seme.papers.library.database import reading, writing
from seme.papers.library.kept import STATE, KeptPapers
from seme.papers.library.records import StoredPaper, from_row
from seme.papers.library.storing import Stored, mark_removed, store_papers
from seme.papers.paper import Paper
from seme.papers.query import Query, Sort

CHUNK = 500
"""Papers stored in one transaction, and ids asked for in one statement."""

_PAPER = schema.paper
_LABEL = schema.paper_label
_STATES_OF = select(*STATE).where(_PAPER.c.id.in_(bindparam("ids", expanding=True)))
_VOTES = func.coalesce(_PAPER.c.source_votes, 0) + _PAPER.c.vote_count
_VERSIONS = (
    select(schema.paper_version)
    .join(_PAPER, _PAPER.c.key == schema.paper_version.c.paper_key)
    .where(_PAPER.c.id == bindparam("id"))
    .order_by(schema.paper_version.c.version)
)
_LISTED = select(_PAPER.c.listed_on).where(_PAPER.c.removed_at.is_(None)).limit(1)
_BEFORE = _LISTED.where(_PAPER.c.listed_on < bindparam("day")).order_by(_PAPER.c.listed_on.desc())
_AFTER = _LISTED.where(_PAPER.c.listed_on > bindparam("day")).order_by(_PAPER.c.listed_on)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a paper."""

    number: int
    title: str
    summary: str
    updated_at: dt.datetime | None


class Papers:
    """The papers of a library."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept = KeptPapers()

    def store(self, papers: Iterable[Paper], *, now: dt.datetime | None = None) -> Stored:
        """Insert or merge papers; the same papers again change nothing.

        Every `CHUNK` papers are one transaction.
        """
        moment = now or dt.datetime.now(dt.UTC)
        done, waiting = Stored(), list(papers)
        for start in range(0, len(waiting), CHUNK):
            with writing(self._engine) as connection:
                done += store_papers(connection, waiting[start : start + CHUNK], moment)
        return done

    def remove(self, ids: Sequence[str], *, now: dt.datetime | None = None) -> int:
        """Hide papers from listings and search; return how many were there."""
        with writing(self._engine) as connection:
            return mark_removed(connection, ids, now or dt.datetime.now(dt.UTC))

    def get(self, paper_id: str) -> StoredPaper:
        """Return a paper by its id, or by an id that it once had.

        Raises
        ------
        NotFoundError
            If no paper has that id.
        """
        found = self.get_many([paper_id])
        if not found:
            raise NotFoundError(f"no paper has the id {paper_id!r}", hint="seme search finds papers by meaning")
        return found[0]

    def get_many(self, ids: Sequence[str]) -> list[StoredPaper]:
        """Return papers in the order of their ids; ids that are unknown are left out."""
        found: dict[str, StoredPaper] = {}
        alias = schema.paper_alias
        with reading(self._engine) as connection:
            for start in range(0, len(ids), CHUNK):
                chunk = list(ids[start : start + CHUNK])
                found |= self._kept.read(connection, connection.execute(_STATES_OF, {"ids": chunk}).all())
                missing = [paper_id for paper_id in chunk if paper_id not in found]
                if missing:
                    join = select(_PAPER, alias.c.alias).join(alias, alias.c.paper_key == _PAPER.c.key)
                    for row in connection.execute(join.where(alias.c.alias.in_(missing))):
                        found[row.alias] = from_row(row)
        return [found[paper_id] for paper_id in dict.fromkeys(ids) if paper_id in found]

    def versions(self, paper_id: str) -> list[Version]:
        """Return the versions of a paper that were seen, the oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(_VERSIONS, {"id": paper_id})
            return [Version(row.version, row.title, row.summary, row.updated_at) for row in rows]

    def find(self, query: Query, *, limit: int, offset: int = 0) -> list[StoredPaper]:
        """List papers that meet the conditions (its text aside), the newest or the most voted first.

        Trending and relevance are orders of `papers.ranking` and `papers.search`, not of the database; here they
        fall back to the newest first.
        """
        order: list[ColumnElement[object]] = [_PAPER.c.listed_on.desc(), _VOTES.desc(), _PAPER.c.key.asc()]
        if query.order is Sort.VOTES:
            order = [_VOTES.desc(), _PAPER.c.listed_on.desc(), _PAPER.c.key.asc()]
        with reading(self._engine) as connection:
            states = connection.execute(
                select(*STATE).where(*_conditions(query)).order_by(*order).limit(limit).offset(offset)
            ).all()
            found = self._kept.read(connection, states)
        return [found[row.id] for row in states]

    def standings(self, query: Query, *, limit: int) -> list[tuple[str, dt.date, int, int]]:
        """List what ranks the most voted papers that meet the conditions: id, day, votes and comments of each."""
        comments = func.coalesce(_PAPER.c.source_comments, 0) + _PAPER.c.comment_count
        columns = select(_PAPER.c.id, _PAPER.c.listed_on, _VOTES, comments).where(*_conditions(query))
        order = (_VOTES.desc(), _PAPER.c.listed_on.desc(), _PAPER.c.key.asc())
        with reading(self._engine) as connection:
            rows = connection.execute(columns.order_by(*order).limit(limit))
            return [(row[0], row[1], int(row[2]), int(row[3])) for row in rows]

    def keys(self, query: Query) -> npt.NDArray[np.int64]:
        """Return the numbers (n,), ascending, of the papers that meet the conditions (its text aside).

        Each condition is answered by an index of its own, so that no paper need be read; removed ones are in.
        """
        wanted = [(_LABEL.c.paper_key, labelled) for labelled in _labels(query)]
        if narrowing := _narrowing(query):
            wanted.append((_PAPER.c.key, narrowing))
        with reading(self._engine) as connection:
            found = [_numbers(connection, column, conditions) for column, conditions in wanted]
        return reduce(np.intersect1d, found) if found else np.empty(0, dtype=np.int64)

    def numbers(self) -> dict[str, int]:
        """Return the number of every paper by its id, as of now even within a snapshot."""
        with self._engine.connect() as connection:
            return {row.id: row.key for row in connection.execute(select(_PAPER.c.id, _PAPER.c.key))}

    def count(self, query: Query | None = None) -> int:
        """Count the papers that meet the conditions."""
        with reading(self._engine) as connection:
            statement = select(func.count()).select_from(_PAPER).where(*_conditions(query or Query()))
            return int(connection.execute(statement).scalar_one())

    def days(
        self, *, since: dt.date | None = None, until: dt.date | None = None, limit: int = 400
    ) -> list[tuple[dt.date, int]]:
        """Return the days of the feed that have papers, the latest first, each with how many."""
        statement = select(_PAPER.c.listed_on, func.count()).where(*_conditions(Query(since=since, until=until)))
        with reading(self._engine) as connection:
            rows = connection.execute(
                statement.group_by(_PAPER.c.listed_on).order_by(_PAPER.c.listed_on.desc()).limit(limit)
            )
            return [(row[0], int(row[1])) for row in rows]

    def days_beside(self, day: dt.date) -> tuple[dt.date | None, dt.date | None]:
        """Return the last day of the feed before one, and the first after it, that have papers."""
        with reading(self._engine) as connection:
            before, after = (connection.execute(one, {"day": day}).scalar() for one in (_BEFORE, _AFTER))
        return before, after

    def labels(self, kind: str, *, limit: int = 100) -> list[tuple[str, int]]:
        """Return the most frequent labels of a kind (`tag`, `category`, `author`), each with its number of papers."""
        label = schema.paper_label
        total = func.count().label("total")
        statement = (
            select(label.c.label, total)
            .join(_PAPER, _PAPER.c.key == label.c.paper_key)
            .where(label.c.kind == kind, _PAPER.c.removed_at.is_(None))
            .group_by(label.c.label)
            .order_by(total.desc(), label.c.label)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [(row.label, int(row.total)) for row in connection.execute(statement)]

    def changes(self, after: tuple[int, int] = (0, 0), *, limit: int = 2_000) -> list[StoredPaper]:
        """Return papers changed after a point (revision, key), removed ones included, in that order.

        The last one's (`revision`, `key`) is the point to go on from: whoever follows it misses nothing.
        """
        statement = select(_PAPER).where(_later(after)).order_by(_PAPER.c.revision, _PAPER.c.key).limit(limit)
        with reading(self._engine) as connection:
            return [from_row(row) for row in connection.execute(statement)]

    def count_changes(self, after: tuple[int, int] = (0, 0)) -> int:
        """Count the papers that `changes` would return in all."""
        with reading(self._engine) as connection:
            statement = select(func.count()).select_from(_PAPER).where(_later(after))
            return int(connection.execute(statement).scalar_one())

    def former_ids(self, keys: Sequence[int]) -> list[str]:
        """Return the ids that some papers (by their keys) no longer go by."""
        alias = schema.paper_alias
        with reading(self._engine) as connection:
            found: list[str] = []
            for start in range(0, len(keys), CHUNK):
                chunk = list(keys[start : start + CHUNK])
                found += connection.execute(select(alias.c.alias).where(alias.c.paper_key.in_(chunk))).scalars()
            return found

    def all(self) -> Iterator[StoredPaper]:
        """Yield every paper in the order it arrived, removed ones included, in bounded memory."""
        last = 0
        while True:
            with reading(self._engine) as connection:
                rows = connection.execute(
                    select(_PAPER).where(_PAPER.c.key > last).order_by(_PAPER.c.key).limit(CHUNK)
                ).all()
            if not rows:
                return
            yield from map(from_row, rows)
            last = rows[-1].key

    def revision(self) -> int:
        """Return the number of the last change of content."""
        with reading(self._engine) as connection:
            return counters.value(connection, "content")

    def identity(self) -> int:
        """Return the number that tells this library from any other."""
        with reading(self._engine) as connection:
            return counters.value(connection, "identity")

    def activity(self) -> int:
        """Return the number of the last vote, comment or note."""
        with reading(self._engine) as connection:
            return counters.value(connection, "activity")

    def state(self) -> tuple[int, int]:
        """Return `revision` and `activity` in one step: as long as both stay, every page stays."""
        with reading(self._engine) as connection:
            found = counters.values(connection)
        return found["content"], found["activity"]


def _later(after: tuple[int, int]) -> ColumnElement[bool]:
    revision, key = after
    return (_PAPER.c.revision > revision) | ((_PAPER.c.revision == revision) & (_PAPER.c.key > key))


def _conditions(query: Query) -> list[ColumnElement[bool]]:
    labelled = [_PAPER.c.key.in_(select(_LABEL.c.paper_key).where(*wanted)) for wanted in _labels(query)]
    return [_PAPER.c.removed_at.is_(None), *_narrowing(query), *labelled]


def _narrowing(query: Query) -> list[ColumnElement[bool]]:
    """Return the conditions that the index `ix_paper_filters` answers."""
    conditions: list[ColumnElement[bool]] = []
    if query.since:
        conditions.append(_PAPER.c.listed_on >= query.since)
    if query.until:
        conditions.append(_PAPER.c.listed_on <= query.until)
    if query.source:
        conditions.append(_PAPER.c.source == query.source)
    if query.min_votes:
        conditions.append(query.min_votes <= _VOTES)
    return conditions


def _numbers(
    connection: Connection, column: ColumnElement[int], conditions: Sequence[ColumnElement[bool]]
) -> npt.NDArray[np.int64]:
    """Return a column's values, ascending. They come as one text, which takes a tenth of the time of many rows."""
    together = func.aggregate_strings(cast(column, Text), ",")
    text = connection.execute(select(together).where(*conditions)).scalar() or ""
    return np.unique(np.fromstring(text, dtype=np.int64, sep=","))


def _labels(query: Query) -> list[list[ColumnElement[bool]]]:
    """Return, for each label that is asked for, the conditions on `paper_label`."""
    asked = ((("tag", "category"), query.tag), (("author",), query.author))
    folded = [(kinds, " ".join(label.casefold().split())) for kinds, label in asked if label]
    return [[_LABEL.c.kind.in_(kinds), _LABEL.c.label == label] for kinds, label in folded]
