"""People, and how they prove that an e-mail address is theirs. There are no passwords."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from seme.errors import InputError, NotFoundError
from seme.papers.library import schema
from seme.papers.library.database import reading, writing

LINK_LIFETIME = dt.timedelta(minutes=30)
_PERSON = schema.person
_ATOM = r"[^@\s<>\"(),.:;\\\[\]\x00-\x1f\x7f]+"
_LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
"""Local part and domain of RFC 5321 without quoting, with letters of all scripts (RFC 6531)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who votes, saves and subscribes. The local person of a single-user service has no address."""

    key: int
    id: str
    email: str | None
    confirmed_at: dt.datetime | None


def clean_email(text: str) -> str:
    """Return an address in the form that is stored.

    Raises
    ------
    InputError
        If it is not a plausible address (one `@`, a domain with a dot, no control characters).
    """
    address = text.strip().lower()
    if len(address) > 320 or not _ADDRESS.fullmatch(address):
        raise InputError(f"{text[:80]!r} is not an e-mail address", hint="It looks like name@example.org")
    return address


class People:
    """The people of a library."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._local: Person | None = None

    def local(self) -> Person:
        """Return the one person of a service without sign-in, who never changes."""
        if self._local is None:
            with reading(self._engine) as connection:
                row = connection.execute(select(_PERSON).where(_PERSON.c.id == "local")).first()
            self._local = _person(row) if row is not None else self._add_local()
        return self._local

    def _add_local(self) -> Person:
        with writing(self._engine) as connection:
            return _find_or_add(connection, id="local")

    def get(self, person_id: str) -> Person:
        """Return a person by id.

        Raises
        ------
        NotFoundError
            If nobody has that id.
        """
        with reading(self._engine) as connection:
            row = connection.execute(select(_PERSON).where(_PERSON.c.id == person_id)).first()
        if row is None:
            raise NotFoundError(f"nobody has the id {person_id!r}")
        return _person(row)

    def by_email(self, email: str) -> Person:
        """Return the person of an address, made if there was none yet (unconfirmed)."""
        with writing(self._engine) as connection:
            return _find_or_add(connection, email=clean_email(email))

    def start_sign_in(self, email: str, *, now: dt.datetime | None = None) -> str:
        """Return a one-use token for a link to be mailed; only its hash is kept."""
        moment = now or dt.datetime.now(dt.UTC)
        token = secrets.token_urlsafe(32)
        table = schema.sign_in
        with writing(self._engine) as connection:
            person = _find_or_add(connection, email=clean_email(email))
            connection.execute(delete(table).where(table.c.expires_at < moment))
            row = {"token_hash": _hash(token), "person_key": person.key, "expires_at": moment + LINK_LIFETIME}
            connection.execute(insert(table).values(row))
        return token

    def finish_sign_in(self, token: str, *, now: dt.datetime | None = None) -> Person:
        """Return the person that a mailed token was for, and spend the token.

        Raises
        ------
        InputError
            If the token is unknown, used or too old.
        """
        moment = now or dt.datetime.now(dt.UTC)
        table = schema.sign_in
        with writing(self._engine) as connection:
            spent = connection.execute(delete(table).where(table.c.token_hash == _hash(token)).returning(table)).first()
            if spent is None or spent.expires_at < moment:
                raise InputError("this sign-in link was used or is too old", hint="Ask for a new one")
            confirm(connection, spent.person_key, moment)
            return _person(connection.execute(select(_PERSON).where(_PERSON.c.key == spent.person_key)).one())

    def forget(self, person_id: str) -> None:
        """Delete a person with all that is theirs; vote and comment counts follow."""
        with writing(self._engine) as connection:
            row = connection.execute(select(_PERSON.c.key).where(_PERSON.c.id == person_id)).first()
            if row is None:
                raise NotFoundError(f"nobody has the id {person_id!r}")
            for table, column in ((schema.vote, "vote_count"), (schema.comment, "comment_count")):
                _uncount(connection, table, column, row.key)
            connection.execute(delete(_PERSON).where(_PERSON.c.key == row.key))


def confirm(connection: Connection, person_key: int, now: dt.datetime) -> None:
    """Note that somebody received mail at their address."""
    where = (_PERSON.c.key == person_key, _PERSON.c.confirmed_at.is_(None))
    connection.execute(update(_PERSON).where(*where).values(confirmed_at=now))


def _uncount(connection: Connection, table: Any, column: str, person_key: int) -> None:
    paper = schema.paper
    keys = connection.execute(select(table.c.paper_key).where(table.c.person_key == person_key)).scalars().all()
    for key in keys:
        connection.execute(update(paper).where(paper.c.key == key).values({column: paper.c[column] - 1}))


def _find_or_add(connection: Connection, *, id: str = "", email: str | None = None) -> Person:  # noqa: A002
    condition = _PERSON.c.email == email if email else _PERSON.c.id == id
    row = connection.execute(select(_PERSON).where(condition)).first()
    if row is None:
        values = {"id": id or secrets.token_hex(16), "email": email, "created_at": dt.datetime.now(dt.UTC)}
        row = connection.execute(insert(_PERSON).values(values).returning(_PERSON)).one()
    return _person(row)


def _person(row: Row[Any]) -> Person:
    return Person(row.key, row.id, row.email, row.confirmed_at)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
