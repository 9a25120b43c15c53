"""Builders for tests that need the service with tokens in it. They read like sentences:

    world = open_world(folder)
    town = released(world, found(world, supply=10), 3)
    with running_server(world) as server:
        server.get(town.path(2))

`released` makes real births (about a tenth of a second each); `seed_tokens` writes many tokens made from one of them.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from app.bootstrap import World
from app.db.migrate import migrate
from app.db.tables import Collection, Snapshot, SnapshotState
from app.provenance.ids import AgentId, checksum_address
from app.settings import Settings
from scripts.bench import seeding
from tests.servers import Server, descendants, free_port, served

ORIGIN = "https://agents.example"
"""Public root of the test collections: never the address the server is reached under, so that mixing them up shows."""


@dataclass(frozen=True, slots=True)
class Town:
    """A collection in a test."""

    id: int
    project_id: int
    chain_id: int
    contract: str
    """Lower case."""
    supply: int
    origin: str

    def path(self, token_id: int | str | None = None, rest: str = "") -> str:
        """URL path of a token, or of the collection."""
        token = "" if token_id is None else f"/{token_id}"
        return f"/{self.chain_id}/{self.contract}{token}{rest}"

    def agent(self, token_id: int) -> AgentId:
        return AgentId(self.chain_id, checksum_address(self.contract), token_id)


def settings_for(folder: Path, database_url: str | None = None, **given: Any) -> Settings:
    """Settings of a world in a folder of its own."""
    values: dict[str, Any] = {"data": folder, "origin": ORIGIN, "log_level": "info", "processes": 1, **given}
    if database_url is not None:
        values["database_url"] = SecretStr(database_url)
    return Settings(**values)


def open_world(folder: Path, database_url: str | None = None, **given: Any) -> World:
    """A world with an empty, migrated database: SQLite in the folder, or the one named."""
    world = World(settings_for(folder, database_url, **given))
    migrate(world.database)
    return world


def found(
    world: World, *, name: str = "dixie-town", supply: int = 12, chain_id: int = 31337, contract: str = "0x" + "ab" * 20
) -> Town:
    """A deployed collection of sealed tokens."""
    identity = seeding.found(world, slug=name, contract=contract, supply=supply, chain_id=chain_id)
    return Town(identity, world.project_id(), chain_id, contract, supply, world.settings.origin)


def collection(world: World, town: Town) -> Collection:
    with world.database.read() as unit:
        return unit.collections.get(town.project_id, town.id)


def born(world: World, town: Town, count: int, *, first: int = 0) -> None:
    """Real births: snapshot 1 prepared, stored and checked, not shown."""
    world.births.make(town.project_id, town.id, first, count)


def released(world: World, town: Town, count: int, *, first: int = 0) -> Town:
    """Real births, shown to readers."""
    born(world, town, count, first=first)
    world.publishing.publish(town.project_id, town.id, first, count)
    return town


def seed_tokens(world: World, town: Town, count: int) -> None:
    """Show tokens 0 … count-1: the first a real birth, the others rows made from it."""
    released(world, town, 1)
    seeding.seed_tokens(world, town.id, range(count))


def head(world: World, town: Town, token_id: int) -> Snapshot:
    """The snapshot readers get."""
    with world.database.read() as unit:
        token = unit.public.token(town.id, token_id)
        assert token is not None and token.head, f"token {token_id} is sealed"
        snapshot = unit.public.snapshot(town.id, token_id, token.head)
    assert snapshot is not None
    return snapshot


def prepared(world: World, town: Town, token_id: int) -> Snapshot:
    """The next snapshot of a token, one level up; stored as prepared and not shown."""
    old = head(world, town, token_id)
    document = json.loads(old.canonical)
    document["beauvoir"]["snapshot"] = old.n + 1
    for attribute in document["attributes"]:
        if attribute["trait_type"] == "Level":
            attribute["value"] = old.level + 1
    new = seeding.encoded(
        collection(world, town),
        old,
        document,
        n=old.n + 1,
        level=old.level + 1,
        state=SnapshotState.PREPARED,
        created_at=max(old.created_at + 1, int(world.clock.now().timestamp())),
        commit_number=None,
    )
    with world.database.write() as unit:
        unit.session.add(new)
    return new


def evolved(world: World, town: Town, token_id: int) -> Snapshot:
    """The next snapshot of a token, shown."""
    new = prepared(world, town, token_id)
    world.publishing.publish(town.project_id, town.id, token_id, 1)
    return new


def burned(world: World, town: Town, token_id: int) -> None:
    """What following the chain does when a token is burned."""
    with world.database.write() as unit:
        unit.tokens.own(town.project_id, town.id, token_id, None, burned=True)
        unit.works.publish(town.id, [token_id], int(world.clock.now().timestamp()))


# --- processes


def as_environment(settings: Settings) -> dict[str, str]:
    """The environment under which a process reads these settings."""
    environment = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        if isinstance(value, Mapping):
            value = ",".join(f"{key}={url.get_secret_value()}" for key, url in value.items())
        elif isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            environment[f"DNFT_{name.upper()}"] = str(value)
    return environment


@dataclass(slots=True)
class RunningServer:
    """A `dnft serve` process and a client for it."""

    port: int
    server: Server
    client: httpx.Client = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.server.log.read_text(encoding="utf-8", errors="replace")

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET with these request headers (`if_none_match=` for If-None-Match), identity coding unless told."""
        return self.request("GET", path, **headers)

    def head(self, path: str, **headers: str) -> httpx.Response:
        return self.request("HEAD", path, **headers)

    def request(self, method: str, path: str, **headers: str) -> httpx.Response:
        wanted = {"accept-encoding": "identity", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.request(method, self.url + path, headers=wanted)

    def processes(self) -> list[int]:
        """Process ids: the main process and its web processes."""
        return [self.server.process.pid, *descendants(self.server.process.pid)]

    def memory(self) -> int:
        """Resident bytes of the largest of its processes: the web process."""
        return max(_resident(pid) for pid in self.processes())


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


@contextmanager
def running_server(world: World | Settings, *, port: int | None = None) -> Iterator[RunningServer]:
    """The real `dnft serve` over a world's settings, on a free port unless told; ends with the block."""
    settings = world.settings if isinstance(world, World) else world
    port = port or free_port()
    (settings.data / "empty.toml").touch()  # so that no file of the working directory is read
    environment = as_environment(settings) | {
        "DNFT_CONFIG": str(settings.data / "empty.toml"),
        "DNFT_HOST": "127.0.0.1",
        "DNFT_PORT": str(port),
    }
    folder = settings.data / f"serve-{port}"
    folder.mkdir()
    server = Server("serve", [sys.executable, "-m", "scripts.dnft", "serve"], folder, environment=environment)
    with httpx.Client(timeout=10, trust_env=False) as client:
        running = RunningServer(port, server, client)
        with served(server, lambda: running.get("/readyz").status_code == 200):
            yield running
