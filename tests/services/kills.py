"""Ending a process at a chosen point, without a process: real wrappers that raise what nothing catches.

    kills = Kills()
    kills.at = 7                     # the seventh point that is passed raises Killed
    chain = KillingChain(real_chain, kills)

Points lie before and after every call that leaves the process and every unit of work. A test that repeats for each
number until nothing is raised has been killed everywhere.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from app.db.database import Database
from app.db.repositories import Unit
from app.ports import Cid


class Killed(BaseException):
    """The process is gone: no `except Exception` sees it."""


class Kills:
    """Counts points, and kills at one of them."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.passed = 0

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed(f"at point {self.at}")

    def around(self, action: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **keywords: Any) -> Any:
            self.point()
            result = action(*arguments, **keywords)
            self.point()
            return result

        return run


class Killing:
    """Any port, with a point before and after each call."""

    def __init__(self, real: Any, kills: Kills) -> None:
        self._real = real
        self._kills = kills

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._real, name)
        return self._kills.around(member) if callable(member) else member


class KillingDatabase(Database):
    """A database with a point before each unit of work begins and after it is committed."""

    def __init__(self, real: Database, kills: Kills) -> None:
        self.url, self.is_sqlite, self.engine = real.url, real.is_sqlite, real.engine
        self._kills = kills

    @contextmanager
    def read(self) -> Iterator[Unit]:
        self._kills.point()
        with super().read() as unit:
            yield unit

    @contextmanager
    def write(self) -> Iterator[Unit]:
        self._kills.point()
        with super().write() as unit:
            yield unit
            self._kills.point()  # inside: all of it is rolled back
        self._kills.point()


def everywhere(kills: Kills, attempt: Callable[[int], bool], *, most: int = 400) -> int:
    """Call `attempt(1)`, `attempt(2)`, … until one says that it was not killed any more; returns how many were."""
    for at in range(1, most):
        kills.at, kills.passed = at, 0
        if not attempt(at):
            return at - 1
    raise AssertionError(f"still killed at point {most}")


class LyingStore:
    """A store that keeps everything and returns other bytes for one block."""

    def __init__(self, real: Any, lie: bytes | None = b"something else") -> None:
        self._real, self._lie = real, lie
        self.name = "liar"
        self.about: Callable[[str], bool] = lambda cid: True

    def put_car(self, archive: bytes) -> Cid:
        root: Cid = self._real.put_car(archive)
        return root

    def get_block(self, cid: Cid) -> bytes:
        block: bytes = self._real.get_block(cid)
        return self._lie if self._lie is not None and self.about(cid) else block

    def has(self, cid: Cid) -> bool:
        found: bool = self._real.has(cid)
        return found


class FailingPurger:
    """A purge hook that fails while `down`, and remembers in what order things happened."""

    active = True

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.down = True
        self.tags: list[str] = []
        self.urls: list[str] = []

    def purge(self, urls: Iterable[str], tags: Iterable[str]) -> None:
        if self.down:
            raise self.error
        self.urls += urls
        self.tags += tags
