"""Carries calls to an agent platform: attempts within a time limit, backoff between them, a circuit per pool.

The same call, so the same idempotency key, goes out at every attempt; only the credentials are new.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TypeVar

from app.adapters.platform_auth import Credentials
from app.adapters.platform_clients import Call, HttpOptions
from app.adapters.platform_failures import unreadable
from app.adapters.platform_http import Http
from app.adapters.platform_retry import Attempts, Breakers, Failure
from app.adapters.platform_sse import SseEvent
from app.adapters.platform_wire import Unreadable
from app.dialogue import Event
from app.errors import PlatformUnavailable, StreamBroken
from app.ports import Clock

T = TypeVar("T")
Translate = Callable[[AsyncIterator[SseEvent]], AsyncGenerator[tuple[str, Event], None]]


class Courier:
    """One platform, for many threads and event loops at once."""

    def __init__(
        self,
        options: HttpOptions,
        credentials: Credentials | None,
        *,
        clock: Clock,
        entropy: Callable[[int], bytes],
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ConfigurationError for a base URL that is none."""
        self.timeouts = options.timeouts
        self._http = Http(options, credentials, clock=clock, monotonic=monotonic)
        self._retry = options.retry
        self._entropy = entropy
        self._sleep = sleep
        self._monotonic = monotonic
        self._breakers = Breakers(options.breaker, monotonic)

    def invoke(self, call: Call, read: Callable[[bytes], T], *, pool: str) -> T:
        """What `read` makes of the body of a 200. `read` raises Unreadable."""
        attempts = self._attempts(self.timeouts.total)
        while True:
            try:
                with self._breakers.permit(pool):
                    return _read(read, self._http.once(call, attempts.left()))
            except Failure as failure:
                failed = failure
            self._sleep(attempts.delay(failed))

    async def ainvoke(self, call: Call, read: Callable[[bytes], T], *, pool: str) -> T:
        """The same without blocking the event loop."""
        attempts = self._attempts(self.timeouts.total)
        while True:
            try:
                with self._breakers.permit(pool):
                    return _read(read, await self._http.aonce(call, attempts.left()))
            except Failure as failure:
                failed = failure
            await asyncio.sleep(attempts.delay(failed))

    def ask(self, call: Call, read: Callable[[bytes], T]) -> T:
        """The same for what belongs to no pool, in less time."""
        attempts = self._attempts(self.timeouts.quick)
        while True:
            try:
                return _read(read, self._http.once(call, attempts.left()))
            except Failure as failure:
                failed = failure
            self._sleep(attempts.delay(failed))

    def probe(self, call: Call, read: Callable[[bytes], T]) -> T:
        """One attempt: whether the platform answers now."""
        try:
            return _read(read, self._http.once(call, self.timeouts.quick))
        except Failure as failure:
            failed = failure
        raise failed.error

    async def stream(
        self, call: Call, translate: Translate, *, pool: str, after: str = ""
    ) -> AsyncGenerator[tuple[str, Event], None]:
        """What `translate` makes of the events of a 200. Tries again until the first of them; what breaks after that
        is StreamBroken. `translate` raises Failure, or anything else to be passed on. `after` is the last id known."""
        attempts = self._attempts(self.timeouts.first)
        last, begun = after, False
        while True:
            try:
                with self._breakers.permit(pool) as permit:
                    raw = self._http.events(call, attempts.left())
                    async with aclosing(raw), aclosing(translate(raw)) as events:
                        async for event_id, event in events:
                            permit.answered()
                            last, begun = event_id or last, True
                            yield event_id, event
                return
            except Failure as failure:
                failed = failure
            if isinstance(failed.error, StreamBroken) or (begun and isinstance(failed.error, PlatformUnavailable)):
                failed.error = StreamBroken(failed.error.message, last_id=last)
            if begun:
                raise failed.error
            await asyncio.sleep(attempts.delay(failed))

    def close(self) -> None:
        """Close the connections of synchronous calls. Later calls open new ones."""
        self._http.close()

    async def aclose(self) -> None:
        """Close the connections that the running event loop opened. Later calls open new ones."""
        await self._http.aclose()

    def __repr__(self) -> str:
        return f"Courier({self._http!r})"

    def _attempts(self, limit: float) -> Attempts:
        return Attempts(self._retry, limit, self._entropy, self._monotonic)


def _read(read: Callable[[bytes], T], body: bytes) -> T:
    try:
        return read(body)
    except Unreadable as problem:
        failed = unreadable(problem)
    raise failed
