"""Opening the library's database: SQLite or PostgreSQL, brought to the current schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from threading import local
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from seme.errors import InputError, SemeError

_WRITE = "seme_write"
_MIGRATION_LOCK = 0x5E3E  # any constants: they name the advisory locks of migrations and of writers
_WRITER_LOCK = 0x5E3F


def open_engine(url: str) -> Engine:
    """Connect to the database and bring its schema up to date.

    SQLite runs in WAL mode with full synchronisation: readers never wait for the writer, and a committed
    transaction survives the loss of power.

    Parameters
    ----------
    url
        An SQLAlchemy address: `sqlite:///path` or `postgresql+psycopg://...`.

    Raises
    ------
    InputError
        If the address cannot be understood or its driver is missing.
    SemeError
        If the database cannot be reached, or was written by a newer Seme.
    """
    try:
        parsed = make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        if sqlite and parsed.database:
            Path(parsed.database).absolute().parent.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {"connect_args": {"timeout": 30}} if sqlite else {"pool_pre_ping": True}
        engine = create_engine(parsed, **options)
    except (ArgumentError, ModuleNotFoundError) as error:
        hint = "For PostgreSQL: pip install 'seme[server]' and postgresql+psycopg://user:password@host/database"
        raise InputError(f"the database address cannot be used: {error}", hint=hint) from error
    if sqlite:
        _tune_sqlite(engine)
    _migrate(engine)
    return engine


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not open transactions by itself; `begin` below does
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 30000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that starts as a reader can lose its turn half-way (SQLITE_BUSY_SNAPSHOT); one that asks first waits.
        writes = connection.get_execution_options().get(_WRITE, False)
        # Said to the driver itself: a page reads seven times, and the way through SQLAlchemy takes as long as a read.
        connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")


class _Held(local):
    """The connection of the snapshot that a thread is in, by engine."""

    def __init__(self) -> None:
        self.connections: dict[Engine, Connection] = {}


_held = _Held()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that reads, or go on in the snapshot that this thread is in."""
    held = _held.connections.get(engine)
    if held is not None:
        yield held
        return
    with engine.connect() as connection:
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[None]:
    """Let all that this thread reads in the block be of one moment, through one connection.

    Opening and closing a connection takes as long as most of what a page reads. Within the block, the thread sees
    nothing of what it writes. A library in memory has one connection only, and no snapshots.
    """
    if engine in _held.connections or engine.url.database in (None, "", ":memory:"):
        yield
        return
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        _held.connections[engine] = connection
        try:
            yield
        finally:
            del _held.connections[engine]


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that will write; it commits at the end or leaves nothing behind.

    Writers take turns, on PostgreSQL as on SQLite: what one reads before it writes stays true until it is done.
    """
    with engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _WRITER_LOCK})
        yield connection


def _migrate(engine: Engine) -> None:
    config = Config()
    with as_file(files("seme.papers.library") / "migrations") as folder:
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        head = ScriptDirectory.from_config(config).get_current_head()
        try:
            with engine.connect() as connection:
                current = MigrationContext.configure(connection).get_current_revision()
            if current == head:
                return
            with _alone(engine), engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except (OperationalError, DatabaseError) as error:
            raise SemeError(
                f"the library's database cannot be opened: {error.orig}",
                hint="Check that the server runs, or that the file is not damaged: seme doctor",
            ) from error
        except Exception as error:
            if "Can't locate revision" not in str(error):
                raise
            raise SemeError(
                "the library was written by a newer version of Seme", hint="Upgrade: pip install -U seme"
            ) from error


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Let one process migrate at a time."""
    if engine.dialect.name == "sqlite":
        path = engine.url.database
        if not path or path == ":memory:":
            yield
            return
        with FileLock(f"{path}.migrate"):
            yield
        return
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:name)"), {"name": _MIGRATION_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:name)"), {"name": _MIGRATION_LOCK})
