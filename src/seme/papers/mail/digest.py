"""Sending what people subscribed to: each paper once, each mail at most once."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace

from filelock import FileLock, Timeout

from seme.errors import MailError, SemeError
from seme.papers.library import Delivery, Library, Subscription
from seme.papers.library.subscriptions import Kind
from seme.papers.mail.messages import digest, sender
from seme.papers.mail.transport import Transport
from seme.papers.query import Query, Sort
from seme.papers.reader import Reader
from seme.settings import Settings

_DAYS = {"daily": 2, "weekly": 7}
_DEPTH = 200
"""Papers looked at for a mail: those that a person was sent already are left out of them."""


@dataclass(frozen=True, slots=True)
class DigestResult:
    """What a run did; `uncertain` mails were interrupted on their way, and are not sent again by themselves."""

    queued: int
    sent: int
    failed: int
    uncertain: int


def run_digest(
    library: Library,
    reader: Reader,
    settings: Settings,
    kind: Kind,
    *,
    now: dt.datetime | None = None,
    limit: int = 20,
) -> DigestResult:
    """Queue and send the mails of one kind for the period of `now`; a second run sends nothing twice.

    Raises
    ------
    SemeError
        If another run is under way.
    MailError
        If the server cannot be reached; what was queued is sent by the next run.
    """
    moment = now or dt.datetime.now(dt.UTC)
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.home / "digest.lock", timeout=0):
            uncertain = library.outbox.mark_interrupted()
            queued = sum(
                _queue(library, reader, settings, one, moment, limit) for one in library.subscriptions.active(kind)
            )
            sent, failed = _send_waiting(library, settings)
    except Timeout as error:
        raise SemeError("another digest run is under way", hint="Wait for it to end") from error
    return DigestResult(queued, sent, failed, uncertain)


def _queue(
    library: Library, reader: Reader, settings: Settings, subscription: Subscription, now: dt.datetime, limit: int
) -> bool:
    chosen = _chosen(reader, subscription, now)
    period = _period(subscription, now)
    seed = f"{subscription.id} {period}"
    message_id = f"<{hashlib.sha256(seed.encode()).hexdigest()[:32]}@{sender(settings).domain}>"
    return library.outbox.queue(subscription, period, chosen, message_id, limit=limit) is not None


def _chosen(reader: Reader, subscription: Subscription, now: dt.datetime) -> list[str]:
    if subscription.kind != "search":
        since = now.date() - dt.timedelta(days=_DAYS[subscription.kind] - 1)
        query = Query(since=since, until=now.date(), sort=Sort.TRENDING)
        return [entry.stored.paper.id for entry in reader.list(query, limit=_DEPTH, now=now)]
    query = replace(subscription.query, sort=None)
    found = reader.list(query, limit=_DEPTH, now=now)
    start = subscription.confirmed_at or now
    return [entry.stored.paper.id for entry in found if entry.stored.added_at > start]


def _period(subscription: Subscription, now: dt.datetime) -> str:
    if subscription.kind == "weekly":
        year, week, _ = now.isocalendar()
        return f"{year}-W{week:02d}"
    return now.date().isoformat()


def _send_waiting(library: Library, settings: Settings) -> tuple[int, int]:
    waiting = library.outbox.waiting()
    if not waiting:
        return 0, 0
    sent = failed = 0
    with Transport(settings) as transport:
        for delivery in waiting:
            if not library.outbox.start(delivery):
                continue
            error = _send(library, settings, transport, delivery)
            library.outbox.finish(delivery, error=error)
            sent, failed = sent + (not error), failed + bool(error)
    return sent, failed


def _send(library: Library, settings: Settings, transport: Transport, delivery: Delivery) -> str:
    subscription = library.subscriptions.get(delivery.subscription_id)
    if subscription.state != "active":
        return "the subscription was stopped"
    papers = library.papers.get_many(delivery.paper_ids)
    try:
        transport.send(digest(settings, subscription, papers, message_id=delivery.message_id))
    except MailError as error:
        return str(error)
    return ""
