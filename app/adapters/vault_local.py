"""Port KeyVault with a master key of our own: from the settings, or a file only we can read."""

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import ConfigurationError
from app.provenance.sealing import KEY_BYTES, NONCE_BYTES, seal, unseal

_HEX: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_PRIVATE: Final = 0o077
"""Mode bits that let others in."""


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


def master_from_text(text: str) -> bytes:
    """A master key of 64 hex digits; raises ConfigurationError, which does not quote it."""
    if not _HEX.fullmatch(text):
        raise ConfigurationError(["DNFT_VAULT_KEY is not a key of 64 hex digits."])
    return bytes.fromhex(text)


def master_from_file(path: Path, entropy: Callable[[int], bytes], *, make: bool) -> bytes:
    """The master key in a file of mode 0600. With `make`, a missing one is made; of several processes that make it at
    once, all get the same. Raises ConfigurationError."""
    try:
        if not path.exists() and make:
            _write(path, entropy(KEY_BYTES))
        if path.stat().st_mode & _PRIVATE:
            raise ConfigurationError([f"Others may read the vault key {path}; run: chmod 600 {path}"])
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        raise ConfigurationError(
            [f"There is no vault key: set DNFT_VAULT_KEY to 64 hex digits, or put them into {path} with mode 0600."]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"The vault key {path} can not be read: {type(error).__name__}"]) from None
    if not _HEX.fullmatch(text):
        raise ConfigurationError([f"The vault key {path} is damaged: it holds no 64 hex digits. Restore that file."])
    return bytes.fromhex(text)


def _write(path: Path, key: bytes) -> None:
    """There whole or not at all; one that is there already stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp opens with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)  # fails when `path` exists, unlike a rename
    except FileExistsError:
        return
    finally:
        os.unlink(name)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
