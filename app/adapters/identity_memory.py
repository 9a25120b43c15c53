"""Nonces, session keys and revocations of one process (ports NonceStore, SessionKeys, Revocations)."""

from collections.abc import Sequence
from threading import Lock

from app.identity import StoredKey


class MemoryNonces:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._expiries: dict[str, int] = {}

    def issue(self, nonce: str, expires_at: int) -> None:
        with self._lock:
            self._expiries[nonce] = expires_at

    def consume(self, nonce: str, now: int) -> int | None:
        with self._lock:
            expires_at = self._expiries.pop(nonce, 0)
        return expires_at if expires_at > now else None

    def forget(self, now: int) -> None:
        with self._lock:
            self._expiries = {nonce: end for nonce, end in self._expiries.items() if end > now}


class MemorySessionKeys:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: dict[int, StoredKey] = {}

    def stored(self) -> Sequence[StoredKey]:
        with self._lock:
            return [self._keys[generation] for generation in sorted(self._keys)]

    def add(self, key: StoredKey) -> bool:
        with self._lock:
            return self._keys.setdefault(key.generation, key) is key

    def drop(self, generation: int) -> None:
        with self._lock:
            self._keys.pop(generation, None)


class MemoryRevocations:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ends: dict[str, int] = {}

    def revoke(self, session_id: str, until: int) -> None:
        with self._lock:
            self._ends[session_id] = max(until, self._ends.get(session_id, 0))

    def revoked(self, session_id: str) -> bool:
        with self._lock:
            return session_id in self._ends

    def forget(self, now: int) -> None:
        with self._lock:
            self._ends = {session: end for session, end in self._ends.items() if end > now}
