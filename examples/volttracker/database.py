"""The door to the database: SQLite in a file, or PostgreSQL when `DATABASE_URL` says so."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from examples.volttracker.models import Base
from wide_events import StructuredError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_SCHEMA_LOCK = 7_020_426
_WRITES = "volttracker_writes"


class Database:
    """An engine with two ways in: `reading()` and `writing()`, each one transaction and one session."""

    def __init__(self, url: str) -> None:
        self.engine = _open(url)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    def create_tables(self) -> None:
        """Make what is missing; safe when several processes start at the same moment."""
        with self.engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            if self.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
            Base.metadata.create_all(connection)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session to look things up with; nothing in it is kept."""
        with _failures_named(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back when the block raises."""
        with (
            _failures_named(),
            self.engine.connect().execution_options(**{_WRITES: True}) as connection,
            Session(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


@contextmanager
def _failures_named() -> Iterator[None]:
    """Give the database's own failures a code: E205 when transactions are in each other's way, else E201."""
    try:
        yield
    except OperationalError as error:
        blocked = any(word in str(error.orig).lower() for word in ("locked", "deadlock"))
        raise StructuredError("E205" if blocked else "E201", cause=error) from error


def _open(address: str) -> Engine:
    url = make_url(address)
    if url.drivername in {"postgres", "postgresql"}:
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 10})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Readers beside one writer, foreign keys, and transactions that begin where `_begin_sqlite` says."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a reader that turns writer half-way would be refused, not queued."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
