"""One attempt at an agent platform over HTTP: time limits, bounds, and what a broken connection means.

Trying again is the courier's business; what is asked and how answers read, the dialects'. No URL, header or library
message is ever repeated: any of them may hold a key.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Final

import httpx

from app.adapters.platform_auth import Credentials
from app.adapters.platform_clients import Call, Clients, HttpOptions
from app.adapters.platform_failures import failure_of_answer, unreadable
from app.adapters.platform_retry import Failure
from app.adapters.platform_sse import Oversized, SseEvent, SseParser
from app.adapters.platform_wire import Unreadable
from app.errors import PlatformUnavailable, StreamBroken
from app.ports import Clock

MAX_ERROR: Final = 65_536
"""Bytes of an error answer that are read."""


class Http:
    """Makes single attempts at one platform, for many threads and event loops at once. Raises Failure."""

    def __init__(
        self,
        options: HttpOptions,
        credentials: Credentials | None,
        *,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ConfigurationError for a base URL that is none."""
        self._clients = Clients(options, credentials)
        self._timeouts = options.timeouts
        self._max_answer = options.max_answer
        self._clock = clock
        self._monotonic = monotonic

    def __repr__(self) -> str:
        return f"Http({self._clients!r})"

    def close(self) -> None:
        self._clients.close()

    async def aclose(self) -> None:
        await self._clients.aclose()

    # --- whole answers

    def once(self, call: Call, limit: float) -> bytes:
        """The body of a 200, within `limit` seconds (a server that drips bytes may take up to twice that)."""
        deadline = self._monotonic() + limit
        status, headers, body = 0, httpx.Headers(), bytearray()
        failed: Failure | None = None
        try:
            client = self._clients.sync()
            response = client.send(self._clients.request(client, call, limit), stream=True)
            try:
                status, headers = response.status_code, response.headers
                for chunk in response.iter_raw():
                    body += chunk
                    if self._monotonic() > deadline:
                        failed = _slow(limit)
                        break
                    if self._too_long(status, body):
                        break
            finally:
                response.close()
        except httpx.HTTPError as error:
            failed = _broken(error, limit)
        if failed:
            raise failed
        return b"" if status == call.nothing else self._judged(status, headers, body)

    async def aonce(self, call: Call, limit: float) -> bytes:
        """The same without blocking the event loop, and never longer than `limit`."""
        status, headers, body = 0, httpx.Headers(), bytearray()
        failed: Failure | None = None
        try:
            async with asyncio.timeout(limit):
                client = self._clients.asynchronous()
                response = await client.send(self._clients.request(client, call, limit), stream=True)
                try:
                    status, headers = response.status_code, response.headers
                    async for chunk in response.aiter_raw():
                        body += chunk
                        if self._too_long(status, body):
                            break
                finally:
                    await response.aclose()
        except TimeoutError:
            failed = _slow(limit)
        except httpx.HTTPError as error:
            failed = _broken(error, limit)
        if failed:
            raise failed
        return b"" if status == call.nothing else self._judged(status, headers, body)

    def _too_long(self, status: int, body: bytearray) -> bool:
        return len(body) > (self._max_answer if status == 200 else MAX_ERROR)

    def _judged(self, status: int, headers: httpx.Headers, body: bytearray) -> bytes:
        coded = headers.get("content-encoding", "identity").lower() != "identity"
        if status != 200:
            said = b"" if coded else bytes(body[:MAX_ERROR])
            raise failure_of_answer(status, headers, said, self._clock.now())
        if coded:
            raise unreadable(Unreadable("is compressed, which was not asked for"))
        if self._too_long(status, body):
            # Another attempt would be as long, and would cost as much.
            raise Failure(PlatformUnavailable("The agent platform's answer is absurdly long."))
        return bytes(body)

    # --- streams

    async def events(self, call: Call, first: float) -> AsyncGenerator[SseEvent, None]:
        """The server-sent events of a 200 until the connection ends. `first`: seconds until the first of them."""
        client = self._clients.asynchronous()
        response: httpx.Response | None = None
        begun = self._monotonic()
        parser, size, heard = SseParser(), 0, False
        failed: Failure
        try:
            async with asyncio.timeout(first):
                response = await client.send(self._clients.request(client, call, None), stream=True)
            if response.status_code != 200:
                async with asyncio.timeout(self._timeouts.quick):
                    await self._refusal(response)
            if response.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/event-stream":
                raise _off("answered with something else than an event stream")
            chunks = aiter(response.aiter_raw())
            while True:
                lasted = self._monotonic() - begun
                until = self._timeouts.stream if heard else first
                async with asyncio.timeout(min(self._timeouts.idle, until - lasted)):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                size += len(chunk)
                if size > self._max_answer:
                    raise Failure(StreamBroken("The agent platform's answer is absurdly long."))
                for event in parser.feed(chunk):
                    heard = True
                    yield event
        except TimeoutError:
            failed = _off("did not go on in time")
        except Oversized:
            failed = Failure(StreamBroken("The agent platform sent an event that is absurdly long."))
        except httpx.HTTPError as error:
            failed = _broken(error, first)
        finally:
            if response is not None:
                await response.aclose()
        raise failed

    async def _refusal(self, response: httpx.Response) -> None:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if self._too_long(response.status_code, body):
                break
        self._judged(response.status_code, response.headers, body)


def _broken(error: httpx.HTTPError, limit: float) -> Failure:
    """What a transport error means. The library's text may hold the URL, so it is not repeated."""
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return _off("can not be reached")
    if isinstance(error, httpx.TimeoutException):
        return _slow(limit)
    return _off(f"broke the connection off ({type(error).__name__})")


def _slow(limit: float) -> Failure:
    return _off(f"did not answer within {limit:.3g} seconds")


def _off(what: str) -> Failure:
    return Failure(PlatformUnavailable(f"The agent platform {what}."), again=True)
