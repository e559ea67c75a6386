"""What an export says of each thing in the library.

Rows are named by what stays the same in another database (a paper's id, a person's id), never by their keys, and are
ordered by it: the same library always gives the same bytes. Counts and look-up columns are left out, since they
follow from the rest; so are sign-in links, which are secrets that soon expire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Select, select

from seme.papers.library import schema

PAPER_COLUMNS = (
    "id", "title", "summary", "authors", "author_count", "published", "listed_on", "version", "updated_at",
    "categories", "tags", "links", "source", "source_votes", "source_comments", "note", "doi", "journal", "withdrawn",
    "method", "added_at", "changed_at", "removed_at",
)  # fmt: skip
VERSION_COLUMNS = ("version", "title", "summary", "updated_at")
PERSON_COLUMNS = ("id", "email", "created_at", "confirmed_at")
SUBSCRIPTION_COLUMNS = ("id", "kind", "name", "query", "state", "created_at", "confirmed_at", "stopped_at")
DELIVERY_COLUMNS = ("period", "state", "message_id", "attempts", "error", "queued_at", "changed_at")
HARVEST_COLUMNS = (
    "source", "scope", "state", "cursor", "seen", "added", "changed", "skipped", "error", "started_at", "changed_at",
)  # fmt: skip

Record = dict[str, Any]
_CHUNK = 500
_PAPER, _PERSON = schema.paper, schema.person


def papers(connection: Connection) -> Iterator[Record]:
    """Yield papers with their earlier ids and all their versions."""
    after = ""
    while True:
        page = select(_PAPER).where(_PAPER.c.id > after).order_by(_PAPER.c.id).limit(_CHUNK)
        rows = connection.execute(page).mappings().all()
        if not rows:
            return
        keys = [row["key"] for row in rows]
        aliases = _grouped(connection, schema.paper_alias, "alias", keys)
        versions = _grouped(connection, schema.paper_version, "version", keys)
        for row in rows:
            yield {
                **{name: row[name] for name in PAPER_COLUMNS},
                "aliases": [one["alias"] for one in aliases.get(row["key"], [])],
                "versions": [{name: one[name] for name in VERSION_COLUMNS} for one in versions.get(row["key"], [])],
            }
        after = rows[-1]["id"]


def people(connection: Connection) -> Iterator[Record]:
    """Yield people."""
    yield from _rows(connection, select(*(_PERSON.c[name] for name in PERSON_COLUMNS)).order_by(_PERSON.c.id))


def votes(connection: Connection) -> Iterator[Record]:
    """Yield votes."""
    yield from _rows(connection, _of_both(schema.vote, "created_at").order_by(_PERSON.c.id, _PAPER.c.id))


def comments(connection: Connection) -> Iterator[Record]:
    """Yield comments, the oldest first."""
    table = schema.comment
    statement = _of_both(table, "body", "created_at")
    yield from _rows(connection, statement.order_by(table.c.created_at, _PERSON.c.id, _PAPER.c.id, table.c.body))


def saved(connection: Connection) -> Iterator[Record]:
    """Yield saved papers with their notes."""
    statement = _of_both(schema.saved, "note", "created_at", "changed_at")
    yield from _rows(connection, statement.order_by(_PERSON.c.id, _PAPER.c.id))


def collections(connection: Connection) -> Iterator[Record]:
    """Yield collections with the ids of their papers."""
    table, member = schema.collection, schema.collection_paper
    columns = (table.c.key, _PERSON.c.id.label("person"), table.c.slug, table.c.name, table.c.created_at)
    statement = select(*columns).join(_PERSON, _PERSON.c.key == table.c.person_key)
    for row in connection.execute(statement.order_by(_PERSON.c.id, table.c.slug)).mappings().all():
        ids = select(_PAPER.c.id).join(member, member.c.paper_key == _PAPER.c.key)
        inside = connection.execute(ids.where(member.c.collection_key == row["key"]).order_by(_PAPER.c.id)).scalars()
        yield {**{name: row[name] for name in row if name != "key"}, "papers": list(inside)}


def subscriptions(connection: Connection) -> Iterator[Record]:
    """Yield subscriptions."""
    table = schema.subscription
    columns = (table.c[name] for name in SUBSCRIPTION_COLUMNS)
    statement = select(_PERSON.c.id.label("person"), *columns).join(_PERSON, _PERSON.c.key == table.c.person_key)
    yield from _rows(connection, statement.order_by(table.c.id))


def deliveries(connection: Connection) -> Iterator[Record]:
    """Yield mails of the outbox with the ids of their papers, in their order."""
    table, owner, member = schema.delivery, schema.subscription, schema.delivery_paper
    columns = (table.c[name] for name in ("key", *DELIVERY_COLUMNS))
    statement = select(owner.c.id.label("subscription"), *columns).join(owner, owner.c.key == table.c.subscription_key)
    for row in connection.execute(statement.order_by(owner.c.id, table.c.period)).mappings().all():
        ids = select(_PAPER.c.id).join(member, member.c.paper_key == _PAPER.c.key)
        inside = connection.execute(ids.where(member.c.delivery_key == row["key"]).order_by(member.c.position))
        yield {**{name: row[name] for name in row if name != "key"}, "papers": list(inside.scalars())}


def harvests(connection: Connection) -> Iterator[Record]:
    """Yield the harvest log, the oldest first."""
    table = schema.harvest
    statement = select(*(table.c[name] for name in HARVEST_COLUMNS))
    yield from _rows(connection, statement.order_by(table.c.started_at, table.c.source, table.c.scope))


READERS: dict[str, Callable[[Connection], Iterator[Record]]] = {
    "papers": papers, "people": people, "votes": votes, "comments": comments, "saved": saved,
    "collections": collections, "subscriptions": subscriptions, "deliveries": deliveries, "harvests": harvests,
}  # fmt: skip


def _of_both(table: Any, *names: str) -> Select[Any]:
    columns = (_PERSON.c.id.label("person"), _PAPER.c.id.label("paper"), *(table.c[name] for name in names))
    return (
        select(*columns)
        .select_from(table)
        .join(_PERSON, _PERSON.c.key == table.c.person_key)
        .join(_PAPER, _PAPER.c.key == table.c.paper_key)
    )


def _rows(connection: Connection, statement: Select[Any]) -> Iterator[Record]:
    for row in connection.execute(statement.execution_options(yield_per=_CHUNK)).mappings():
        yield dict(row)


def _grouped(connection: Connection, table: Any, order: str, keys: list[int]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    statement = select(table).where(table.c.paper_key.in_(keys)).order_by(table.c[order])
    for row in connection.execute(statement).mappings():
        found.setdefault(row["paper_key"], []).append(dict(row))
    return found
