"""ContentStore and Pinner in memory."""

from collections.abc import Iterator

from app.errors import UnknownContent
from app.ports import Cid
from app.provenance import car, unixfs
from app.provenance.cid import parse_cid


class MemoryStore:
    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self._blocks: dict[str, bytes] = {}
        self._pins: set[Cid] = set()

    def put_car(self, archive: bytes) -> Cid:
        root, blocks = car.read(archive)
        self._blocks.update(blocks)
        return Cid(root)

    def get_block(self, cid: Cid) -> bytes:
        parse_cid(cid)
        try:
            return self._blocks[cid]
        except KeyError:
            raise UnknownContent(f"The store {self.name} does not have {cid}.") from None

    def has(self, cid: Cid) -> bool:
        parse_cid(cid)
        return cid in self._blocks

    def pin(self, cid: Cid) -> None:
        waiting = [cid]
        while waiting:
            current = waiting.pop()
            links = unixfs.decode(parse_cid(current).codec, self.get_block(current)).links
            waiting += [Cid(link.cid) for link in links]
        self._pins.add(cid)

    def pinned(self) -> Iterator[Cid]:
        yield from sorted(self._pins)
