"""`seme digest`."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from seme.cli.opening import opened_library, ready_to_search
from seme.cli.output import AsJson, emit, say
from seme.papers.mail.digest import run_digest
from seme.papers.reader import Reader


def run(
    kind: Annotated[Literal["daily", "weekly", "search"], typer.Argument(help="Which mails to send")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="Most papers in a mail")] = 20,
    as_json: AsJson = False,
) -> None:
    """Send the digest of trending papers, or the alerts of saved searches; run again, nobody gets a mail twice."""
    with opened_library() as (library, settings):
        ready_to_search(library, settings)
        reader = Reader(library, settings)
        done = run_digest(library, reader, settings, kind, now=dt.datetime.now(dt.UTC), limit=limit)
        reader.close()
    if as_json:
        emit(asdict(done))
    else:
        say(f"{kind}: {done.queued} queued, {done.sent} sent, {done.failed} failed, {done.uncertain} uncertain")
