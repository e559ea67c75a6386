"""Papers of an export, with their versions and earlier ids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from seme.papers.archive.places import Places, moment
from seme.papers.archive.records import PAPER_COLUMNS, Record
from seme.papers.library import counters, schema
from seme.papers.library.merge import may_be_same
from seme.papers.library.records import from_row, labels, to_row
from seme.papers.library.storing import store_papers
from seme.papers.paper import Paper, title_key

_PAPER, _ALIAS, _VERSION = schema.paper, schema.paper_alias, schema.paper_version


def restore_papers(connection: Connection, records: Sequence[Record], places: Places) -> int:
    """Restore papers and note their keys; return how many were new."""
    known = _known(connection, [record["id"] for record in records])
    revision = counters.advance(connection, "content")
    added = 0
    for record in records:
        paper = _paper(record)
        found = known.get(paper.id)
        present = record["removed_at"] is None  # a removed paper has nothing to tell about one that is known
        if present and (_has_twin(connection, paper, places) if found is None else not found[1]):
            found = _merged(connection, paper)
        if found is None:
            key = _insert(connection, record, paper, revision)
            added += 1
        else:
            key = found[0]
        places.papers[record["id"]] = key
        _restore_parts(connection, key, record)
    return added


def _paper(record: Record) -> Paper:
    row = {name: record[name] for name in PAPER_COLUMNS}
    row.update(
        listed_on=dt.date.fromisoformat(record["listed_on"]),
        updated_at=moment(record["updated_at"]),
        added_at=moment(record["added_at"]),
        changed_at=moment(record["changed_at"]),
        removed_at=moment(record["removed_at"]),
        key=0,
        vote_count=0,
        comment_count=0,
        revision=0,
    )
    return from_row(row).paper


def _known(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[int, bool]]:
    """Return key, and whether it is removed, of the papers that have, or once had, one of the ids."""
    former = select(_ALIAS.c.alias, _PAPER.c.key, _PAPER.c.removed_at).join(_PAPER, _PAPER.c.key == _ALIAS.c.paper_key)
    current = select(_PAPER.c.id, _PAPER.c.key, _PAPER.c.removed_at)
    rows = [
        *connection.execute(former.where(_ALIAS.c.alias.in_(ids))),
        *connection.execute(current.where(_PAPER.c.id.in_(ids))),  # a current id wins over a former one
    ]
    return {row[0]: (row[1], row[2] is not None) for row in rows}


def _has_twin(connection: Connection, paper: Paper, places: Places) -> bool:
    """Tell whether the library had this paper under another id before the import began."""
    rows = connection.execute(select(_PAPER).where(_PAPER.c.title_key == title_key(paper.title))).all()
    mine = set(places.papers.values()) if rows else set()
    return any(row.key not in mine and may_be_same(from_row(row).paper, paper) for row in rows)


def _merged(connection: Connection, paper: Paper) -> tuple[int, bool] | None:
    store_papers(connection, [paper], dt.datetime.now(dt.UTC))
    return _known(connection, [paper.id]).get(paper.id)


def _insert(connection: Connection, record: Record, paper: Paper, revision: int) -> int:
    times = {name: moment(record[name]) for name in ("added_at", "changed_at", "removed_at")}
    row = {**to_row(paper), **times, "revision": revision}
    key = int(connection.execute(insert(_PAPER).values(row).returning(_PAPER.c.key)).scalar_one())
    kinds = [{"paper_key": key, "kind": kind, "label": label} for kind, label in sorted(labels(paper)) if label]
    if kinds:
        connection.execute(insert(schema.paper_label), kinds)
    return key


def _restore_parts(connection: Connection, key: int, record: Record) -> None:
    has = set(connection.execute(select(_VERSION.c.version).where(_VERSION.c.paper_key == key)).scalars())
    rows: list[dict[str, Any]] = [
        {**one, "updated_at": moment(one["updated_at"]), "paper_key": key}
        for one in record["versions"]
        if one["version"] not in has
    ]
    if rows:
        connection.execute(insert(_VERSION), rows)
    names = [*record["aliases"], record["id"]]
    taken = set(connection.execute(select(_ALIAS.c.alias).where(_ALIAS.c.alias.in_(names))).scalars())
    own = connection.execute(select(_PAPER.c.id).where(_PAPER.c.key == key)).scalar_one()
    fresh = [{"alias": name, "paper_key": key} for name in dict.fromkeys(names) if name not in taken | {own}]
    if fresh:
        connection.execute(insert(_ALIAS), fresh)
