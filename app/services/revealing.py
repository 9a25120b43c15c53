"""The reveal of a blind collection: its minting ends, a later block gives the seed, and births follow.

    close ─▶ the block it named passes ─▶ capture, final ─▶ seed = SHA-256(pack hash ‖ block hash) ─▶ births, snapshot 2

No secret of ours is in the seed, and nobody knew that block when minting ended.
"""

import hashlib
from typing import Final

from app.db.database import Database
from app.db.tables import Collection
from app.errors import Conflict
from app.ports import Address, AgentContract, Call, Clock, CollectionState, Hash32
from app.provenance.ids import checksum_address

BLIND: Final = "blind"


def close_key(collection_id: int) -> str:
    return f"close:{collection_id}"


def capture_key(collection_id: int, block: int) -> str:
    """One capture for each block that was fixed: when nobody came in time, the contract fixes another."""
    return f"capture:{collection_id}:{block}"


def blind_seed(pack_hash: str, block_hash: Hash32) -> bytes:
    """The seed of a blind collection: 32 bytes anyone can compute. `pack_hash` is 64 hex digits."""
    return hashlib.sha256(bytes.fromhex(pack_hash.removeprefix("0x")) + bytes.fromhex(block_hash[2:])).digest()


class Revealing:
    def __init__(self, database: Database, contract: AgentContract, clock: Clock) -> None:
        self._database = database
        self._contract = contract
        self._clock = clock

    def check(self, project_id: int, collection_id: int) -> Collection:
        """The collection, if it can be revealed. Raises Conflict."""
        with self._database.read() as unit:
            collection = unit.collections.get(project_id, collection_id)
        if collection.kind != BLIND:
            raise Conflict(f"{collection.slug} is open: its agents were never hidden.")
        if collection.contract is None:
            raise Conflict(f"{collection.slug} is not deployed yet.")
        return collection

    def plan_close(self, project_id: int, collection_id: int, sender: Address) -> str:
        """Plan the transaction that ends minting; returns its key."""
        collection = self.check(project_id, collection_id)
        return self._plan(collection, close_key(collection_id), self._contract.close(_address(collection)), sender)

    def plan_capture(self, project_id: int, collection_id: int, block: int, sender: Address) -> str:
        """Plan the transaction that writes down the hash of `block`; returns its key."""
        collection = self.check(project_id, collection_id)
        call = self._contract.capture(_address(collection))
        return self._plan(collection, capture_key(collection_id, block), call, sender)

    def plan_block(self, project_id: int, collection_id: int, number: int, sender: Address) -> str:
        """Plan an empty transaction that makes block `number` on a developers' chain, where there is none without;
        returns its key."""
        collection = self.check(project_id, collection_id)
        return self._plan(collection, f"block:{collection_id}:{number}", Call(sender, b""), sender)

    def finish(self, project_id: int, collection_id: int, state: CollectionState) -> str:
        """Write down the seed that `state`, read at a final block, gives; returns it in hex. Raises Conflict when
        nothing was captured, or another pack is in the contract."""
        with self._database.write() as unit:
            collection = unit.collections.get(project_id, collection_id, lock=True)
            if state.captured is None:
                raise Conflict("The block of the reveal is not captured yet.", hint="Run `dnft reveal` again.")
            if state.pack_hash.removeprefix("0x") != collection.pack_hash:
                raise Conflict("The contract was made for another pack than this collection's row names.")
            seed = blind_seed(collection.pack_hash, state.captured).hex()
            if collection.seed and collection.seed != seed:
                raise Conflict("This collection has another seed already; births cannot be taken back.")
            collection.seed = seed
            unit.collections.add(collection)
        return seed

    def _plan(self, collection: Collection, key: str, call: Call, sender: Address) -> str:
        assert collection.id is not None
        with self._database.write() as unit:
            unit.collections.get(collection.project_id, collection.id, lock=True)
            unit.chains.plan(
                collection.project_id,
                collection.id,
                key,
                chain_id=collection.chain_id,
                sender=sender,
                call=call,
                now=int(self._clock.now().timestamp()),
            )
        return key


def _address(collection: Collection) -> Address:
    return Address(checksum_address(collection.contract or ""))
