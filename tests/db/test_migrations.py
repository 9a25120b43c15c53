"""Migrations: they make what the tables in code say, once, however many start them at once, and go down again."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from alembic import command
from sqlalchemy import inspect
from sqlmodel import SQLModel

from app.db import migrate as migrations
from app.db.database import Database
from app.db.migrate import current, differences, migrate, newest

ROOT = Path(__file__).parents[2]


def table_names(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_migrate_empty_database_has_all_tables_and_no_differences(empty: Database) -> None:
    assert current(empty) == ""
    migrate(empty)
    assert current(empty) == newest() != ""
    assert table_names(empty) == set(SQLModel.metadata.tables)
    assert differences(empty) == []


def test_differences_column_that_is_missing_is_named(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE work DROP COLUMN note")
        connection.exec_driver_sql("ALTER TABLE work ADD COLUMN surplus INTEGER")
    found = " ".join(differences(database))
    assert "note" in found
    assert "surplus" in found


def test_migrate_again_keeps_what_is_there(database: Database) -> None:
    with database.write() as unit:
        project = unit.collections.project("kept", 1)
    migrate(database)
    with database.read() as unit:
        assert [each.id for each in unit.collections.projects()] == [project.id]


def test_migrate_down_to_nothing_and_up_again_works(database: Database) -> None:
    with database.engine.connect() as plain:
        connection = plain.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection.begin():
            command.downgrade(migrations._config(connection), "base")
    assert table_names(database) == set()
    assert current(database) == ""
    migrate(database)
    assert differences(database) == []
    with database.write() as unit:
        assert unit.works.publish(1, [None], 1) == 1


def test_migrate_from_several_processes_at_once_all_succeed(fresh_url: Callable[[], str]) -> None:
    url = fresh_url()
    program = (
        "import sys; from app.db.database import Database; from app.db.migrate import migrate;"
        "database = Database(sys.argv[1]); print('ready', flush=True); sys.stdin.readline(); migrate(database)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    database = Database(url)
    assert differences(database) == []
    with database.write() as unit:
        assert unit.works.publish(1, [None], 1) == 1
    database.close()
