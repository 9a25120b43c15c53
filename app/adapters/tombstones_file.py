"""Port TombstoneLog on a file: one JSON object a line, added to and never rewritten. It names pseudonyms only."""

import fcntl
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from app.errors import StoreUnavailable
from app.scope import Tombstone


class FileTombstones:
    """Safe to use from several processes. A line that a power cut broke off was never promised, and is passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __repr__(self) -> str:
        return f"FileTombstones({self._path.name})"

    def add(self, tombstone: Tombstone) -> None:
        line = json.dumps({"project": tombstone.project_id, "user": tombstone.user, "erasedAt": tombstone.erased_at})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = not self._path.exists()
            with open(self._path, "a+b", opener=_private) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.write(_mended(file) + line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                folder = os.open(self._path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except OSError as error:
            raise StoreUnavailable(f"The log of erasures can not be written: {error.strerror}.") from error

    def all(self) -> Sequence[Tombstone]:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreUnavailable(f"The log of erasures can not be read: {error.strerror}.") from error
        *lines, _ = content.split(b"\n")
        return [
            self._read(number, line)
            for number, line in enumerate(lines, start=1)
            if not line.endswith(_BROKEN) and line.strip()
        ]

    def _read(self, number: int, line: bytes) -> Tombstone:
        try:
            row = json.loads(line)
            project, user, erased_at = row["project"], row["user"], row["erasedAt"]
            if type(project) is int and type(user) is str and type(erased_at) is int:
                return Tombstone(project, user, erased_at)
        except (ValueError, KeyError, TypeError):
            pass
        raise StoreUnavailable(
            f"Line {number} of the log of erasures {self._path.name} is damaged.",
            hint="Take that file from its newest copy; without it, a restored backup may show what was erased.",
            retry_after=None,
        )


_BROKEN = b"#broken"
"""Put behind a line that a power cut broke off, when the next one is added."""


def _mended(file: BinaryIO) -> bytes:
    """What closes a line that was broken off; nothing when the last one is whole."""
    end = file.seek(0, os.SEEK_END)
    if end == 0:
        return b""
    file.seek(end - 1)
    return b"" if file.read(1) == b"\n" else _BROKEN + b"\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
