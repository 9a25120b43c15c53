"""AgentPlatform that counts what is asked of another: which capability, how often, how it went. Never what was said.

One count a call, none a token. Counts gather in memory and are handed on together, a moment after the first, from a
thread of their own: no answer waits for it. What a killed process had gathered is lost; these are statistics.
"""

import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import structlog

from app.dialogue import Ask, Budget, Event, Health, Reply
from app.errors import DnftError, PlatformDenied, Unavailable
from app.ports import AgentPlatform

log = structlog.get_logger("platform")

PAUSE: Final = 2.0
"""Seconds for which counts gather."""


@dataclass(slots=True)
class Tally:
    """Calls of one capability since the last time they were handed on."""

    ok: int = 0
    errors: int = 0
    last_error: str = ""
    """Code of the newest failure."""


Result = TypeVar("Result")
Sink = Callable[[Mapping[str, Tally]], None]


class Closable(AgentPlatform, Protocol):
    """A platform with connections to let go of."""

    def close(self) -> None: ...
    async def aclose(self) -> None: ...


class RecordedPlatform:
    """For many threads. `signed`: our credentials are tokens that the platform checks against our keys, so each answer
    exercises that too. `sink` may block, and may raise Unavailable: then the counts stay for the next time. After any
    other error they are dropped."""

    def __init__(self, platform: Closable, sink: Sink, *, signed: bool, pause: float = PAUSE) -> None:
        self.name = platform.name
        self._platform = platform
        self._sink = sink
        self._signed = signed
        self._pause = pause
        self._tallies: dict[str, Tally] = {}
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._flushing = threading.Lock()

    def __repr__(self) -> str:
        return f"RecordedPlatform({self._platform!r})"

    # --- the port

    def invoke(self, ask: Ask) -> Reply:
        return self._count(("invoke", *_with_ensemble(ask)), lambda: self._platform.invoke(ask))

    async def stream(self, ask: Ask, *, after: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        """A stream that its listener leaves counts as good once something came."""
        names = ("stream", *_with_ensemble(ask))
        came = False
        try:
            async with aclosing(self._platform.stream(ask, after=after)) as events:
                async for found in events:
                    came = True
                    yield found
        except DnftError as error:
            self._note(names, error)
            raise
        except BaseException:
            if came:
                self._note(names, None)
            raise
        self._note(names, None)

    def models(self) -> Sequence[str]:
        return self._count(("models",), self._platform.models)

    def budget(self) -> Budget | None:
        return self._count(("budget",), self._platform.budget)

    def health(self) -> Health:
        # Open to everybody, so it says nothing about our credentials.
        return self._count(("health",), self._platform.health, credentials=False)

    def close(self) -> None:
        self.flush()
        self._platform.close()

    async def aclose(self) -> None:
        await self._platform.aclose()

    # --- counting

    def flush(self) -> None:
        """Hand on what has gathered."""
        with self._flushing:
            with self._lock:
                gathered, self._tallies = self._tallies, {}
                timer, self._timer = self._timer, None
            if timer is not None:
                timer.cancel()
            if not gathered:
                return
            try:
                self._sink(gathered)
            except Unavailable as error:
                log.warning("calls are not recorded yet", why=error.message)
                with self._lock:
                    for name, tally in gathered.items():
                        self._add(name, tally)
            except Exception as error:
                # A database that was never migrated, say. Nobody's answer may fail for the sake of statistics.
                log.warning("calls can not be recorded", why=type(error).__name__)

    def _count(self, names: Sequence[str], call: Callable[[], Result], *, credentials: bool = True) -> Result:
        try:
            answer = call()
        except DnftError as error:
            self._note(names, error, credentials=credentials)
            raise
        self._note(names, None, credentials=credentials)
        return answer

    def _note(self, names: Sequence[str], error: DnftError | None, *, credentials: bool = True) -> None:
        code = error.code if error is not None else ""
        failed = Tally(0, 1, code) if error is not None else Tally(1)
        with self._lock:
            for name in names:
                self._add(name, failed)
            # Whatever else it refuses, a platform that answers has read the token; only a denial is about us.
            if self._signed and credentials and (error is None or isinstance(error, PlatformDenied)):
                self._add("tokens", failed)
            if self._timer is None:
                self._timer = threading.Timer(self._pause, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def _add(self, name: str, more: Tally) -> None:
        found = self._tallies.setdefault(name, Tally())
        found.ok += more.ok
        found.errors += more.errors
        found.last_error = more.last_error or found.last_error


def _with_ensemble(ask: Ask) -> tuple[str, ...]:
    return ("ensembles",) if ask.ensemble is not None else ()
