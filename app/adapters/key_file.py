"""Symmetric keys kept in files that nobody else may read."""

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.errors import ConfigurationError

KEY_BYTES: Final = 32


def read_key(path: Path) -> bytes:
    """The 32 bytes that the file holds as 64 hex digits. Raises FileNotFoundError, and ConfigurationError when it is
    something else, or when others than its owner may read it."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigurationError([f"{path.name} can be read by others; take that from them with `chmod 600`."])
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError([f"{path.name} holds no key of {2 * KEY_BYTES} hex digits."])
    return key


def kept_key(path: Path, entropy: Callable[[int], bytes]) -> bytes:
    """The key in the file, made (mode 0600) when there is none. Of several processes that make it at the same moment
    one wins, and all use that one; whoever is killed meanwhile leaves no half of a key."""
    with suppress(FileNotFoundError):
        return read_key(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(entropy(KEY_BYTES).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)  # unlike a rename, does not replace the file of whoever was faster
    finally:
        os.unlink(name)
    return read_key(path)
