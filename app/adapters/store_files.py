"""ContentStore and Pinner on a folder: one file a block, written aside and renamed, checked on every read."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.errors import ContentCorrupt, StoreUnavailable, UnknownContent
from app.ports import Cid
from app.provenance import car, unixfs
from app.provenance.cid import block_cid, parse_cid


class FileStore:
    """Blocks under `blocks/<last two characters but one>/<cid>`, recursive pins as empty files under `pins/`."""

    def __init__(self, folder: Path, name: str = "files") -> None:
        self.name = name
        self._blocks = folder / "blocks"
        self._pins = folder / "pins"
        try:
            self._blocks.mkdir(parents=True, exist_ok=True)
            self._pins.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"The content folder cannot be made: {error.strerror}.") from error

    def __repr__(self) -> str:
        return f"FileStore({self.name})"

    def put_car(self, archive: bytes) -> Cid:
        root, blocks = car.read(archive)
        for cid, block in blocks.items():
            self._write(cid, block)
        return Cid(root)

    def get_block(self, cid: Cid) -> bytes:
        try:
            block = self._path(cid).read_bytes()
        except FileNotFoundError:
            raise UnknownContent(f"The store {self.name} does not have {cid}.") from None
        except OSError as error:
            raise StoreUnavailable(f"The store {self.name} cannot read {cid}: {error.strerror}.") from error
        if block_cid(parse_cid(cid).codec, block) != cid:
            raise ContentCorrupt(f"The store {self.name} holds damaged bytes under {cid}.", hint="Restore that block.")
        return block

    def has(self, cid: Cid) -> bool:
        return self._path(cid).is_file()

    def pin(self, cid: Cid) -> None:
        waiting = [cid]
        while waiting:
            current = waiting.pop()
            links = unixfs.decode(parse_cid(current).codec, self.get_block(current)).links
            waiting += [Cid(link.cid) for link in links]
        try:
            (self._pins / cid).touch()
        except OSError as error:
            raise StoreUnavailable(f"The store {self.name} cannot pin {cid}: {error.strerror}.") from error

    def pinned(self) -> Iterator[Cid]:
        for entry in sorted(os.listdir(self._pins)):
            yield Cid(entry)

    def _path(self, cid: Cid) -> Path:
        parse_cid(cid)  # a content id is also what keeps the path inside the folder
        return self._blocks / cid[-3:-1] / cid

    def _write(self, cid: str, block: bytes) -> None:
        path = self._path(Cid(cid))
        # Threads and processes may store the same block at once: each writes aside under a name of its own.
        aside = path.with_name(f".{cid}.{os.getpid()}.{threading.get_ident()}")
        try:
            if path.is_file() and path.read_bytes() == block:
                return  # bytes that were damaged meanwhile are written anew
            path.parent.mkdir(exist_ok=True)
            with aside.open("wb") as file:
                file.write(block)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except OSError as error:
            with suppress(OSError):
                aside.unlink()
            raise StoreUnavailable(f"The store {self.name} cannot write: {error.strerror}.") from error
