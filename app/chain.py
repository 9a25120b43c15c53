"""Words of a chain, as values: what is read from it and what is sent to it. Pure."""

from dataclasses import dataclass
from typing import Literal, NewType

Address = NewType("Address", str)
"""20-byte account or contract address in EIP-55 form (0x + 40 hex digits, mixed case)."""
Hash32 = NewType("Hash32", str)
"""32-byte hash, 0x + 64 lower-case hex digits."""

BlockTag = int | Literal["latest", "finalized"]


@dataclass(frozen=True, slots=True)
class Block:
    number: int
    hash: Hash32
    parent_hash: Hash32
    timestamp: int
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One ERC-721 Transfer log. A mint comes from the zero address, a burn goes to it."""

    token_id: int
    sender: Address
    receiver: Address
    block_number: int
    block_hash: Hash32
    transaction_hash: Hash32
    log_index: int


@dataclass(frozen=True, slots=True)
class CollectionState:
    """What the AgentNFT contract says of itself at one block."""

    name: str
    symbol: str
    origin: str
    supply: int
    covered: int
    """Ids below this may be minted."""
    commit: int
    """Number of the last commit; 0 before the first."""
    minted: int
    """Tokens in existence: mints less burns."""
    owner: Address
    pack_hash: Hash32
    """Of the personality pack, fixed in the constructor."""
    seed_hash: Hash32 | None
    """sha256 of the collection seed, fixed in the constructor; None for a blind collection, whose seed comes later."""
    reveal_block: int | None
    """Block whose hash a closed blind collection takes its seed from; None until it is closed."""
    captured: Hash32 | None
    """That block's hash, once it was captured."""
    block: Block


@dataclass(frozen=True, slots=True)
class Call:
    """A contract call somebody may send. `to` is None for a deployment."""

    to: Address | None
    data: bytes
    value: int = 0
    """Wei."""


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 fees in wei per gas."""

    max_fee: int
    max_priority_fee: int


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    chain_id: int
    nonce: int
    gas: int
    fees: Fees
    call: Call


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    hash: Hash32
    raw: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    transaction_hash: Hash32
    succeeded: bool
    block_number: int
    block_hash: Hash32
    gas_used: int
    contract: Address | None
    """The contract made, for a deployment."""
