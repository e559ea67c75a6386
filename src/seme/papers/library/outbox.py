"""The log of mail: written before anything is sent, so that no crash makes anybody get a mail twice.

A delivery is `queued` (its papers are fixed and will never be sent to that person again), then `sending`, then
`sent` or `failed`. One that is found `sending` when nobody is sending was interrupted between the two: whether the
server took it cannot be known, so it becomes `uncertain` and is not sent again unless a person asks for that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, insert, select, update

from seme.papers.library import schema
from seme.papers.library.database import writing
from seme.papers.library.subscriptions import Subscription

MOST_ATTEMPTS = 5
_TABLE = schema.delivery
_PAPERS = schema.delivery_paper


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail to one person: the ids of its papers, in their order."""

    key: int
    subscription_id: str
    period: str
    state: str
    message_id: str
    attempts: int
    error: str
    paper_ids: tuple[str, ...]


class Outbox:
    """The deliveries of a library."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def queue(
        self, subscription: Subscription, period: str, paper_ids: Sequence[str], message_id: str, *, limit: int = 100
    ) -> Delivery | None:
        """Fix what a mail will contain: the first `limit` of the papers that this person was never sent.

        Returns `None` if nothing is left, or if there is a mail for that subscription and period already.
        """
        now = dt.datetime.now(dt.UTC)
        with writing(self._engine) as connection:
            where = (_TABLE.c.subscription_key == subscription.key, _TABLE.c.period == period)
            if connection.execute(select(_TABLE.c.key).where(*where)).first() is not None:
                return None
            person = select(schema.subscription.c.person_key).where(schema.subscription.c.key == subscription.key)
            person_key = int(connection.execute(person).scalar_one())
            fresh = _unsent(connection, person_key, paper_ids)[:limit]
            if not fresh:
                return None
            row = {
                "subscription_key": subscription.key,
                "period": period,
                "state": "queued",
                "message_id": message_id,
                "attempts": 0,
                "error": "",
                "queued_at": now,
                "changed_at": now,
            }
            key = connection.execute(insert(_TABLE).values(row).returning(_TABLE.c.key)).scalar_one()
            rows = [
                {"person_key": person_key, "paper_key": paper_key, "delivery_key": key, "position": position}
                for position, paper_key in enumerate(fresh)
            ]
            connection.execute(insert(_PAPERS), rows)
            return _read(connection, key)

    def waiting(self) -> list[Delivery]:
        """Return the mails to be sent: queued ones, and failed ones that have attempts left."""
        retry = (_TABLE.c.state == "failed") & (_TABLE.c.attempts < MOST_ATTEMPTS)
        with self._engine.connect() as connection:
            keys = connection.execute(
                select(_TABLE.c.key).where((_TABLE.c.state == "queued") | retry).order_by(_TABLE.c.key)
            )
            return [_read(connection, key) for key in keys.scalars().all()]

    def start(self, delivery: Delivery) -> bool:
        """Claim a mail before it is handed to the server; `False` if another run has it."""
        values = {"state": "sending", "attempts": _TABLE.c.attempts + 1, "changed_at": dt.datetime.now(dt.UTC)}
        where = (_TABLE.c.key == delivery.key, _TABLE.c.state.in_(("queued", "failed")))
        with writing(self._engine) as connection:
            return connection.execute(update(_TABLE).where(*where).values(values)).rowcount == 1

    def finish(self, delivery: Delivery, *, error: str = "") -> None:
        """Note that the server took the mail, or why it did not."""
        values = {"state": "failed" if error else "sent", "error": error[:1000], "changed_at": dt.datetime.now(dt.UTC)}
        with writing(self._engine) as connection:
            connection.execute(update(_TABLE).where(_TABLE.c.key == delivery.key).values(values))

    def mark_interrupted(self) -> int:
        """Turn mails that are `sending` into `uncertain`; call it only where no other run can be sending."""
        values = {"state": "uncertain", "changed_at": dt.datetime.now(dt.UTC)}
        with writing(self._engine) as connection:
            return connection.execute(update(_TABLE).where(_TABLE.c.state == "sending").values(values)).rowcount

    def requeue_uncertain(self) -> int:
        """Queue uncertain mails again, at the risk that somebody gets one twice; return how many."""
        values = {"state": "queued", "changed_at": dt.datetime.now(dt.UTC)}
        with writing(self._engine) as connection:
            return connection.execute(update(_TABLE).where(_TABLE.c.state == "uncertain").values(values)).rowcount

    def counts(self) -> dict[str, int]:
        """Return how many mails are in each state."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(_TABLE.c.state, func.count()).group_by(_TABLE.c.state))
            return {row[0]: int(row[1]) for row in rows}


def _unsent(connection: Connection, person_key: int, paper_ids: Sequence[str]) -> list[int]:
    paper = schema.paper
    rows = connection.execute(select(paper.c.id, paper.c.key).where(paper.c.id.in_(list(paper_ids)))).all()
    keys = {row.id: int(row.key) for row in rows}
    sent = select(_PAPERS.c.paper_key).where(_PAPERS.c.person_key == person_key, _PAPERS.c.paper_key.in_(keys.values()))
    gone = set(connection.execute(sent).scalars())
    return [keys[i] for i in dict.fromkeys(paper_ids) if i in keys and keys[i] not in gone]


def _read(connection: Connection, key: int) -> Delivery:
    join = select(_TABLE, schema.subscription.c.id.label("subscription_id")).join(
        schema.subscription, schema.subscription.c.key == _TABLE.c.subscription_key
    )
    row = connection.execute(join.where(_TABLE.c.key == key)).one()
    papers = (
        select(schema.paper.c.id)
        .join(_PAPERS, _PAPERS.c.paper_key == schema.paper.c.key)
        .where(_PAPERS.c.delivery_key == key)
        .order_by(_PAPERS.c.position)
    )
    ids = tuple(connection.execute(papers).scalars())
    return Delivery(key, row.subscription_id, row.period, row.state, row.message_id, row.attempts, row.error, ids)
