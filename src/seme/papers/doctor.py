"""What is wrong with an installation, and the command that mends it."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from seme.assets.minilm import MODEL, TOKENIZER, minilm_files
from seme.errors import AssetError, SemeError
from seme.papers.harvesting import harvest_command
from seme.papers.indexing import index_state, refresh_index
from seme.papers.library import Library
from seme.retrieval import BM25Index, DenseIndex
from seme.settings import Settings

STALE_HOURS = 36
"""A feed is stale after this: arXiv announces on five days a week, so that a day without news is no failure."""

LITTLE_DISK = 1 << 30
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check: what was found and, unless it is well, how to mend it."""

    check: str
    level: Literal["ok", "warn", "error"]
    message: str
    mend: str = ""


def examine(settings: Settings, *, repair: bool = False, now: dt.datetime | None = None) -> list[Finding]:
    """Check everything that the service depends on.

    Parameters
    ----------
    settings
        The installation's settings.
    repair
        Bring the index up to date first; a damaged one is built anew.
    now
        The moment that ages are counted from.
    """
    moment = now or dt.datetime.now(dt.UTC)
    findings = [*_disk(settings), *_encoder(settings), *_secrets(settings), *_mail(settings)]
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        library = Library(settings.database_url)
    except (SemeError, OSError) as error:
        mend = getattr(error, "hint", "") or "Check SEME_HOME and SEME_DATABASE"
        return [Finding("library", "error", str(error), mend), *findings]
    with library:
        opened = Finding("library", "ok", f"{library.papers.count()} papers, schema up to date")
        return [
            opened,
            *_feed(library, moment),
            *_index(library, settings, repair=repair),
            *_deliveries(library),
            *findings,
        ]


def _feed(library: Library, now: dt.datetime) -> Iterator[Finding]:
    daily = harvest_command("arxiv", {"categories": ["cs.CL"], "days": 2})
    done = [one for one in library.harvests.last(state="done", limit=20) if one.source != "catalogue"]
    if not done:
        yield Finding("feed", "warn", "nothing was harvested yet", daily)
    else:
        hours = (now - done[0].changed_at).total_seconds() / 3600
        text = f"the last harvest ({done[0].source}) ended {hours:.0f} h ago"
        stale = hours > STALE_HOURS
        yield Finding("feed", "warn" if stale else "ok", text, daily if stale else "")
    for last in library.harvests.last():
        mend = f"Run it again, it goes on where it stopped: {harvest_command(last.source, last.scope)}"
        if last.state == "failed":
            yield Finding("harvest", "error", f"the last harvest of {last.source} failed: {last.error}", mend)
        elif last.state == "running" and now - last.changed_at > dt.timedelta(hours=1):
            yield Finding("harvest", "warn", f"a harvest of {last.source} was interrupted", mend)


def _index(library: Library, settings: Settings, *, repair: bool) -> Iterator[Finding]:
    problem = _index_problem(library, settings)
    if problem is not None and repair:
        try:
            rebuild = problem.level == "error"
            done = refresh_index(library, settings, rebuild=rebuild)
        except SemeError as error:
            yield Finding("index", "error", f"{problem.message}, and the repair failed: {error}", error.hint)
            return
        what = "built anew" if rebuild else "brought up to date"
        yield Finding("index", "ok", f"{problem.message}; it was {what}: {done.total} papers")
        return
    if problem is not None:
        yield problem
        return
    yield Finding("index", "ok", f"{index_state(library, settings).papers} papers, up to date")


def _index_problem(library: Library, settings: Settings) -> Finding | None:
    folder = settings.index_path
    if not (folder / "position.json").is_file():
        return Finding("index", "error", "there is no search index", "seme index")
    try:
        lexical, dense = BM25Index.open(folder / "lexical"), DenseIndex.open(folder / "dense")
    except SemeError as error:
        return Finding("index", "error", f"the search index is damaged: {error}", "seme doctor --repair")
    if len(lexical) != len(dense):
        text = f"the index knows {len(lexical)} papers by words and {len(dense)} by meaning"
        return Finding("index", "error", text, "seme doctor --repair")
    state = index_state(library, settings)
    if state.behind:
        return Finding("index", "warn", f"the index is {state.behind} changes behind the library", "seme index")
    if state.papers != library.papers.count():
        text = f"the index has {state.papers} papers, the library {library.papers.count()}"
        return Finding("index", "error", text, "seme doctor --repair")
    return None


def _deliveries(library: Library) -> Iterator[Finding]:
    counts = library.outbox.counts()
    mends = {
        "failed": "Mend the mail settings, then run: seme digest daily",
        "uncertain": "They were interrupted while being sent; the mail server's log tells whether it took them",
    }
    for state, mend in mends.items():
        if counts.get(state):
            yield Finding("deliveries", "warn", f"{counts[state]} mails are {state}", mend)
    if not any(counts.get(state) for state in mends):
        yield Finding("deliveries", "ok", f"{counts.get('sent', 0)} mails sent, none failed")


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    text = f"{free / (1 << 30):.1f} GiB free at {folder}"
    little = free < LITTLE_DISK
    yield Finding("disk", "warn" if little else "ok", text, "Free some space" if little else "")


def _encoder(settings: Settings) -> Iterator[Finding]:
    try:
        files = minilm_files(settings.encoder_path, cache=_downloaded(settings))
    except AssetError as error:
        yield Finding("encoder", "error", str(error), error.hint)
        return
    yield Finding("encoder", "ok", f"{files.name}, checksums right ({files.model.parent})")


def _downloaded(settings: Settings) -> Path | None:
    """Return the folder of downloaded files if they are there: a check must not download."""
    folder = settings.home / "models"
    return folder if all((folder / name).is_file() for name in (MODEL, TOKENIZER)) else None


def _secrets(settings: Settings) -> Iterator[Finding]:
    path = settings.home / "secret"
    if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding("secret", "error", f"{path} can be read by others", f"chmod 600 {path}")
    elif path.is_file() or settings.secret.get_secret_value():
        yield Finding("secret", "ok", "the key of cookies and links is private")
    if settings.sign_in == "off" and settings.host not in _LOOPBACK:
        yield Finding(
            "sign-in",
            "error",
            f"everybody who reaches {settings.host} acts as the one local person",
            "SEME_SIGN_IN=mail, or SEME_HOST=127.0.0.1",
        )


def _mail(settings: Settings) -> Iterator[Finding]:
    address = settings.smtp.get_secret_value()
    if not address:
        yield Finding(
            "mail",
            "warn",
            "no mail server is set: digests and alerts are not sent",
            "SEME_SMTP=smtp://user:password@host:587",
        )
        return
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        yield Finding(
            "mail",
            "error",
            "SEME_SMTP is not an address of a mail server",
            "It looks like smtp://user:password@host:587, smtps:// or smtp+plain://",
        )
        return
    try:
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.settimeout(5)
            greeting = b"220" if parts.scheme == "smtps" else connection.recv(3)
    except OSError as error:
        yield Finding("mail", "error", f"the mail server {host}:{port} cannot be reached: {error}", "Check SEME_SMTP")
        return
    well = greeting == b"220"
    text = f"the mail server {host}:{port} " + ("answers" if well else f"does not greet as one ({greeting!r})")
    yield Finding("mail", "ok" if well else "error", text, "" if well else "Check SEME_SMTP")
