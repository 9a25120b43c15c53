"""ContentStore and Pinner on a Kubo node, through ipfshttpclient (`Client(addr)`: `connect()` refuses newer nodes).

A CAR goes in by `dag/import`, so the content ids are ours by construction; every block read back is hashed again.
"""

import io
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import ipfshttpclient
from ipfshttpclient import exceptions as ipfs

from app.errors import ContentCorrupt, StoreUnavailable, UnknownContent
from app.ports import Cid
from app.provenance import car
from app.provenance.cid import block_cid, parse_cid

Result = TypeVar("Result")
TIMEOUT = 60.0


class KuboStore:
    def __init__(self, address: str, name: str = "kubo") -> None:
        """`address` is the multiaddr of the API, such as /ip4/127.0.0.1/tcp/5001/http."""
        self.name = name
        self._client: Any = ipfshttpclient.Client(address, timeout=TIMEOUT)

    def __repr__(self) -> str:
        return f"KuboStore({self.name})"

    def put_car(self, archive: bytes) -> Cid:
        root, _ = car.read(archive)  # refuses a damaged archive before anything is sent
        self._call(lambda: self._client.dag.imprt(io.BytesIO(archive)))
        return Cid(root)

    def get_block(self, cid: Cid) -> bytes:
        parse_cid(cid)
        block = bytes(self._call(lambda: self._client.block.get(cid, opts={"offline": "true"}), missing=cid))
        if block_cid(parse_cid(cid).codec, block) != cid:
            raise ContentCorrupt(f"The store {self.name} returned other bytes for {cid}.")
        return block

    def has(self, cid: Cid) -> bool:
        try:
            self.get_block(cid)
        except UnknownContent:
            return False
        return True

    def pin(self, cid: Cid) -> None:
        parse_cid(cid)
        self._call(lambda: self._client.pin.add(cid, recursive=True), missing=cid)

    def pinned(self) -> Iterator[Cid]:
        keys = self._call(lambda: self._client.pin.ls(type="recursive"))["Keys"]
        yield from sorted(Cid(key) for key in keys)

    def _call(self, action: Callable[[], Result], missing: Cid | None = None) -> Result:
        try:
            return action()
        except ipfs.ErrorResponse as error:
            if missing is not None and ("not found" in str(error) or "offline" in str(error)):
                raise UnknownContent(f"The store {self.name} does not have {missing}.") from error
            raise StoreUnavailable(f"The store {self.name} refused: {str(error)[:200]}") from error
        except (ipfs.Error, OSError) as error:
            raise StoreUnavailable(
                f"The store {self.name} does not answer ({type(error).__name__}).", hint="Start the Kubo node."
            ) from error
