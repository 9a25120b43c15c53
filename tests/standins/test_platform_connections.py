"""The stand-in platform's HTTP door, by raw sockets: what well-behaved clients never send, and many streams at once."""

import asyncio
import json
import os
import socket
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.standins.platform.offline_voice import NO_SCENE
from tests.standins.platforms import KEY, PlatformProcess, body, platform, wait_until

COMMUNITY = [{"id": "default", "key": KEY, "monthly_cents": 100_000}]


@pytest.fixture(scope="module")
def server() -> Iterator[PlatformProcess]:
    with platform(communities=COMMUNITY) as running:
        yield running


def connected(server: PlatformProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port(server)), timeout=10)


def port(server: PlatformProcess) -> int:
    return int(server.url.rpartition(":")[2])


def request(path: str = "/api/agents/stream", *, close: bool = True) -> bytes:
    sent = json.dumps(body()).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
    )
    return (head + ("Connection: close\r\n\r\n" if close else "\r\n")).encode() + sent


def all_of(connection: socket.socket) -> bytes:
    found = b""
    while data := connection.recv(65536):
        found += data
    return found


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n",
    ],
)
def test_door_given_what_is_not_http_answers_4xx_or_501_and_closes(server: PlatformProcess, sent: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(sent)
        answer = all_of(connection)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501")), answer
    assert server.http.get("/healthz").status_code == 200


def test_door_given_two_requests_at_once_answers_in_order(server: PlatformProcess) -> None:
    with connected(server) as connection:
        connection.sendall(request("/api/agents/invoke", close=False) + request())
        answer = all_of(connection)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answer.index(b'"content":') < answer.index(b"text/event-stream")
    assert answer.endswith(b"event: done\ndata: null\n\n\r\n0\r\n\r\n")


def test_door_given_a_request_byte_by_byte_answers(server: PlatformProcess) -> None:
    with connected(server) as connection:
        for byte in request("/api/agents/invoke"):
            connection.sendall(bytes([byte]))
        assert b"200 OK" in all_of(connection)


def test_door_asked_whether_to_go_on_says_so(server: PlatformProcess) -> None:
    whole = request("/api/agents/invoke").replace(b"Connection: close", b"Connection: close\r\nExpect: 100-continue")
    head, _, sent = whole.partition(b"\r\n\r\n")
    with connected(server) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(sent)
        assert b"200 OK" in all_of(connection)


def test_door_given_an_endless_body_stops_reading(server: PlatformProcess) -> None:
    with connected(server) as connection:
        connection.sendall(b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n")
        with pytest.raises(ConnectionError):
            connection.sendall(b"x" * 200_000_000)
    assert server.http.get("/healthz").status_code == 200


def test_http_1_0_client_gets_a_stream_that_ends_with_the_connection(server: PlatformProcess) -> None:
    with connected(server) as connection:
        connection.sendall(request().replace(b"HTTP/1.1", b"HTTP/1.0"))
        answer = all_of(connection)
    assert b"chunked" not in answer.lower()
    assert answer.endswith(b"event: done\ndata: null\n\n")


def test_ending_the_process_during_a_stream_takes_no_time() -> None:
    with platform(piece_ms=1000) as running, connected(running) as connection:
        connection.sendall(request())
        assert b"200 OK" in connection.recv(1000)
        before = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - before < 2


def test_client_that_leaves_an_invoke_is_still_settled() -> None:
    with platform(communities=COMMUNITY, first_ms=1000) as running:
        with connected(running) as connection:
            connection.sendall(request("/api/agents/invoke"))
            wait_until(lambda: running.budget()["currentSpendCents"] > 0)
        wait_until(lambda: running.budget()["currentSpendCents"] == 0)


async def many(server: PlatformProcess, count: int) -> tuple[list[float], int]:
    """Streams at once, each read to its end; the waits for the first word, and events in all."""

    async def one() -> tuple[float, int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port(server))
        before, first, found = time.monotonic(), 0.0, b""
        writer.write(request())
        while data := await reader.read(65536):
            found += data
            first = first or (time.monotonic() - before if b"event: " in found else 0.0)
        writer.close()
        assert b"event: done" in found
        return first, found.count(b"event: ")

    results = await asyncio.gather(*(one() for _ in range(count)))
    return [first for first, _ in results], sum(events for _, events in results)


def processor_seconds(server: PlatformProcess) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("count", [50, pytest.param(200, marks=pytest.mark.full)])
def test_many_streams_at_once_all_end_well_on_little_processor_time(count: int) -> None:
    with platform(communities=COMMUNITY, first_ms=20, piece_ms=50) as running:
        before, started = processor_seconds(running), time.monotonic()
        firsts, events = asyncio.run(many(running, count))
        elapsed, used = time.monotonic() - started, processor_seconds(running) - before
    assert events == count * (len(NO_SCENE.split()) + 2)
    print(
        f"{count} streams, {events} events in {elapsed:.2f} s: {used:.2f} s of processor, "
        f"first word after {statistics.median(firsts) * 1000:.0f} ms"
    )
    assert used / events < 0.0005, "seconds of processor an event"
