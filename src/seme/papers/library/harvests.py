"""The harvest log: what was fetched, how far it got, and when it last went well."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update

from seme.papers.library import schema
from seme.papers.library.database import reading, writing
from seme.papers.library.storing import Stored, mark_removed, store_papers
from seme.papers.sources.base import Batch, Source

CHUNK = 500
_TABLE = schema.harvest


@dataclass(frozen=True, slots=True)
class Harvest:
    """One run, or one that is to be gone on with: `running`, `done` or `failed`."""

    key: int
    source: str
    scope: Mapping[str, Any]
    state: str
    cursor: Mapping[str, Any] | None
    seen: int
    added: int
    changed: int
    skipped: int
    error: str
    started_at: dt.datetime
    changed_at: dt.datetime


class Harvests:
    """The harvests of a library."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, source: Source) -> Harvest:
        """Start a harvest, or go on with the last one of the same source and scope that did not finish.

        One that starts has the cursor that the last one left for it, if any (see `Batch`).
        """
        scope = canonical(source.scope)
        now = dt.datetime.now(dt.UTC)
        same = (_TABLE.c.source == source.name, _TABLE.c.scope == scope)
        with writing(self._engine) as connection:
            last = connection.execute(select(_TABLE).where(*same).order_by(_TABLE.c.key.desc()).limit(1)).first()
            if last is not None and last.state != "done":
                values = {"state": "running", "error": "", "changed_at": now}
                connection.execute(update(_TABLE).where(_TABLE.c.key == last.key).values(values))
                return _harvest(connection.execute(select(_TABLE).where(_TABLE.c.key == last.key)).one())
            left = (last.cursor or {}).get("next") if last is not None else None
            row = {
                "source": source.name,
                "scope": scope,
                "state": "running",
                "cursor": left,
                "seen": 0,
                "added": 0,
                "changed": 0,
                "skipped": 0,
                "error": "",
                "started_at": now,
                "changed_at": now,
            }
            return _harvest(connection.execute(insert(_TABLE).values(row).returning(_TABLE)).one())

    def advance(self, harvest: Harvest, batch: Batch, *, now: dt.datetime | None = None) -> Stored:
        """Store a batch and the cursor behind it, both or neither."""
        moment = now or dt.datetime.now(dt.UTC)
        with writing(self._engine) as connection:
            stored = Stored()
            for start in range(0, len(batch.papers), CHUNK):  # a database takes only so many ids in one statement
                stored += store_papers(connection, batch.papers[start : start + CHUNK], moment)
            for start in range(0, len(batch.removed), CHUNK):
                mark_removed(connection, batch.removed[start : start + CHUNK], moment)
            values = {
                "cursor": dict(batch.cursor),
                "seen": _TABLE.c.seen + len(batch.papers),
                "added": _TABLE.c.added + stored.added,
                "changed": _TABLE.c.changed + stored.changed,
                "skipped": _TABLE.c.skipped + len(batch.skipped),
                "changed_at": moment,
            }
            connection.execute(update(_TABLE).where(_TABLE.c.key == harvest.key).values(values))
        return stored

    def finish(self, harvest: Harvest, *, error: str = "") -> Harvest:
        """Note the end of a run; one that ends with an error is gone on with next time."""
        values = {"state": "failed" if error else "done", "error": error[:2000], "changed_at": dt.datetime.now(dt.UTC)}
        with writing(self._engine) as connection:
            connection.execute(update(_TABLE).where(_TABLE.c.key == harvest.key).values(values))
            return _harvest(connection.execute(select(_TABLE).where(_TABLE.c.key == harvest.key)).one())

    def last(self, *, state: str | None = None, source: str | None = None, limit: int = 1) -> list[Harvest]:
        """Return the latest harvests, optionally of one state and source, the latest first."""
        where = [column == value for column, value in ((_TABLE.c.state, state), (_TABLE.c.source, source)) if value]
        statement = select(_TABLE).where(*where).order_by(_TABLE.c.changed_at.desc(), _TABLE.c.key.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [_harvest(row) for row in connection.execute(statement)]


def canonical(scope: Mapping[str, Any]) -> str:
    """Return a scope as the text by which it is found again."""
    return json.dumps(scope, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _harvest(row: Row[Any]) -> Harvest:
    return Harvest(
        row.key,
        row.source,
        json.loads(row.scope),
        row.state,
        row.cursor,
        row.seen,
        row.added,
        row.changed,
        row.skipped,
        row.error,
        row.started_at,
        row.changed_at,
    )
