"""Rigs: the service on a chain in memory, on SQLite, and on both databases where that could differ."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services.rig import Rig, make_rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = make_rig(tmp_path)
    yield made
    made.world.database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.part("postgres"))])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A rig on either database."""
    url: Callable[[], str] | None = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    made = make_rig(tmp_path, url() if url else None)
    yield made
    made.world.database.close()
