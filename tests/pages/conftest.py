"""Houses to visit: servers with agents in them, shared by tests that only look."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.bootstrap import World
from tests.worlds import (
    RunningServer,
    Town,
    born,
    burned,
    evolved,
    found,
    open_world,
    released,
    running_server,
    seed_tokens,
)

OWNER = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
BROWSER = "text/html,application/xhtml+xml"


@dataclass(frozen=True, slots=True)
class House:
    """In `town` (supply 40): 0 to 2 are live, 0 is owned, 1 has two snapshots, 3 is burned, 4 is born but sealed."""

    server: RunningServer
    world: World
    town: Town

    def path(self, token_id: int | str | None = None) -> str:
        """Path of the page of an agent, or of the collection's gallery."""
        return "/agents" + self.town.path(token_id)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    world = open_world(tmp_path_factory.mktemp("house"))
    town = found(world, supply=40)
    released(world, town, 4)
    born(world, town, 1, first=4)
    own(world, town, 0, OWNER)
    evolved(world, town, 1)
    burned(world, town, 3)
    with running_server(world) as server:
        yield House(server, world, town)
    world.database.close()


@pytest.fixture(scope="session")
def palace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A collection of 60 agents who share one face."""
    world = open_world(tmp_path_factory.mktemp("palace"))
    town = found(world, supply=60)
    seed_tokens(world, town, 60)
    with running_server(world) as server:
        yield House(server, world, town)
    world.database.close()


def own(world: World, town: Town, token_id: int, owner: str) -> None:
    """What following the chain does when a token gets an owner."""
    with world.database.write() as unit:
        unit.tokens.own(town.project_id, town.id, token_id, owner, burned=False)
        unit.works.publish(town.id, [token_id], int(world.clock.now().timestamp()))
