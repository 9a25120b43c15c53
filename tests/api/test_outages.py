"""The database goes away: what readers had is served with its age, the rest refused at once, and all is well after."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from app.bootstrap import World
from tests import parts
from tests.api.outages import frozen, locked, stopped
from tests.api.test_documents import expect_problem
from tests.servers import Server
from tests.worlds import RunningServer, Town, evolved, found, open_world, released, running_server

PATIENT = 2.0 + 1.0
"""Seconds until a database that says nothing counts as down, and some for a busy machine."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[parts.Postgres]:
    """One of our own: the shared one must not be stopped under others."""
    with parts.postgres() as made:
        yield made


Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture(
    params=[
        "sqlite-locked",
        *(pytest.param(kind, marks=pytest.mark.part("postgres")) for kind in ("postgres-stopped", "postgres-frozen")),
    ]
)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, Outage]]:
    """A world, and a way to take its database away."""
    if request.param == "sqlite-locked":
        world = open_world(tmp_path)
        yield world, lambda: locked(world)
    else:
        made: parts.Postgres = request.getfixturevalue("cluster")
        world = open_world(tmp_path, made.url())
        yield world, lambda: (stopped if request.param == "postgres-stopped" else frozen)(made)
    world.database.close()


def noticed(server: RunningServer) -> None:
    server.server.wait(lambda: server.get("/readyz").status_code == 503, PATIENT)


def recovered(server: RunningServer) -> None:
    server.server.wait(lambda: server.get("/readyz").status_code == 200, 10)


def test_database_away_and_back(scene: tuple[World, Outage]) -> None:
    world, outage = scene
    town = released(world, found(world), 2)
    with running_server(world) as server:
        known, path = server.get(town.path(0)), town.path(0)
        server.get(town.path())
        world.database.close()
        with outage():
            noticed(server)
            _last_good_copies(server, town, known.content, known.headers["etag"])
            assert server.get(path, if_none_match=known.headers["etag"]).status_code == 304
            _refusals_at_once(server, town)
            assert server.get("/healthz").status_code == 200
            assert "dnft_database_down 1" in server.get("/metrics").text
        recovered(server)
        for answer in (server.get(path), server.get(town.path(1)), server.get(town.path(1, "/beauvoir"))):
            assert answer.status_code == 200 and "age" not in answer.headers
        expect_problem(server.get(town.path(7)), 404, "sealed-token", "no-store")
        new = evolved(world, town, 0)
        server.server.wait(lambda: server.get(path).headers["etag"] == f'"{new.hosted_sha256}"', 2)
        assert "Traceback" not in server.log, server.log


def _last_good_copies(server: RunningServer, town: Town, body: bytes, etag: str) -> None:
    ages = []
    for _ in range(2):
        for path in (town.path(0), town.path("0x0"), town.path()):
            began = time.monotonic()
            answer = server.get(path)
            assert time.monotonic() - began < 0.5, "a copy in memory waits for nothing"
            assert answer.status_code == 200
            ages.append(int(answer.headers["age"]))
        time.sleep(1.1)
    assert server.get(town.path(0)).content == body and server.get(town.path(0)).headers["etag"] == etag
    assert ages == sorted(ages) and ages[-1] > ages[0], "Age grows"


def _refusals_at_once(server: RunningServer, town: Town) -> None:
    """What memory does not hold. 504 is what indexers try again; nobody may keep it."""
    for path in (town.path(1), town.path(9), town.path(0, "/v/1"), town.path(0, "/beauvoir"), town.path(0, "/history")):
        began = time.monotonic()
        answer = server.get(path)
        assert time.monotonic() - began < 0.5, "the feed watches the database, readers need not try"
        body = expect_problem(answer, 504, "database-unavailable", "no-store")
        assert body["retryable"] is True and int(answer.headers["retry-after"]) > 0
    expect_problem(server.get(town.path("x")), 400, "malformed-token-id", "max-age=300")


@pytest.mark.part("postgres")
def test_database_frozen_under_load_holds_nobody_for_long(tmp_path: Path, cluster: parts.Postgres) -> None:
    """Readers that arrive before anybody knows get their answer within the patience, and copies go on."""
    world = open_world(tmp_path, cluster.url())
    town = released(world, found(world), 1)
    with running_server(world) as server:
        assert server.get(town.path(0)).status_code == 200
        world.database.close()
        with frozen(cluster):
            began = time.monotonic()
            answers = [server.get(path) for path in (town.path(8), town.path(9), town.path(0))]
            assert time.monotonic() - began < 2 * PATIENT
            assert [answer.status_code for answer in answers] == [504, 504, 200]
        recovered(server)
        assert server.get(town.path(8)).status_code == 404
    world.database.close()


@pytest.mark.part("postgres")
def test_server_started_without_database_becomes_ready_when_it_comes(tmp_path: Path, cluster: parts.Postgres) -> None:
    world = open_world(tmp_path, cluster.url())
    town = released(world, found(world), 1)
    with running_server(world) as server:
        world.database.close()
        with stopped(cluster):
            noticed(server)
            expect_problem(server.get(town.path(0)), 504, "database-unavailable", "no-store")
        recovered(server)
        assert server.get(town.path(0)).status_code == 200
    assert isinstance(cluster.server, Server)
