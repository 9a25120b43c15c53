"""Port KeyVault with a master key of our own."""

from collections.abc import Callable
from typing import Any, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import ConfigurationError
from app.provenance.sealing import KEY_BYTES, NONCE_BYTES, seal, unseal


class LocalVault:
    """Every use has a key of its own, derived from the master key by HKDF-SHA256 (RFC 5869)."""

    __slots__ = ("__master", "_entropy")

    def __init__(self, master: bytes, entropy: Callable[[int], bytes]) -> None:
        if len(master) != KEY_BYTES:
            raise ConfigurationError([f"The vault key must be {KEY_BYTES} bytes"])
        self.__master = master
        self._entropy = entropy

    def wrap(self, data_key: bytes, context: bytes) -> bytes:
        return seal(self._key("wrap"), self._entropy(NONCE_BYTES), data_key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        return unseal(self._key("wrap"), wrapped, context)

    def derive(self, purpose: str) -> bytes:
        return self._key(f"derive {purpose}")

    def _key(self, use: str) -> bytes:
        return HKDF(SHA256(), KEY_BYTES, None, f"dnft vault {use}".encode()).derive(self.__master)

    def __repr__(self) -> str:
        return "LocalVault()"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A vault holds a key and can not be pickled or copied")
