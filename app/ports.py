"""The seams between us and the world: one Protocol per outside thing, with what it promises.

Each port has an in-memory implementation (a real one, not a mock) and one behaviour suite in `tests/ports/` that
runs on every implementation. Errors named here are from `app.errors`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType, Protocol

from app.consumers.observation import HttpAnswer as HttpAnswer
from app.provenance.unixfs import Dag

Address = NewType("Address", str)
"""20-byte account or contract address in EIP-55 form (0x + 40 hex digits, mixed case)."""
Hash32 = NewType("Hash32", str)
"""32-byte hash, 0x + 64 lower-case hex digits."""
Cid = NewType("Cid", str)
"""CIDv1 in base32, as printed by IPFS (b…)."""

BlockTag = int | Literal["latest", "finalized"]


class Clock(Protocol):
    """A wall clock. Two are wired: the security clock (always real) and the calendar of days, which a demo may move."""

    def now(self) -> datetime:
        """Current time, timezone-aware UTC."""


# --- chain -----------------------------------------------------------------------------------------------------------


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


class ChainReader(Protocol):
    """Reads one chain. Every method raises ChainUnavailable when the node does not answer in time."""

    def chain_id(self) -> int:
        """EIP-155 chain id."""

    def block(self, tag: BlockTag | Hash32) -> Block | None:
        """The block, or None when the node does not know it. `finalized` means the set depth where there is no tag."""

    def transfers(self, contract: Address, first: int, last: int) -> Sequence[Transfer]:
        """All Transfer logs of `contract` in blocks first..last, inclusive, in chain order."""

    def transfers_in(self, contract: Address, block_hash: Hash32) -> Sequence[Transfer]:
        """The Transfer logs of one block named by hash (EIP-234); raises ChainRefused when the block is not known."""

    def collection(self, contract: Address, tag: BlockTag = "latest") -> CollectionState:
        """The contract's public state at one block; raises ChainRefused when there is no AgentNFT at that address."""

    def owner_of(self, contract: Address, token_id: int, tag: BlockTag = "latest") -> Address | None:
        """Owner, or None when the token does not exist (unminted or burned)."""

    def receipt(self, transaction: Hash32) -> Receipt | None:
        """Receipt of a mined transaction, or None while it is unknown or pending."""

    def nonce(self, account: Address, pending: bool = False) -> int:
        """Next nonce at `latest`, or counting the node's own pending transactions."""

    def balance(self, account: Address) -> int:
        """Wei at `latest`."""

    def fees(self) -> Fees:
        """Fees that get a transaction into one of the next blocks: twice the base fee plus a tip."""

    def simulate(self, sender: Address, call: Call) -> int:
        """Gas estimate for the call at `latest`; raises Reverted (with the decoded reason) when it would revert."""


class ChainWriter(Protocol):
    """Hands signed transactions to one chain."""

    def broadcast(self, raw: bytes) -> Hash32:
        """Send signed bytes; a transaction the node already knows is no error. Raises NonceTooLow, Underpriced,
        InsufficientFunds, WrongChain, Reverted, or ChainUnavailable when it is unknown whether it arrived."""


class Signer(Protocol):
    """Signs with one key, which never leaves it. `repr` shows the address only."""

    @property
    def address(self) -> Address: ...

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        """EIP-1559 (type 2) signature. Deterministic (RFC 6979): the same input gives the same bytes."""


class AgentContract(Protocol):
    """Builds calls to AgentNFT; it reads nothing and sends nothing."""

    def deployment(
        self, *, name: str, symbol: str, origin: str, supply: int, admin: Address, committer: Address, minter: Address
    ) -> Call: ...

    def commit(self, contract: Address, *, number: int, covered: int) -> Call:
        """Commit `number` (dense, from 1) raising `covered`."""

    def mint(self, contract: Address, *, receivers: Sequence[Address], first: int) -> Call:
        """Mint ids first, first+1, … to the receivers, in order; reverts unless all are covered and unminted."""


# --- content ---------------------------------------------------------------------------------------------------------


class ContentStore(Protocol):
    """Keeps IPLD blocks under their content ids. Writes are atomic and may be repeated."""

    name: str

    def put_car(self, car: bytes) -> Cid:
        """Store every block of a CARv1 and return its single root. Raises ContentCorrupt when a block does not hash to
        its CID (nothing is stored then), StoreUnavailable when the store does not answer."""

    def get_block(self, cid: Cid) -> bytes:
        """One block, checked against its CID. Raises UnknownContent, ContentCorrupt or StoreUnavailable."""

    def has(self, cid: Cid) -> bool: ...


class Pinner(Protocol):
    """Keeps a DAG from being collected."""

    def pin(self, cid: Cid) -> None:
        """Pin recursively; pinning twice is no error. Raises UnknownContent when a block is missing."""

    def pinned(self) -> Iterator[Cid]:
        """All recursive pins."""


class ContentKeeper(Protocol):
    """Keeps new content wherever it has to be kept, before anybody is told of it."""

    def keep(self, dags: Sequence[Dag]) -> None:
        """Put, pin and read back every DAG in every replica. Raises StoreUnavailable when fewer replicas than wanted
        hold all of it; repeating it is safe."""


# --- caches in front of us -------------------------------------------------------------------------------------------


class CachePurger(Protocol):
    """Tells the caches in front of us that documents changed."""

    active: bool
    """False when no hook is configured: then answers carry short lifetimes instead."""

    def purge(self, urls: Iterable[str], tags: Iterable[str]) -> None:
        """Drop what is stored under these absolute URLs or Cache-Tags. Returns when the cache has confirmed; raises
        Unavailable when it did not."""


# --- the world outside, as `dnft check` sees it ----------------------------------------------------------------------


class HttpObserver(Protocol):
    """Fetches public URLs the way an indexer does."""

    def fetch(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """Never raises for what the other side does: a failure is an answer with status 0 and `error`."""
