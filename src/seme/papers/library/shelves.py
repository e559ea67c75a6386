"""Saved papers with notes, in named collections: private to each person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update

from seme.errors import InputError, NotFoundError
from seme.papers.library import counters, schema
from seme.papers.library.database import reading, writing
from seme.papers.library.people import Person
from seme.papers.library.votes import paper_key
from seme.papers.paper import title_key

LONGEST_NOTE = 20_000
LONGEST_NAME = 80
_SAVED = schema.saved
_COLLECTION = schema.collection
_MEMBER = schema.collection_paper
_PAPER = schema.paper
_OF = (
    select(_PAPER.c.id)
    .join(_SAVED, _SAVED.c.paper_key == _PAPER.c.key)
    .where(_SAVED.c.person_key == bindparam("person"), _PAPER.c.id.in_(bindparam("ids", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved paper's id, with the person's note and the names of the collections it is in."""

    paper_id: str
    note: str
    collections: tuple[str, ...]
    created_at: dt.datetime
    changed_at: dt.datetime


class Shelves:
    """What people keep."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(
        self, person: Person, paper_id: str, *, note: str | None = None, collections: Sequence[str] | None = None
    ) -> None:
        """Save a paper, or change its note or its collections; `None` leaves them as they are.

        Raises
        ------
        InputError
            If the note is too long or a collection's name is empty or too long.
        NotFoundError
            If no paper has that id.
        """
        if note is not None and len(note) > LONGEST_NOTE:
            raise InputError(f"a note has at most {LONGEST_NOTE} characters, this one has {len(note)}")
        names = None if collections is None else {slug(name): name.strip() for name in collections}
        now = dt.datetime.now(dt.UTC)
        with writing(self._engine) as connection:
            key = paper_key(connection, paper_id)
            where = (_SAVED.c.person_key == person.key, _SAVED.c.paper_key == key)
            if connection.execute(select(_SAVED.c.paper_key).where(*where)).first() is None:
                row = {
                    "person_key": person.key,
                    "paper_key": key,
                    "note": note or "",
                    "created_at": now,
                    "changed_at": now,
                }
                connection.execute(insert(_SAVED).values(row))
            elif note is not None:
                connection.execute(update(_SAVED).where(*where).values(note=note.replace("\x00", ""), changed_at=now))
            if names is not None:
                _put_into(connection, person, key, names, now)
            counters.advance(connection, "activity")

    def unsave(self, person: Person, paper_id: str) -> None:
        """Take a paper out, with its note and from every collection; nothing happens if it was not saved."""
        with writing(self._engine) as connection:
            key = paper_key(connection, paper_id)
            mine = select(_COLLECTION.c.key).where(_COLLECTION.c.person_key == person.key)
            connection.execute(delete(_MEMBER).where(_MEMBER.c.paper_key == key, _MEMBER.c.collection_key.in_(mine)))
            connection.execute(delete(_SAVED).where(_SAVED.c.person_key == person.key, _SAVED.c.paper_key == key))
            counters.advance(connection, "activity")

    def list(self, person: Person, *, collection: str | None = None) -> list[Saved]:
        """Return a person's saved papers, the latest first; of one collection (by its slug) if it is given."""
        statement = select(_SAVED, _PAPER.c.id).join(_PAPER, _PAPER.c.key == _SAVED.c.paper_key)
        statement = statement.where(_SAVED.c.person_key == person.key)
        with reading(self._engine) as connection:
            inside = _memberships(connection, person)
            rows = connection.execute(statement.order_by(_SAVED.c.created_at.desc(), _SAVED.c.paper_key.desc())).all()
        found = []
        for row in rows:
            shelves = inside.get(row.paper_key, {})
            if collection is None or collection in shelves:
                found.append(Saved(row.id, row.note, tuple(sorted(shelves.values())), row.created_at, row.changed_at))
        return found

    def get(self, person: Person, paper_id: str) -> Saved | None:
        """Return what a person saved of one paper, or `None`."""
        if not self.of(person, [paper_id]):
            return None
        return next((saved for saved in self.list(person) if saved.paper_id == paper_id), None)

    def of(self, person: Person, paper_ids: Sequence[str]) -> set[str]:
        """Return which of these papers a person saved."""
        with reading(self._engine) as connection:
            return set(connection.execute(_OF, {"person": person.key, "ids": [*paper_ids]}).scalars())

    def collections(self, person: Person) -> dict[str, str]:
        """Return a person's collections: slug -> name."""
        statement = select(_COLLECTION.c.slug, _COLLECTION.c.name).where(_COLLECTION.c.person_key == person.key)
        with reading(self._engine) as connection:
            return {row.slug: row.name for row in connection.execute(statement.order_by(_COLLECTION.c.name))}

    def delete_collection(self, person: Person, collection: str) -> None:
        """Delete a collection (by its slug); its papers stay saved.

        Raises
        ------
        NotFoundError
            If this person has no such collection.
        """
        with writing(self._engine) as connection:
            where = (_COLLECTION.c.person_key == person.key, _COLLECTION.c.slug == collection)
            if not connection.execute(delete(_COLLECTION).where(*where)).rowcount:
                raise NotFoundError(f"you have no collection {collection!r}")


def slug(name: str) -> str:
    """Return a collection's name as it stands in addresses.

    Raises
    ------
    InputError
        If the name has no letter or digit, or more than `LONGEST_NAME` characters.
    """
    made = title_key(name).replace(" ", "-")
    if not made or len(name) > LONGEST_NAME or len(made) > LONGEST_NAME:
        raise InputError(
            f"a collection's name has 1 to {LONGEST_NAME} characters with a letter or digit, not {name[:100]!r}"
        )
    return made


def _put_into(connection: Connection, person: Person, key: int, names: dict[str, str], now: dt.datetime) -> None:
    rows = connection.execute(
        select(_COLLECTION.c.slug, _COLLECTION.c.key).where(_COLLECTION.c.person_key == person.key)
    ).all()
    known = {row.slug: int(row.key) for row in rows}
    for name_slug in sorted(set(names) - set(known)):
        row = {"person_key": person.key, "slug": name_slug, "name": names[name_slug], "created_at": now}
        known[name_slug] = connection.execute(insert(_COLLECTION).values(row).returning(_COLLECTION.c.key)).scalar_one()
    everywhere = list(known.values())
    connection.execute(delete(_MEMBER).where(_MEMBER.c.paper_key == key, _MEMBER.c.collection_key.in_(everywhere)))
    wanted = [{"collection_key": known[name_slug], "paper_key": key} for name_slug in sorted(names)]
    if wanted:
        connection.execute(insert(_MEMBER), wanted)


def _memberships(connection: Connection, person: Person) -> dict[int, dict[str, str]]:
    statement = (
        select(_MEMBER.c.paper_key, _COLLECTION.c.slug, _COLLECTION.c.name)
        .join(_COLLECTION, _COLLECTION.c.key == _MEMBER.c.collection_key)
        .where(_COLLECTION.c.person_key == person.key)
    )
    inside: dict[int, dict[str, str]] = {}
    for row in connection.execute(statement):
        inside.setdefault(row.paper_key, {})[row.slug] = row.name
    return inside
