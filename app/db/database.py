"""The database: an engine set up right for SQLite and PostgreSQL, and the unit of work.

    with database.write() as unit:      # one transaction; committed at the end, rolled back on any error
        unit.tokens.…

A unit is opened at the edge (a request, a workflow step), never inside a repository. Work that leaves the process
happens between units.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from app.db.repositories import Unit
from app.errors import ConfigurationError, DatabaseUnavailable

BUSY_TIMEOUT_MS = 15_000


class Database:
    """One engine and its pool. Safe to share between threads; not across a fork."""

    def __init__(self, url: str) -> None:
        self.url: URL = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if self.url.database in (None, "", ":memory:"):
                raise ConfigurationError(["The database must be a file or a server, so that processes can share it."])
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(self.url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
            _prepare_sqlite(self.engine)
        else:
            self.engine = create_engine(
                self.url, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args={"connect_timeout": 5}
            )

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)})"

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """A unit that only looks. On SQLite it never waits for a writer."""
        with self._unit("BEGIN") as unit:
            yield unit

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """A unit that changes rows. On SQLite it takes the write lock at once, so it cannot fail half-way for it."""
        with self._unit("BEGIN IMMEDIATE") as unit:
            yield unit

    @contextmanager
    def write_soon(self) -> Iterator[Unit]:
        """A unit that changes rows and does not wait for the disk: what it commits survives the death of any process,
        and is on the disk with the next `write` at the latest. For what is written many times a second."""
        with self._unit("BEGIN IMMEDIATE", soon=True) as unit:
            yield unit

    @contextmanager
    def _unit(self, begin: str, *, soon: bool = False) -> Iterator[Unit]:
        with available(), self.engine.connect() as connection:
            connection = connection.execution_options(sqlite_begin=begin, sqlite_sync="NORMAL" if soon else "FULL")
            with Session(bind=connection, expire_on_commit=False, autoflush=False) as session:
                session.connection()  # begins now, not with the first statement
                if soon and not self.is_sqlite:
                    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                yield Unit(session)
                session.commit()

    def scrub(self) -> None:
        """Overwrite what files still hold of deleted rows, as far as the database can: after an erasure."""
        with available(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                connection.exec_driver_sql("VACUUM data_key, memory, summary, conversation, message, message_piece")

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def available() -> Iterator[None]:
    """What a database raises when it is away becomes DatabaseUnavailable; what is wrong with a statement stays."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        if isinstance(error, DBAPIError) and not _is_down(error):
            raise
        raise DatabaseUnavailable(
            "The database does not answer.", hint="Check that it is running; the call may be repeated."
        ) from error


_SQLITE_DOWN = frozenset({"SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY"})
_POSTGRES_DOWN = ("08", "40", "53", "57")
"""Classes of SQLSTATE: connection, rolled back for another (deadlock), insufficient resources, operator's hand."""


def _is_down(error: DBAPIError) -> bool:
    """Whether the database is away, locked or full, rather than the statement wrong."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return name in _SQLITE_DOWN or name.partition("_IOERR")[1] != ""
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state[:2] in _POSTGRES_DOWN


def _prepare_sqlite(engine: Engine) -> None:
    """WAL with full sync, foreign keys, deleted rows overwritten, and BEGIN under our control: the driver's own would
    take locks late."""

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
        for pragma in (*pragmas, f"busy_timeout={BUSY_TIMEOUT_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        options = connection.get_execution_options()
        sync = options.get("sqlite_sync", "FULL")
        if connection.info.get("sync", "FULL") != sync:
            connection.exec_driver_sql(f"PRAGMA synchronous={sync}")
            connection.info["sync"] = sync
        connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN"))
