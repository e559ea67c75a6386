"""Votes and comments: what people say of a paper in public."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update

from seme.errors import InputError, NotFoundError
from seme.papers.library import counters, schema
from seme.papers.library.database import reading, writing
from seme.papers.library.people import Person

LONGEST_COMMENT = 10_000
_VOTE = schema.vote
_COMMENT = schema.comment
_PAPER = schema.paper
_OF = (
    select(_PAPER.c.id)
    .join(_VOTE, _VOTE.c.paper_key == _PAPER.c.key)
    .where(_VOTE.c.person_key == bindparam("person"), _PAPER.c.id.in_(bindparam("ids", expanding=True)))
)
_ON = (
    select(_COMMENT, schema.person.c.id.label("person_id"))
    .join(schema.person, schema.person.c.key == _COMMENT.c.person_key)
    .join(_PAPER, _PAPER.c.key == _COMMENT.c.paper_key)
    .where(_PAPER.c.id == bindparam("id"))
    .order_by(_COMMENT.c.key)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment under a paper, plain text."""

    key: int
    person_id: str
    body: str
    created_at: dt.datetime


class Votes:
    """Votes on papers: at most one per person and paper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cast(self, person: Person, paper_id: str, *, up: bool = True) -> int:
        """Vote for a paper, or take the vote back; return the votes it has in all. Repeating changes nothing.

        Raises
        ------
        NotFoundError
            If no paper has that id.
        """
        with writing(self._engine) as connection:
            key = paper_key(connection, paper_id)
            where = (_VOTE.c.person_key == person.key, _VOTE.c.paper_key == key)
            has = connection.execute(select(_VOTE.c.paper_key).where(*where)).first() is not None
            if has != up:
                if up:
                    mine = {"person_key": person.key, "paper_key": key, "created_at": dt.datetime.now(dt.UTC)}
                    connection.execute(insert(_VOTE).values(mine))
                else:
                    connection.execute(delete(_VOTE).where(*where))
                _count(connection, key, "vote_count", 1 if up else -1)
            total = func.coalesce(_PAPER.c.source_votes, 0) + _PAPER.c.vote_count
            return int(connection.execute(select(total).where(_PAPER.c.key == key)).scalar_one())

    def of(self, person: Person, paper_ids: Sequence[str]) -> set[str]:
        """Return which of these papers a person voted for."""
        with reading(self._engine) as connection:
            return set(connection.execute(_OF, {"person": person.key, "ids": [*paper_ids]}).scalars())

    def by(self, person: Person) -> list[str]:
        """Return the ids of all papers a person voted for, the latest first."""
        statement = select(_PAPER.c.id).join(_VOTE, _VOTE.c.paper_key == _PAPER.c.key)
        with reading(self._engine) as connection:
            rows = connection.execute(
                statement.where(_VOTE.c.person_key == person.key).order_by(_VOTE.c.created_at.desc(), _PAPER.c.key)
            )
            return list(rows.scalars())


class Comments:
    """Comments on papers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, person: Person, paper_id: str, body: str) -> Comment:
        """Write a comment.

        Raises
        ------
        InputError
            If it is empty or longer than `LONGEST_COMMENT` characters.
        NotFoundError
            If no paper has that id.
        """
        text = body.strip().replace("\x00", "")
        if not 0 < len(text) <= LONGEST_COMMENT:
            raise InputError(f"a comment has 1 to {LONGEST_COMMENT} characters, this one has {len(text)}")
        now = dt.datetime.now(dt.UTC)
        with writing(self._engine) as connection:
            key = paper_key(connection, paper_id)
            row = {"paper_key": key, "person_key": person.key, "body": text, "created_at": now}
            number = connection.execute(insert(_COMMENT).values(row).returning(_COMMENT.c.key)).scalar_one()
            _count(connection, key, "comment_count", 1)
        return Comment(number, person.id, text, now)

    def on(self, paper_id: str, *, limit: int = 200) -> list[Comment]:
        """Return a paper's comments, the oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(_ON, {"id": paper_id, "limit": limit})
            return [Comment(row.key, row.person_id, row.body, row.created_at) for row in rows]

    def delete(self, person: Person, comment_key: int) -> None:
        """Delete one's own comment.

        Raises
        ------
        NotFoundError
            If this person wrote no such comment.
        """
        with writing(self._engine) as connection:
            where = (_COMMENT.c.key == comment_key, _COMMENT.c.person_key == person.key)
            row = connection.execute(delete(_COMMENT).where(*where).returning(_COMMENT.c.paper_key)).first()
            if row is None:
                raise NotFoundError(f"you have no comment {comment_key}")
            _count(connection, row.paper_key, "comment_count", -1)


def paper_key(connection: Connection, paper_id: str) -> int:
    """Return the row number of a paper by its id or an id that it once had.

    Raises
    ------
    NotFoundError
        If no paper has that id.
    """
    alias = schema.paper_alias
    key = connection.execute(select(_PAPER.c.key).where(_PAPER.c.id == paper_id)).scalar()
    if key is None:
        key = connection.execute(select(alias.c.paper_key).where(alias.c.alias == paper_id)).scalar()
    if key is None:
        raise NotFoundError(f"no paper has the id {paper_id!r}")
    return int(key)


def _count(connection: Connection, key: int, column: str, step: int) -> None:
    connection.execute(update(_PAPER).where(_PAPER.c.key == key).values({column: _PAPER.c[column] + step}))
    counters.advance(connection, "activity")
