"""Subscriptions: the digests and saved searches that people asked to be mailed."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Engine, Row, insert, select, update

from seme.errors import InputError, NotFoundError
from seme.papers.library import schema
from seme.papers.library.database import writing
from seme.papers.library.people import Person, confirm
from seme.papers.query import Query

Kind = Literal["daily", "weekly", "search"]
_TABLE = schema.subscription
MOST_PER_PERSON = 50


@dataclass(frozen=True, slots=True)
class Subscription:
    """What somebody is mailed: `pending` until they confirm by a mailed link, `stopped` once they had enough."""

    key: int
    id: str
    person_id: str
    email: str | None
    kind: Kind
    name: str
    query: Query
    state: Literal["pending", "active", "stopped"]
    created_at: dt.datetime
    confirmed_at: dt.datetime | None


class Subscriptions:
    """The subscriptions of a library."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, person: Person, kind: Kind, *, name: str = "", query: Query | None = None) -> Subscription:
        """Ask for mail; nothing but the confirmation is sent before `confirm`.

        Asking again for the same thing gives the same subscription, pending again if it was stopped.

        Raises
        ------
        InputError
            If the kind is unknown, a saved search is empty, the name is too long or the person has too many.
        """
        wanted = query or Query()
        if kind not in get_args(Kind):
            raise InputError(f"kind is {kind!r}, it must be one of {', '.join(get_args(Kind))}")
        if kind == "search" and not (wanted.text or wanted.filtered):
            raise InputError("a saved search needs words, a tag, an author or another condition")
        if len(name) > 200:
            raise InputError(f"the name of a subscription has at most 200 characters, this one has {len(name)}")
        with writing(self._engine) as connection:
            mine = connection.execute(_select().where(_TABLE.c.person_key == person.key)).all()
            same = next((row for row in mine if row.kind == kind and row.query == wanted.to_dict()), None)
            if same is not None:
                if same.state == "stopped":
                    values = {"state": "pending", "confirmed_at": None, "stopped_at": None}
                    connection.execute(update(_TABLE).where(_TABLE.c.key == same.key).values(values))
                return _read(connection, same.id)
            if len(mine) >= MOST_PER_PERSON:
                raise InputError(f"you have {len(mine)} subscriptions, at most {MOST_PER_PERSON}")
            row: dict[str, Any] = {
                "id": secrets.token_hex(16),
                "person_key": person.key,
                "kind": kind,
                "name": name or _name(kind, wanted),
                "query": wanted.to_dict(),
                "state": "pending",
                "created_at": dt.datetime.now(dt.UTC),
            }
            connection.execute(insert(_TABLE).values(row))
            return _read(connection, row["id"])

    def get(self, subscription_id: str) -> Subscription:
        """Return a subscription.

        Raises
        ------
        NotFoundError
            If there is none with that id.
        """
        with self._engine.connect() as connection:
            return _read(connection, subscription_id)

    def confirm(self, subscription_id: str) -> Subscription:
        """Start the mail; confirming twice changes nothing."""
        now = dt.datetime.now(dt.UTC)
        with writing(self._engine) as connection:
            known = _read(connection, subscription_id)
            if known.state != "active":
                values = {"state": "active", "confirmed_at": now, "stopped_at": None}
                connection.execute(update(_TABLE).where(_TABLE.c.id == subscription_id).values(values))
                key = select(_TABLE.c.person_key).where(_TABLE.c.id == subscription_id)
                confirm(connection, int(connection.execute(key).scalar_one()), now)
            return _read(connection, subscription_id)

    def stop(self, subscription_id: str) -> Subscription:
        """End the mail; stopping twice changes nothing."""
        with writing(self._engine) as connection:
            _read(connection, subscription_id)
            values = {"state": "stopped", "stopped_at": dt.datetime.now(dt.UTC)}
            where = (_TABLE.c.id == subscription_id, _TABLE.c.state != "stopped")
            connection.execute(update(_TABLE).where(*where).values(values))
            return _read(connection, subscription_id)

    def of(self, person: Person) -> list[Subscription]:
        """Return a person's subscriptions, stopped ones included, the oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(_select().where(_TABLE.c.person_key == person.key).order_by(_TABLE.c.key))
            return [_subscription(row) for row in rows]

    def all(self) -> list[Subscription]:
        """Return everybody's subscriptions, stopped ones included, the oldest first."""
        with self._engine.connect() as connection:
            return [_subscription(row) for row in connection.execute(_select().order_by(_TABLE.c.key))]

    def active(self, *kinds: Kind) -> list[Subscription]:
        """Return all active subscriptions of some kinds (of all, if none is named)."""
        where = [_TABLE.c.state == "active"]
        if kinds:
            where.append(_TABLE.c.kind.in_(kinds))
        with self._engine.connect() as connection:
            return [_subscription(row) for row in connection.execute(_select().where(*where).order_by(_TABLE.c.key))]


def _select() -> Any:
    person = schema.person
    columns = (_TABLE, person.c.id.label("person_id"), person.c.email)
    return select(*columns).join(person, person.c.key == _TABLE.c.person_key)


def _read(connection: Connection, subscription_id: str) -> Subscription:
    row = connection.execute(_select().where(_TABLE.c.id == subscription_id)).first()
    if row is None:
        raise NotFoundError("there is no such subscription", hint="It may have been deleted with its person")
    return _subscription(row)


def _subscription(row: Row[Any]) -> Subscription:
    query = Query.from_dict(row.query)
    return Subscription(
        row.key,
        row.id,
        row.person_id,
        row.email,
        row.kind,
        row.name,
        query,
        row.state,
        row.created_at,
        row.confirmed_at,
    )


def _name(kind: Kind, query: Query) -> str:
    if kind != "search":
        return "Daily digest" if kind == "daily" else "Weekly digest"
    return (query.text or query.tag or query.author or query.source or "All papers")[:200]
