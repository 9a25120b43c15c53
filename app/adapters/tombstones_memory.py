"""Port TombstoneLog in memory."""

from collections.abc import Sequence
from threading import Lock

from app.scope import Tombstone


class MemoryTombstones:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: list[Tombstone] = []

    def add(self, tombstone: Tombstone) -> None:
        with self._lock:
            self._kept.append(tombstone)

    def all(self) -> Sequence[Tombstone]:
        with self._lock:
            return list(self._kept)
