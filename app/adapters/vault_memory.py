"""Port KeyVault in memory: what is wrapped is a ticket, and the key stays here until the process ends."""

import hashlib
import hmac
from collections.abc import Callable
from threading import Lock
from typing import Any, NoReturn

from app.errors import Unreadable
from app.provenance.sealing import KEY_BYTES


class MemoryVault:
    """Safe to use from several threads."""

    def __init__(self, entropy: Callable[[int], bytes]) -> None:
        self._entropy = entropy
        self._lock = Lock()
        self.__secret = entropy(KEY_BYTES)
        self.__kept: dict[bytes, tuple[bytes, bytes]] = {}

    def wrap(self, data_key: bytes, context: bytes) -> bytes:
        with self._lock:
            ticket = self._entropy(16)
            while ticket in self.__kept:
                ticket = self._entropy(16)
            self.__kept[ticket] = (context, data_key)
        return ticket

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        with self._lock:
            bound, data_key = self.__kept.get(wrapped, (b"", b""))
        if not data_key or bound != context:
            raise Unreadable("This data key is not of this vault and context.", hint="Trying again does not help.")
        return data_key

    def derive(self, purpose: str) -> bytes:
        return hmac.new(self.__secret, purpose.encode(), hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "MemoryVault()"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A vault holds a key and can not be pickled or copied")
