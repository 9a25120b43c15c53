"""Our own server, for tests: a collection of agents that are born and published, served by `dnft serve` as a process.

Nothing in front, nothing mocked: the probes go over a socket to what production runs.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from app.adapters.chain_memory import MemoryChain
from app.adapters.observer_http import HttpxObserver
from app.adapters.signer import LocalSigner
from app.bootstrap import Chain, World
from app.consumers.evaluation import Report, Row, evaluate
from app.consumers.observation import HttpAnswer, Observation
from app.consumers.observing import observe
from app.db.migrate import migrate
from app.services.deploying import NewCollection, deploy_key
from app.settings import Settings
from tests.servers import Server, free_port, listens, served

CHAIN_ID = 31337
SUPPLY = 5
RELEASED = 2
"""Tokens 0 and 1 are released; 2 to 4 are sealed."""


@dataclass
class Edge:
    """A running server and its collection."""

    origin: str
    contract: str
    first: HttpAnswer = field(repr=False)
    """The very first answer of the server's life to a public read."""

    @property
    def collection_url(self) -> str:
        return f"{self.origin}/{CHAIN_ID}/{self.contract}"

    @property
    def token_url(self) -> str:
        return f"{self.collection_url}/1"

    @cached_property
    def observer(self) -> HttpxObserver:
        return HttpxObserver(timeout=10)

    @cached_property
    def token(self) -> Observation:
        return observe(self.token_url, self.observer)

    @cached_property
    def collection(self) -> Observation:
        return observe(self.collection_url, self.observer)

    @cached_property
    def report(self) -> Report:
        return evaluate(self.token)

    @property
    def document(self) -> dict[str, Any]:
        assert self.token.document is not None, self.token.parse_error
        return dict(self.token.document)

    @property
    def media_root(self) -> str:
        """URL of the folder of the token's media, with a slash."""
        return str(self.document["image"]).removesuffix("image.png")

    def fetch(self, path: str, method: str = "GET", **headers: str) -> HttpAnswer:
        """`path` is absolute, or starts at the collection's URL."""
        url = path if path.startswith("http") else f"{self.collection_url}{path}"
        return self.observer.fetch(
            url, method=method, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    def rows(self, section: str) -> list[Row]:
        """Verdicts on the token of all rules of a section that apply, and there must be some."""
        found = [row for row in self.report.rows if row.section == section and row.verdict != "not-applicable"]
        assert found, f"no rule of section {section} applies"
        return found


@contextmanager
def running_edge(data: Path, pack: str = "dixie") -> Iterator[Edge]:
    """Publish a collection of `pack` below `data` and serve it."""
    origin = f"http://127.0.0.1:{free_port()}"
    contract = _publish(data, origin, pack)
    with serving(origin, data, "-m", "scripts.dnft", "serve"):
        first = HttpxObserver(timeout=10).fetch(f"{origin}/{CHAIN_ID}/{contract}/1")
        yield Edge(origin, contract, first)


@contextmanager
def running_without_database(data: Path) -> Iterator[str]:
    """The origin of a server whose database has never answered."""
    origin = f"http://127.0.0.1:{free_port()}"
    port = origin.rpartition(":")[2]
    arguments = ("-m", "granian", "--interface", "rsgi", "--factory", "--host", "127.0.0.1", "--port", port)
    # Port 1 is reserved and nobody listens there.
    away = {"DNFT_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing"}
    with serving(origin, data, *arguments, "app.main:server", **away):
        yield origin


@contextmanager
def serving(origin: str, data: Path, *arguments: str, **settings: str) -> Iterator[None]:
    """Run Python with these arguments until it answers at `origin`; end it afterwards."""
    given = {"DNFT_DATA": str(data), "DNFT_ORIGIN": origin, "DNFT_PORT": origin.rpartition(":")[2]}
    server = Server("edge", [sys.executable, *arguments], data, environment={**given, **settings})
    # An open port is enough: the first request a test makes is the first of the server's life.
    with served(server, lambda: listens(int(given["DNFT_PORT"]))):
        yield


def _publish(data: Path, origin: str, pack: str) -> str:
    """Deploy on a chain in memory, give birth, publish; returns the contract in lower case."""
    signer = LocalSigner(bytes.fromhex("11" * 32))
    chain = MemoryChain(chain_id=CHAIN_ID, balances={signer.address: 10**20})
    settings = Settings.model_validate({"data": data, "origin": origin})
    world = World(settings, chains={CHAIN_ID: Chain(chain, chain)}, signer=signer, sleep=lambda _: None)
    migrate(world.database)
    project = world.project_id()
    wanted = NewCollection(
        slug="edge",
        name="Edge Agents",
        symbol="EDGE",
        description="Agents that are looked at.",
        supply=SUPPLY,
        origin=origin,
        chain_id=CHAIN_ID,
        seed="ab" * 32,
        pack=pack,
    )
    collection = world.deploying.plan(project, wanted, signer.address)
    world.transactions(CHAIN_ID).carry(project, deploy_key(collection))
    contract = world.deploying.finish(project, collection)
    world.births.make(project, collection, 0, RELEASED)
    world.publishing.publish(project, collection, 0, RELEASED)
    world.database.close()
    return contract
