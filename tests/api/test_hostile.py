"""Hostile requests over raw sockets: never a 5xx, never an inner detail told, and the server goes on as before."""

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.api.conftest import Site
from tests.api.hostile import BROKEN, Hostile
from tests.worlds import RunningServer, Town, head

QUICK, FULL = 2_000, 100_000
STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3}) ", re.MULTILINE)
TELLS = (b"Traceback", b'File "', b"site-packages", b"sqlalchemy", b"psycopg", b"sqlite3.", b"/app/api", b"SELECT ")
SEED = 20_261_121
PATIENCE = 3.0


def sent(port: int, request: bytes) -> bytes | None:
    """What comes back until the server hangs up; None when it says nothing at all (as when it waits for more)."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        answer = b""
        with suppress(ConnectionError, TimeoutError):
            connection.sendall(request)
            while piece := connection.recv(1 << 16):
                answer += piece
        return answer or None


def wrong(answer: bytes) -> str | None:
    """What is wrong with an answer."""
    statuses = [int(status) for status in STATUS.findall(answer)]
    if any(status >= 500 for status in statuses):
        return f"status {max(statuses)}"
    return next((f"tells {tell!r}" for tell in TELLS if tell in answer), None)


def attack(server: RunningServer, town: Town, cids: list[str], count: int) -> dict[int, int]:
    """Send `count` hostile connections; how often each status came. AssertionError names the first bad requests."""
    hostile = Hostile(SEED, town, cids)
    requests = [hostile.request() for _ in range(count)]
    statuses: dict[int, int] = {}
    bad: list[str] = []
    silent = 0
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda request: sent(server.port, request), requests)
        for request, answer in zip(requests, answers, strict=True):
            if answer is None:
                silent += request not in BROKEN
                continue
            if (problem := wrong(answer)) is not None:
                bad.append(f"{problem}: {request[:300]!r} -> {answer[-300:]!r}")
            for status in STATUS.findall(answer):
                statuses[int(status)] = statuses.get(int(status), 0) + 1
    assert silent < count / 50, f"{silent} of {count} got no answer"
    assert not bad, f"{len(bad)} of {count}:\n" + "\n".join(bad[:10])
    return statuses


def check(site: Site, count: int) -> None:
    server, town = site.server, site.town
    before = server.get(town.path(0))
    snapshot = head(site.world, town, 0)
    processes = server.processes()
    logged = len(server.log)
    statuses = attack(server, town, [snapshot.media_cid, snapshot.document_cid], count)
    print(f"{count} hostile connections: {dict(sorted(statuses.items()))}")
    assert {200, 400, 404} <= statuses.keys(), "some of them were understood, others were not"
    assert sum(statuses.values()) > count * 0.8 and statuses[200] > count / 40
    after = server.get(town.path(0))
    assert (after.status_code, after.content) == (200, before.content)
    assert server.get("/readyz").status_code == 200
    assert server.processes() == processes, "no process died"
    fresh = server.log[logged:]
    assert "Traceback" not in fresh and "unhandled" not in fresh and "panicked" not in fresh, fresh[-3000:]


def test_hostile_requests_are_refused_and_nothing_breaks(site: Site) -> None:
    check(site, QUICK)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_hostile_requests_in_great_number_are_refused_and_nothing_breaks(site: Site) -> None:
    check(site, FULL)


@pytest.mark.parametrize("target", ["/?f\u00e9", "/Z9/yboqCP\u00e9?(uMx\u00e9", "/agents?after=\u00e9", "/docs?\u00ff"])
def test_query_with_raw_bytes_above_ascii_is_no_server_error(site: Site, target: str) -> None:
    """The large run found it: such a query is no valid UTF-8 for a router that expects latin-1 of it."""
    for raw in (target.encode("utf-8"), target.encode("latin-1")):
        with socket.create_connection(("127.0.0.1", site.server.port), 5) as connection:
            connection.sendall(b"GET " + raw + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            status = connection.makefile("rb").readline()
        assert not status.startswith(b"HTTP/1.1 5"), status
