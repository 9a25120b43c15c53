"""Databases to test: every test that takes `database` runs on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.db.database import Database
from app.db.migrate import migrate

BACKENDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.part("postgres"))]


@pytest.fixture(params=BACKENDS)
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Each call gives the URL of a new, empty database of the kind under test."""
    if request.param == "postgres":
        make: Callable[[], str] = request.getfixturevalue("postgres_url")
        return make
    numbers = iter(range(100))
    return lambda: f"sqlite:///{tmp_path / f'{next(numbers)}.db'}"


@pytest.fixture
def empty(fresh_url: Callable[[], str]) -> Iterator[Database]:
    """A database without tables."""
    made = Database(fresh_url())
    yield made
    made.close()


@pytest.fixture
def database(empty: Database) -> Database:
    """A migrated database without rows."""
    migrate(empty)
    return empty
