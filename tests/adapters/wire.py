"""A small HTTP server that plays back exact bytes: whatever a platform may send, and whatever it should not."""

import contextlib
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any, Self

from app.adapters.clocks import MemoryClock

Step = bytes | float
"""Bytes to send, or seconds to wait."""
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOCK = MemoryClock(NOW)


def half(size: int) -> bytes:
    """Entropy that is always in the middle."""
    return b"\x80" + bytes(size - 1)


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Wire:
    """Answers each request with the next script, or, when none is left, with what `otherwise` says. One request a
    connection. `requests` are those that arrived; `abandoned` is set when a client went away during a script."""

    otherwise: Callable[[Request], Sequence[Step]] | None = None
    requests: list[Request] = field(default_factory=list)
    abandoned: Event = field(default_factory=Event)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._scripts: list[Sequence[Step]] = []
        self._lock = threading.Lock()
        wire = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):
                    wire._serve(self)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def play(self, *steps: Step, times: int = 1) -> None:
        with self._lock:
            self._scripts += [steps] * times

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        line = handler.rfile.readline().decode("latin-1").split()
        if len(line) != 3:
            return
        headers: dict[str, str] = {}
        while (field_line := handler.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = field_line.decode("latin-1").partition(":")
            assert name.lower() not in headers, f"{name} is sent twice"
            headers[name.lower()] = value.strip()
        body = handler.rfile.read(int(headers.get("content-length", 0)))
        request = Request(line[0], line[1], headers, body)
        with self._lock:
            self.requests.append(request)
            script = self._scripts.pop(0) if self._scripts else None
        if script is None:
            script = self.otherwise(request) if self.otherwise else [reply(500, {"error": "NOTHING_LEFT"})]
        for step in script:
            if isinstance(step, bytes):
                handler.wfile.write(step)
                handler.wfile.flush()
            elif _gone(handler.connection, step):
                self.abandoned.set()
                return


def _gone(connection: socket.socket, seconds: float) -> bool:
    """Whether the client closes within so many seconds."""
    connection.settimeout(seconds)
    started = time.monotonic()
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    finally:
        connection.settimeout(None)
        assert time.monotonic() - started < seconds + 5


def reply(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole answer; a body that is no bytes becomes JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"content-type": "application/json", "content-length": str(len(content)), "connection": "close"}
    return _head(status, {**fields, **(headers or {})}) + content


def sse(*frames: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """A stream that ends with the connection."""
    fields = {"content-type": "text/event-stream", "cache-control": "no-cache", "connection": "close"}
    return _head(200, {**fields, **(headers or {})}) + b"".join(frames)


def frame(number: int | str, kind: str, data: Any) -> bytes:
    """One event as the gateway writes it."""
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def _head(status: int, fields: Mapping[str, str]) -> bytes:
    lines: Iterable[str] = (f"{name}: {value}" for name, value in fields.items())
    return "\r\n".join([f"HTTP/1.1 {status} Whatever", *lines, "", ""]).encode("latin-1")
