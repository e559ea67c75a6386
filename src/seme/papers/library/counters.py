"""Counters that tell readers of the library, in any process, that something changed."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from seme.papers.library import schema

_ALL = select(schema.counter)


def advance(connection: Connection, name: str) -> int:
    """Add one to a counter within the transaction and return its new value.

    The row stays locked until the transaction ends, so no reader ever sees a value before the changes it stands for.
    """
    changed = connection.execute(
        update(schema.counter)
        .where(schema.counter.c.name == name)
        .values(value=schema.counter.c.value + 1)
        .returning(schema.counter.c.value)
    )
    return int(changed.scalar_one())


def value(connection: Connection, name: str) -> int:
    """Return a counter's value."""
    return int(connection.execute(select(schema.counter.c.value).where(schema.counter.c.name == name)).scalar_one())


def values(connection: Connection) -> dict[str, int]:
    """Return every counter by its name."""
    return {row.name: int(row.value) for row in connection.execute(_ALL)}
