"""Bring a database to the newest schema. Safe to run from several processes at once."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import app.db.tables  # noqa: F401  registers every table on the metadata
from app.db.database import Database, available

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x646E6674  # "dnft": key of the advisory lock that keeps two migrations apart on PostgreSQL


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Revision this code needs."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head() or ""


def current(database: Database) -> str:
    """Revision the database is at; empty before the first migration."""
    with available(), database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def migrate(database: Database) -> None:
    """Upgrade to the newest revision in one transaction; nothing happens when it is there already."""
    if current(database) == newest():
        return
    with available(), database.engine.connect() as plain:
        connection = plain.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection.begin():
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            command.upgrade(_config(connection), "head")


def differences(database: Database) -> list[str]:
    """What the tables in code have that the migrations do not, or the reverse. Empty when they agree."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(context, SQLModel.metadata)]


def generate(database: Database, message: str) -> None:
    """Write the next migration from the differences (for developers)."""
    with database.engine.connect() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=f"{len(list(_revisions())) + 1:04d}")


def _revisions() -> list[Path]:
    return sorted((_MIGRATIONS / "versions").glob("[0-9]*.py"))
