"""Servers with tokens in them. `site` is shared by all reading tests; a test that changes something makes its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.bootstrap import World
from tests.parts import Postgres
from tests.worlds import RunningServer, Town, born, burned, evolved, found, open_world, released, running_server

BACKENDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.part("postgres"))]


@dataclass(frozen=True, slots=True)
class Site:
    """A running server, its world, and two towns: one with tokens in every state of life, one without any.

    In `town` (supply 6): 0 and 1 are live, 2 has three snapshots, 3 is born but sealed, 4 is burned, 5 is not born.
    """

    server: RunningServer
    world: World
    town: Town
    quiet: Town


@pytest.fixture
def new_database(request: pytest.FixtureRequest) -> Callable[[str], str | None]:
    """URL of a fresh database of a kind; None stands for SQLite in the world's own folder."""

    def make(backend: str) -> str | None:
        if backend == "sqlite":
            return None
        cluster: Postgres = request.getfixturevalue("postgres")
        return cluster.url()

    return make


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Both databases, for what must hold on both."""
    kind: str = request.param
    return kind


@pytest.fixture
def world(tmp_path: Path, backend: str, new_database: Callable[[str], str | None]) -> Iterator[World]:
    """An empty world on either database."""
    made = open_world(tmp_path, new_database(backend))
    yield made
    made.database.close()


@pytest.fixture(scope="session", params=BACKENDS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Shared by the reading tests, on either database."""
    url = None
    if request.param == "postgres":
        cluster: Postgres = request.getfixturevalue("postgres")
        url = cluster.url()
    world = open_world(tmp_path_factory.mktemp("site"), url)
    town = found(world, supply=6)
    quiet = found(world, name="quiet-town", supply=3, chain_id=8453, contract="0x" + "0c" * 20)
    fill(world, town)
    with running_server(world) as running:
        yield Site(running, world, town, quiet)
    world.database.close()


def fill(world: World, town: Town) -> None:
    """The states of life that `Site` describes."""
    released(world, town, 3)
    born(world, town, 1, first=3)
    released(world, town, 1, first=4)
    evolved(world, town, 2)
    evolved(world, town, 2)
    burned(world, town, 4)
