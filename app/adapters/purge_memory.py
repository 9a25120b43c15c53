"""CachePurger in memory: `MemoryPurger` remembers, for tests; `NoPurger` is used where no hook is configured."""

from collections.abc import Iterable


class MemoryPurger:
    active = True

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.tags: list[str] = []

    def purge(self, urls: Iterable[str], tags: Iterable[str]) -> None:
        self.urls += urls
        self.tags += tags


class NoPurger:
    active = False

    def purge(self, urls: Iterable[str], tags: Iterable[str]) -> None:
        """Nothing is in front of us; answers carry short lifetimes instead."""
