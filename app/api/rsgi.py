"""The server's entry: the raw handler for public reads, and a bridge to FastAPI for everything else.

Granian speaks RSGI to us, its native interface: one call to answer, where ASGI takes two awaited messages. A hit in
memory is answered without yielding to the event loop. The bridge turns HEAD into GET and drops the body, so every route
answers HEAD like GET.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping, Sequence
from typing import Any, Final, Protocol

import structlog
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # it is what granian raises, and has no other name

from app.api.public import PublicEdge, error_answer
from app.errors import DnftError, TooLarge

log = structlog.get_logger("server")

Message = MutableMapping[str, Any]
AsgiApp = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Any
]

MAX_BODY: Final = 32 << 20
"""Request bodies above this many bytes are refused; routes set tighter bounds of their own."""


class RsgiHeaders(Protocol):
    def get(self, key: str) -> str | None: ...
    def items(self) -> list[tuple[str, str]]: ...


class RsgiScope(Protocol):
    proto: str
    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None

    @property
    def headers(self) -> RsgiHeaders: ...


class RsgiStream(Protocol):
    async def send_bytes(self, data: bytes) -> None: ...


class RsgiProtocol(Protocol):
    async def __call__(self) -> bytes: ...
    def __aiter__(self) -> Any: ...
    async def client_disconnect(self) -> None: ...
    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None: ...
    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...
    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> RsgiStream: ...


class Server:
    """What granian serves: `__rsgi_init__` once a process, `__rsgi__` once a request, `__rsgi_del__` at the end."""

    def __init__(
        self, edge: PublicEdge, asgi: AsgiApp, background: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    ) -> None:
        """`background` runs beside the requests as long as the process does."""
        self._edge = edge
        self._background = background
        self._asgi = asgi
        self._tasks: list[asyncio.Task[None]] = []
        self.hits = 0
        self.reads = 0

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # What is loaded by now stays, and answers make no cycles: looking for garbage this often only delays readers.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        self._tasks.append(loop.create_task(self._edge.feed.run()))
        self._tasks += [loop.create_task(each()) for each in self._background]

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        for task in self._tasks:
            task.cancel()

    async def __rsgi__(self, scope: RsgiScope, protocol: RsgiProtocol) -> None:
        method = scope.method
        if method in ("GET", "HEAD"):
            resource = self._edge.remembered(scope.path)
            if resource is not None and self._edge.feed.down_since is None:
                self.hits += 1
                status, headers, body = resource.respond(method, scope.headers.get)
                if body:
                    protocol.response_bytes(status, headers, body)
                else:
                    protocol.response_empty(status, headers)
                return
        try:
            answer = await self._edge.answer(method, scope.path, scope.query_string, scope.headers.get)
        except Exception:
            log.exception("unhandled error", method=method, path=scope.path[:200])
            failure = DnftError("Something went wrong on our side.", hint="It was logged.")
            answer = error_answer(failure, method, scope.path)
        if answer is None:
            await self._bridge(scope, protocol)
            return
        self.reads += 1
        if answer.body:
            protocol.response_bytes(answer.status, answer.headers, answer.body)
        else:
            protocol.response_empty(answer.status, answer.headers)

    async def _bridge(self, scope: RsgiScope, protocol: RsgiProtocol) -> None:
        exchange = _Exchange(scope, protocol)
        try:
            await self._asgi(exchange.asgi_scope(), exchange.receive, exchange.send)
        except DnftError as error:
            exchange.fail(error)
        except Exception:
            log.exception("unhandled error", method=scope.method, path=scope.path[:200])
            exchange.fail(DnftError("Something went wrong on our side.", hint="It was logged; a retry may help."))
        exchange.finish()


class _Exchange:
    """One request as ASGI sees it."""

    def __init__(self, scope: RsgiScope, protocol: RsgiProtocol) -> None:
        self._scope = scope
        self._protocol = protocol
        self._body: Any = None
        self._received = 0
        self._done = False
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._stream: RsgiStream | None = None
        self._answered = False

    def asgi_scope(self) -> dict[str, Any]:
        scope = self._scope
        host, _, port = scope.client.rpartition(":")
        server, _, server_port = scope.server.rpartition(":")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": scope.http_version,
            "method": "GET" if scope.method == "HEAD" else scope.method,
            "scheme": scope.scheme,
            "path": scope.path,  # decoded by granian already: once more would make %2530 name token 0
            "query_string": scope.query_string.encode("utf-8", "replace"),
            "root_path": "",
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in scope.headers.items()
            ],
            "client": (host, int(port)) if port.isdigit() else None,
            "server": (server, int(server_port)) if server_port.isdigit() else None,
        }

    async def receive(self) -> Message:
        if self._done:
            await self._protocol.client_disconnect()
            return {"type": "http.disconnect"}
        if self._body is None:
            self._body = aiter(self._protocol)
        try:
            piece = bytes(await anext(self._body))
        except StopAsyncIteration:
            self._done = True
            return {"type": "http.request", "body": b"", "more_body": False}
        self._received += len(piece)
        if self._received > MAX_BODY:
            raise TooLarge(f"A request body may have {MAX_BODY} bytes at most.")
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
            return
        body = message.get("body", b"")
        more = message.get("more_body", False)
        if self._answered:
            return
        if self._stream is not None:
            if body:
                try:
                    await self._stream.send_bytes(bytes(body))
                except ProtocolClosed:
                    raise OSError("the client has left") from None  # what ASGI applications expect (spec 2.4)
        elif self._scope.method == "HEAD":
            self._answer(self._status, self._headers, b"")
        elif more:
            self._stream = self._protocol.response_stream(self._status, self._headers)
            if body:
                await self._stream.send_bytes(bytes(body))
        else:
            self._answer(self._status, self._headers, bytes(body))

    def fail(self, error: DnftError) -> None:
        if self._stream is None and not self._answered:
            self._answer(*error_answer(error, self._scope.method))

    def finish(self) -> None:
        """Every request gets an answer, whatever the application forgot."""
        if self._stream is None and not self._answered:
            self.fail(DnftError("The request got no answer."))

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self._answered = True
        if body:
            self._protocol.response_bytes(status, headers, body)
        else:
            self._protocol.response_empty(status, headers)
