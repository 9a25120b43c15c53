"""The seed of a collection in plain Python, part of the contract's model: given from the start, or taken from a block.

An open collection has the seed's hash from its constructor. A blind one is closed, which ends its minting and names a
block to come; then anybody captures that block's hash, or fixes a new block when the chain has forgotten it.
"""

from dataclasses import dataclass, replace

from app.adapters.chain_model_roles import Caller, Refused
from app.ports import Hash32

REVEAL_DELAY = 64
"""Blocks from closing to the block that the seed comes from."""


@dataclass
class Reveal:
    pack_hash: Hash32
    seed_hash: Hash32 | None
    """None for a blind collection."""
    block: int | None = None
    """Whose hash the seed comes from; None until the collection is closed."""
    captured: Hash32 | None = None

    @classmethod
    def initial(cls, pack_hash: bytes, seed_hash: bytes) -> "Reveal":
        """The constructor's part; raises Refused."""
        if not any(pack_hash):
            raise Refused("InvalidPackHash")
        seed = Hash32("0x" + seed_hash.hex()) if any(seed_hash) else None
        return cls(Hash32("0x" + pack_hash.hex()), seed)

    def copy(self) -> "Reveal":
        return replace(self)

    def require_minting(self) -> None:
        if self.block is not None:
            raise Refused("MintIsClosed")

    def close(self, caller: Caller) -> None:
        """Of a caller who may."""
        if self.seed_hash is not None:
            raise Refused("NotBlind")
        if self.block is not None:
            raise Refused("AlreadyClosed")
        self.block = caller.block + REVEAL_DELAY

    def capture(self, caller: Caller) -> None:
        if self.block is None:
            raise Refused("NotClosed")
        if self.captured is not None:
            raise Refused("AlreadyCaptured")
        if caller.block <= self.block:
            raise Refused("RevealNotReached", self.block)
        self.captured = caller.hash_of(self.block)
        if self.captured is None:
            self.block = caller.block + REVEAL_DELAY
