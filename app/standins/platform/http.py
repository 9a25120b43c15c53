"""The HTTP/1.1 door: requests in, answers out, over asyncio.

A stand-in for faults must be able to reset a connection, to take a free port and tell which, and to find a taken one
taken. The project's web server offers none of this, so here is a small door of its own; h11 parses (RFC 9112).
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import h11
import structlog

from app.standins.platform.refusals import Header

log = structlog.get_logger("platform")

_MOST_DISCARDED: Final = 8 << 20
"""A body is read to its end even when it's too large, so that its sender reads the answer; but no further than this."""
_ABORT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 seconds: closing then resets."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: str
    headers: Sequence[Header]
    """Names in lower case."""
    body: bytes
    too_large: bool
    """The body was longer than the limit; it is not here."""

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]

    def get(self, name: str) -> str | None:
        """The header, or several of that name joined as one (RFC 9110 §5.3)."""
        return ", ".join(found) if (found := self.all(name)) else None


class Exchange:
    """The answer to one request: `reply` it whole, or `begin`, `send` and `end` it. `drop` resets the connection."""

    def __init__(self, connection: "_Connection") -> None:
        self._connection = connection
        self.status = 0
        """Once it has begun."""

    async def reply(self, status: int, headers: Sequence[Header], body: bytes = b"") -> None:
        self.status = status
        length = [] if status in (204, 304) else [("Content-Length", str(len(body)))]
        self._connection.write(
            _head(status, [*headers, *length]),
            None if self._connection.bodiless or status in (204, 304) else body,
            h11.EndOfMessage(),
        )
        await self._connection.drained()

    async def begin(self, status: int, headers: Sequence[Header]) -> None:
        self.status = status
        self._connection.write(_head(status, headers))
        await self._connection.drained()

    async def send(self, data: bytes) -> None:
        self._connection.write(data)
        await self._connection.drained()

    async def end(self) -> None:
        self._connection.write(h11.EndOfMessage())
        await self._connection.drained()

    def drop(self) -> None:
        self._connection.reset()


App = Callable[[Request, Exchange], Awaitable[None]]


class Door:
    """Makes connections that hand requests to `app`; bodies above `most_bytes` are marked as too large."""

    def __init__(self, app: App, most_bytes: int) -> None:
        self.app = app
        self.most_bytes = most_bytes
        self.connections: set[_Connection] = set()

    def connection(self) -> asyncio.Protocol:
        return _Connection(self)

    async def close(self) -> None:
        """Reset what is open and wait for the handlers."""
        open_now = list(self.connections)
        for connection in open_now:
            connection.reset()
        tasks = [connection.task for connection in open_now if connection.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)


class _Connection(asyncio.Protocol):
    def __init__(self, door: Door) -> None:
        self._door = door
        self._http = h11.Connection(h11.SERVER)
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._length = 0
        self.task: asyncio.Task[None] | None = None

    @property
    def bodiless(self) -> bool:
        return self._head is not None and self._head.method == b"HEAD"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's don't inherit from it
        self._door.connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        self._door.connections.discard(self)
        self._writable.set()
        if self.task is not None:
            self.task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._advance()

    def eof_received(self) -> bool:
        self._http.receive_data(b"")
        self._advance()
        return False

    async def drained(self) -> None:
        """Wait while the client reads too slowly. Raises ConnectionError when it's gone."""
        if not self._writable.is_set():
            await self._writable.wait()
        if self._transport is None:
            raise ConnectionResetError("the client left")

    def write(self, *parts: bytes | h11.Response | h11.EndOfMessage | None) -> None:
        if self._transport is None:
            raise ConnectionResetError("the client left")
        events = (h11.Data(data=part) if isinstance(part, bytes) else part for part in parts if part is not None)
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))

    def reset(self) -> None:
        if self._transport is None:
            return
        raw = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._transport.abort()

    def _advance(self) -> None:
        """Take in what came, until a request is whole or more is needed."""
        try:
            while self.task is None and self._transport is not None and not self._transport.is_closing():
                event = self._http.next_event()
                if isinstance(event, h11.Request):
                    self._head, self._length = event, 0
                    self._body.clear()
                    if self._http.they_are_waiting_for_100_continue:
                        informational = h11.InformationalResponse(status_code=100, headers=[])
                        self._transport.write(self._http.send(informational) or b"")
                elif isinstance(event, h11.Data):
                    self._take(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    self.task = asyncio.get_running_loop().create_task(self._answer(self._request()))
                elif isinstance(event, h11.ConnectionClosed):
                    self._transport.close()
                    return
                else:  # more data is needed, or the answer before this one isn't over
                    return
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint)

    def _take(self, data: bytes | bytearray) -> None:
        self._length += len(data)
        if self._length <= self._door.most_bytes:
            self._body += data
        elif self._length > _MOST_DISCARDED:
            self._refuse(413)

    def _refuse(self, status: int) -> None:
        transport = self._transport
        if transport is None or self.task is not None:
            return
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [("Content-Length", "0"), ("Connection", "close")]
            self.write(_head(status, headers), h11.EndOfMessage())
        transport.close()

    def _request(self) -> Request:
        assert self._head is not None
        path, _, query = self._head.target.decode("latin-1").partition("?")
        return Request(
            method=self._head.method.decode("latin-1"),
            path=path,
            query=query,
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._head.headers],
            body=b"" if self._length > self._door.most_bytes else bytes(self._body),
            too_large=self._length > self._door.most_bytes,
        )

    async def _answer(self, request: Request) -> None:
        try:
            await self._door.app(request, Exchange(self))
        except (asyncio.CancelledError, ConnectionError):
            self.reset()
            return
        except Exception:
            log.exception("request failed", path=request.path)
            self.reset()
            return
        self._next()

    def _next(self) -> None:
        if self._transport is None:
            return
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self.task = None
            self._http.start_next_cycle()
            self._advance()
        elif self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
        else:
            self.reset()


def _head(status: int, headers: Sequence[Header]) -> h11.Response:
    return h11.Response(status_code=status, headers=list(headers), reason=HTTPStatus(status).phrase)


def headers_without(headers: Sequence[Header], hidden: Sequence[str]) -> dict[str, Any]:
    """Headers as an object, without those named."""
    shown: dict[str, Any] = {}
    for name, value in headers:
        if name not in hidden:
            shown[name] = f"{shown[name]}, {value}" if name in shown else value
    return shown
