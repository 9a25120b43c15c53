"""What the recording platform counts, and when it hands the counts on."""

import asyncio
import threading
import time
from collections.abc import Mapping
from contextlib import aclosing

import pytest

from app.adapters.platform_memory import MemoryOptions, MemoryPlatform
from app.adapters.platform_recording import RecordedPlatform, Tally
from app.dialogue import Ensemble
from app.errors import DatabaseUnavailable, PlatformDenied, PlatformLimited
from app.ports import AgentPlatform
from tests.ports.platform_rigs import ask


class Closing(MemoryPlatform):
    """A memory platform has nothing to let go of; this one tells when it was asked to."""

    closed = False

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


class Book:
    """Keeps what it is handed, in order; `away` is how often it refuses first."""

    def __init__(self, away: int = 0) -> None:
        self.away = away
        self.pages: list[dict[str, Tally]] = []
        self.threads: set[str] = set()

    def __call__(self, counts: Mapping[str, Tally]) -> None:
        self.threads.add(threading.current_thread().name)
        if self.away:
            self.away -= 1
            raise DatabaseUnavailable("away")
        self.pages.append(dict(counts))


def recorded(
    book: Book, *, signed: bool = False, pause: float = 60, options: MemoryOptions | None = None
) -> tuple[RecordedPlatform, Closing]:
    inner = Closing(options=options)
    return RecordedPlatform(inner, book, signed=signed, pause=pause), inner


def as_promised(platform: RecordedPlatform) -> AgentPlatform:
    return platform


async def whole(platform: RecordedPlatform) -> int:
    return len([event async for event in platform.stream(ask())])


def test_every_kind_of_call_is_counted_once_however_many_events_come() -> None:
    book = Book()
    platform, _ = recorded(book)
    assert as_promised(platform).invoke(ask()).content
    assert asyncio.run(whole(platform)) > 3
    assert list(platform.models()) and platform.budget() and platform.health().healthy
    platform.flush()
    assert book.pages == [{name: Tally(1) for name in ("invoke", "stream", "models", "budget", "health")}]


def test_ensembles_and_tokens_are_counted_beside_the_call() -> None:
    book = Book()
    platform, _ = recorded(book, signed=True)
    platform.invoke(ask(ensemble=Ensemble("fallback")))
    platform.health()
    platform.flush()
    assert book.pages == [{name: Tally(1) for name in ("invoke", "ensembles", "tokens", "health")}]


def test_failures_are_counted_with_their_code_and_raised() -> None:
    book = Book()
    platform, inner = recorded(book, signed=True)
    inner.fail(PlatformLimited("slow down"))
    with pytest.raises(PlatformLimited):
        platform.invoke(ask())
    inner.fail(PlatformDenied("who are you"))
    with pytest.raises(PlatformDenied):
        asyncio.run(whole(platform))
    platform.flush()
    assert book.pages == [
        {
            "invoke": Tally(0, 1, "platform-limited"),
            "stream": Tally(0, 1, "platform-denied"),
            "tokens": Tally(0, 1, "platform-denied"),
        }
    ]


def test_stream_that_breaks_is_a_failure_and_one_that_is_left_is_not() -> None:
    book = Book()
    platform, inner = recorded(book)
    inner.break_after(1)
    with pytest.raises(Exception, match="broke off"):
        asyncio.run(whole(platform))

    async def leave() -> None:
        async with aclosing(platform.stream(ask("turn-2"))) as events:
            await anext(events)

    asyncio.run(leave())
    assert inner.cancelled == ["turn-2"]
    platform.flush()
    assert book.pages == [{"stream": Tally(1, 1, "stream-broken")}]


def test_counts_gather_and_are_written_by_a_thread_of_their_own() -> None:
    book = Book()
    platform, _ = recorded(book, pause=0.1)
    for number in range(5):
        platform.invoke(ask(f"turn-{number}"))
    assert book.pages == []
    deadline = time.monotonic() + 5
    while not book.pages and time.monotonic() < deadline:
        time.sleep(0.01)
    assert book.pages == [{"invoke": Tally(5)}]
    assert book.threads.isdisjoint({threading.current_thread().name})


def test_counts_stay_while_the_database_is_away() -> None:
    book = Book(away=1)
    platform, _ = recorded(book)
    platform.models()
    platform.flush()
    platform.models()
    platform.flush()
    platform.flush()
    assert book.pages == [{"models": Tally(2)}]


def test_counts_that_can_not_be_written_hurt_nobody() -> None:
    def broken(counts: Mapping[str, Tally]) -> None:
        raise LookupError("no such table")

    platform = RecordedPlatform(Closing(), broken, signed=False)
    assert list(platform.models())
    platform.flush()
    assert platform.invoke(ask()).content
    platform.close()


def test_close_writes_what_is_left_and_closes_the_other() -> None:
    book = Book()
    platform, inner = recorded(book)
    platform.models()
    platform.close()
    assert book.pages == [{"models": Tally(1)}] and inner.closed
    assert platform.name == "memory" and repr(platform).startswith("RecordedPlatform(")


def test_many_threads_lose_no_count() -> None:
    book = Book()
    platform, _ = recorded(book, pause=0.005)
    threads = [threading.Thread(target=lambda: [platform.models() for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    platform.flush()
    time.sleep(0.05)
    assert sum(page["models"].ok for page in book.pages) == 800
