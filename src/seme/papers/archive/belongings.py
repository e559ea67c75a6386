"""People of an export and what is theirs: each restored unless the library has it already."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, func, insert, select

from seme.papers.archive.places import Places, moment
from seme.papers.archive.records import DELIVERY_COLUMNS, HARVEST_COLUMNS, SUBSCRIPTION_COLUMNS, Record
from seme.papers.library import schema

_TIMES = frozenset({"created_at", "confirmed_at", "changed_at", "stopped_at", "queued_at", "started_at"})


def restore_person(connection: Connection, record: Record, places: Places) -> bool:
    """Restore a person; the one with the same id, else the same address, is taken for the same."""
    table = schema.person
    same = select(table.c.key).where(table.c.id == record["id"])
    found = connection.execute(same).scalar()
    if found is None and record["email"]:
        found = connection.execute(select(table.c.key).where(table.c.email == record["email"])).scalar()
    key = found
    if key is None:
        values = _values(record, ("id", "email", "created_at", "confirmed_at"))
        key = connection.execute(insert(table).values(values).returning(table.c.key)).scalar_one()
    places.people[record["id"]] = int(key)
    return found is None


def restore_vote(connection: Connection, record: Record, places: Places) -> bool:
    """Restore a vote."""
    return _add(connection, schema.vote, _both(record, places), {"created_at": moment(record["created_at"])})


def restore_saved(connection: Connection, record: Record, places: Places) -> bool:
    """Restore a saved paper with its note."""
    rest = _values(record, ("note", "created_at", "changed_at"))
    return _add(connection, schema.saved, _both(record, places), rest)


def restore_comment(connection: Connection, record: Record, places: Places) -> bool:
    """Restore a comment; one with the same words and moment is the same comment."""
    same = {**_both(record, places), **_values(record, ("body", "created_at"))}
    return _add(connection, schema.comment, same, {})


def restore_collection(connection: Connection, record: Record, places: Places) -> bool:
    """Restore a collection; papers are added to one of the same name."""
    table, member = schema.collection, schema.collection_paper
    same = {"person_key": places.people[record["person"]], "slug": record["slug"]}
    new = _add(connection, table, same, _values(record, ("name", "created_at")))
    key = connection.execute(select(table.c.key).where(*_equal(table, same))).scalar_one()
    for paper in record["papers"]:
        _add(connection, member, {"collection_key": key, "paper_key": places.papers[paper]}, {})
    return new


def restore_subscription(connection: Connection, record: Record, places: Places) -> bool:
    """Restore a subscription."""
    table = schema.subscription
    rest = {**_values(record, SUBSCRIPTION_COLUMNS), "person_key": places.people[record["person"]]}
    new = _add(connection, table, {"id": record["id"]}, rest)
    row = connection.execute(select(table.c.key, table.c.person_key).where(table.c.id == record["id"])).one()
    places.subscriptions[record["id"]] = (row.key, row.person_key)
    return new


def restore_delivery(connection: Connection, record: Record, places: Places) -> bool:
    """Restore a mail of the outbox, so that nobody is sent again what was sent before."""
    table, member = schema.delivery, schema.delivery_paper
    owner, person = places.subscriptions[record["subscription"]]
    same = {"subscription_key": owner, "period": record["period"]}
    if not _add(connection, table, same, _values(record, DELIVERY_COLUMNS)):
        return False
    key = connection.execute(select(table.c.key).where(*_equal(table, same))).scalar_one()
    for position, paper in enumerate(record["papers"]):
        sent = {"person_key": person, "paper_key": places.papers[paper]}
        _add(connection, member, sent, {"delivery_key": key, "position": position})
    return True


def restore_harvest(connection: Connection, record: Record, places: Places) -> bool:  # noqa: ARG001  # as its siblings
    """Restore an entry of the harvest log."""
    same = _values(record, ("source", "scope", "started_at"))
    json.loads(same["scope"])  # raises ValueError: every reader of the log parses it
    return _add(connection, schema.harvest, same, _values(record, HARVEST_COLUMNS))


RESTORERS: dict[str, Callable[[Connection, Record, Places], bool]] = {
    "people": restore_person,
    "votes": restore_vote,
    "comments": restore_comment,
    "saved": restore_saved,
    "collections": restore_collection,
    "subscriptions": restore_subscription,
    "deliveries": restore_delivery,
    "harvests": restore_harvest,
}


def _both(record: Record, places: Places) -> dict[str, Any]:
    return {"person_key": places.people[record["person"]], "paper_key": places.papers[record["paper"]]}


def _values(record: Record, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: moment(record[name]) if name in _TIMES else record[name] for name in names}


def _equal(table: Any, same: dict[str, Any]) -> list[Any]:
    return [table.c[name] == value for name, value in same.items()]


def _add(connection: Connection, table: Any, same: dict[str, Any], rest: dict[str, Any]) -> bool:
    """Insert a row unless there is one with the same identity; tell whether it was inserted."""
    where = _equal(table, same)
    if connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one():
        return False
    connection.execute(insert(table).values({**rest, **same}))
    return True
