"""Papers that were read, kept until they change: reading one takes ten times as long as to see that it is the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from seme.papers.library import schema
from seme.papers.library.records import StoredPaper, from_row

KEPT = 4_000
"""Papers that are kept, about 6 KB each."""

_PAPER = schema.paper
STATE = (
    _PAPER.c.id,
    _PAPER.c.revision,
    _PAPER.c.vote_count,
    _PAPER.c.comment_count,
    _PAPER.c.source_votes,
    _PAPER.c.source_comments,
)
"""Columns that tell, between them, whether anything of a paper changed."""

_ROWS = select(_PAPER).where(_PAPER.c.id.in_(bindparam("ids", expanding=True)))


class KeptPapers:
    """The papers that were read last."""

    def __init__(self) -> None:
        self._papers: OrderedDict[str, tuple[tuple[Any, ...], StoredPaper]] = OrderedDict()
        self._lock = Lock()

    def read(self, connection: Connection, states: Sequence[Row[*tuple[Any, ...]]]) -> dict[str, StoredPaper]:
        """Return papers by id, given their `STATE` as of the transaction in which the others are read."""
        found: dict[str, StoredPaper] = {}
        with self._lock:
            for state in states:
                known = self._papers.get(state.id)
                if known is not None and known[0] == tuple(state):
                    self._papers.move_to_end(state.id)
                    found[state.id] = known[1]
        changed = {state.id: tuple(state) for state in states if state.id not in found}
        if changed:
            read = {row.id: from_row(row) for row in connection.execute(_ROWS, {"ids": [*changed]})}
            self._keep({paper_id: (changed[paper_id], stored) for paper_id, stored in read.items()})
            found |= read
        return found

    def _keep(self, read: dict[str, tuple[tuple[Any, ...], StoredPaper]]) -> None:
        with self._lock:
            self._papers |= read
            while len(self._papers) > KEPT:
                self._papers.popitem(last=False)
