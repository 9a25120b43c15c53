"""Workers as real processes on a real node: stopped or killed in the middle of work, another goes on."""

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.workflows.worker import alive
from tests.servers import Server
from tests.standins.nodes import Node, running, start_embedded
from tests.workflows.town import Town, environment_of, town_on, transfers

ROOT = Path(__file__).parents[2]
Start = Callable[..., Server]
Open = Callable[..., Town]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with running(start_embedded(tmp_path / "chain")) as made:
        yield made


@pytest.fixture
def open_town(tmp_path: Path) -> Iterator[Callable[..., Town]]:
    """Opens a town on a node and, if named, a database."""
    opened: list[Town] = []

    def begin(rpc: str, database_url: str | None = None) -> Town:
        opened.append(town_on(tmp_path / "data", rpc, database_url))
        return opened[-1]

    yield begin
    for town in opened:
        town.world.database.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a worker process on a town, and waits until it says that it is ready."""
    with ExitStack() as stack:
        count = 0

        def begin(town: Town, lease: int | None = None) -> Server:
            nonlocal count
            count += 1
            folder = tmp_path / f"worker-{count}"
            folder.mkdir()
            command = [sys.executable, "-m", "tests.workflows.worker_process", *([str(lease)] if lease else [])]
            environment = environment_of(town) | {"PYTHONPATH": str(ROOT)}
            server = Server(f"worker-{count}", command, folder, environment=environment)
            stack.callback(server.stop)
            server.wait(lambda: "ready " in server.tail())
            return server

        yield begin


def kill(server: Server) -> None:
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


def assert_minted_once(town: Town, collection: int, count: int) -> None:
    assert Counter(transfers(town, collection)) == Counter(range(count))
    row = town.collection(collection)
    assert (row.covered, row.last_commit) == (count, 1)


def test_stopped_while_work_waits_then_the_next_worker_finishes_it(open_town: Open, node: Node, start: Start) -> None:
    town = open_town(node.url)
    worker = start(town)
    collection = town.done(town.deploy(supply=20)).collection_id
    node.process.send_signal(signal.SIGSTOP)  # the node hangs: the work waits for it
    work = town.mint(collection, 2)
    town.until(work, lambda row: "waiting:" in row.note)
    worker.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    worker.process.wait(40)
    node.process.send_signal(signal.SIGCONT)
    assert time.monotonic() - began < 30
    assert not alive(town.world)
    assert town.work(work).state == "running", "stopping is no failure"
    start(town)
    town.done(work)
    assert_minted_once(town, collection, 2)


def test_killed_in_the_middle_of_births_the_next_worker_on_sqlite_goes_on_at_once(
    open_town: Open, node: Node, start: Start
) -> None:
    town = open_town(node.url)
    worker = start(town)
    collection = town.done(town.deploy(supply=20)).collection_id
    work = town.mint(collection, 3)
    town.until(work, lambda row: row.done == 1)
    kill(worker)
    assert not alive(town.world)
    began = time.monotonic()
    start(town)
    town.done(work)
    assert time.monotonic() - began < 25
    assert_minted_once(town, collection, 3)


@pytest.mark.part("postgres")
def test_one_of_two_workers_on_postgres_is_killed_and_the_other_takes_over(
    open_town: Open, node: Node, start: Start, postgres_url: Callable[[], str]
) -> None:
    town = open_town(node.url, postgres_url())
    one = start(town, 2)
    collection = town.done(town.deploy(supply=20)).collection_id
    node.process.send_signal(signal.SIGSTOP)  # so that the work is under way until the other is there
    work = town.mint(collection, 2)
    town.until(work, lambda row: "waiting:" in row.note)
    two = start(town, 2)
    kill(one)
    assert alive(town.world)
    node.process.send_signal(signal.SIGCONT)
    town.done(work)
    assert_minted_once(town, collection, 2)
    assert "took over" in two.tail(200)


@pytest.mark.part("postgres")
def test_two_workers_on_postgres_share_the_queue_and_do_everything_once(
    open_town: Open, node: Node, start: Start, postgres_url: Callable[[], str]
) -> None:
    town = open_town(node.url, postgres_url())
    start(town), start(town)
    collections = [
        town.done(work).collection_id for work in [town.deploy(slug=f"town-{n}", supply=9) for n in range(3)]
    ]
    works = [town.mint(collection, 1) for collection in collections for _ in range(2)]
    for work in works:
        town.done(work)
    for collection in collections:
        assert Counter(transfers(town, collection)) == Counter(range(2))
