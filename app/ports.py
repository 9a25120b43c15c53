"""The seams between us and the world: one Protocol per outside thing, with what it promises.

Each port has an in-memory implementation (a real one, not a mock) and one behaviour suite in `tests/ports/` that
runs on every implementation. Errors named here are from `app.errors`.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NewType, ParamSpec, Protocol, TypeVar

from app.chain import Address as Address
from app.chain import Block as Block
from app.chain import BlockTag as BlockTag
from app.chain import Call as Call
from app.chain import CollectionState as CollectionState
from app.chain import Fees as Fees
from app.chain import Hash32 as Hash32
from app.chain import Receipt as Receipt
from app.chain import SignedTransaction as SignedTransaction
from app.chain import Transfer as Transfer
from app.chain import UnsignedTransaction as UnsignedTransaction
from app.consumers.observation import HttpAnswer as HttpAnswer
from app.dialogue import Ask, Budget, Event, Health, Reply
from app.provenance.unixfs import Dag
from app.scope import Tombstone

Cid = NewType("Cid", str)
"""CIDv1 in base32, as printed by IPFS (b…)."""


class Clock(Protocol):
    """A wall clock. Two are wired: the security clock (always real) and the calendar of days, which a demo may move."""

    def now(self) -> datetime:
        """Current time, timezone-aware UTC."""


# --- chain -----------------------------------------------------------------------------------------------------------


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


MAX_RANGES = 8
"""Ranges of changed ids that one commit can name."""


class AgentContract(Protocol):
    """Builds calls to AgentNFT; it reads nothing and sends nothing."""

    def deployment(
        self,
        *,
        name: str,
        symbol: str,
        origin: str,
        supply: int,
        pack_hash: Hash32,
        seed_hash: Hash32 | None,
        admin: Address,
        committer: Address,
        minter: Address,
    ) -> Call:
        """`seed_hash` None makes a blind collection."""

    def commit(self, contract: Address, *, number: int, covered: int, changed: Sequence[tuple[int, int]] = ()) -> Call:
        """Commit `number` (dense, from 1) raising `covered`. `changed` are inclusive ranges of ids whose JSON is
        another one now, at most `MAX_RANGES`: each becomes an ERC-4906 event in the same transaction."""

    def close(self, contract: Address) -> Call:
        """End the minting of a blind collection for ever, and fix the block that its seed will come from."""

    def capture(self, contract: Address) -> Call:
        """Write down that block's hash. Anybody may send it, from the block after it on; reverts before. Too late for
        the chain to know the hash, it fixes a new block instead."""

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


# --- private words ---------------------------------------------------------------------------------------------------


class KeyVault(Protocol):
    """Keeps the key of keys, which never leaves it. `repr` shows nothing of it."""

    def wrap(self, data_key: bytes, context: bytes) -> bytes:
        """A data key (32 bytes) as it may be stored. It opens only with the same context."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The data key; raises Unreadable for another vault, another context, or changed bytes."""

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose: the same from the same vault always, and telling nothing of any other."""


class TombstoneLog(Protocol):
    """Who was erased, kept apart from the database and its backups. Only ever added to."""

    def add(self, tombstone: Tombstone) -> None:
        """Safe from a power cut when this returns. Raises StoreUnavailable when it cannot be kept."""

    def all(self) -> Sequence[Tombstone]:
        """Every tombstone, oldest first. Raises StoreUnavailable when they cannot be read whole."""


# --- our own processors ----------------------------------------------------------------------------------------------


Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Workshop(Protocol):
    """Where long pure calculations run: here, or in other processes."""

    lanes: int
    """How many run at the same time."""

    def run(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """What `function` returns or raises. It is a module's own function, and arguments and result can be pickled.
        May be called from several threads."""

    def close(self) -> None:
        """End the processes, if there are any. What is running is finished first."""


# --- caches in front of us -------------------------------------------------------------------------------------------


class CachePurger(Protocol):
    """Tells the caches in front of us that documents changed."""

    active: bool
    """False when no hook is configured: then answers carry short lifetimes instead."""

    def purge(self, urls: Iterable[str], tags: Iterable[str]) -> None:
        """Drop what is stored under these absolute URLs or Cache-Tags. Returns when the cache has confirmed; raises
        Unavailable when it did not."""


# --- the agent platform ----------------------------------------------------------------------------------------------


class AgentPlatform(Protocol):
    """Where the models are. Stateless: every ask carries its whole context.

    All methods raise PlatformUnavailable (down, slow, circuit open; a retry with the same key helps), PlatformLimited
    (rate limit; `retry_after` says when), BudgetExhausted, PlatformDenied (credentials, tier or model) or
    PlatformRefused (it finds the ask malformed; a retry never helps).
    """

    name: str
    """For people and for the rows that remember who wrote a text."""

    def invoke(self, ask: Ask) -> Reply:
        """The whole answer at once. Retries by itself, with the same key, within the ask's time limit."""

    def stream(self, ask: Ask, *, after: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        """The answer as it is written: (event id, event), ending with Done. Raises StreamBroken when it ends without:
        `after` = the last id then resumes it under the same key. Raises ResumeLost when the platform cannot: a new
        key is needed. Usage comes at most once. Closing the iterator cancels the turn."""

    def models(self) -> Sequence[str]:
        """The pools our credentials may use."""

    def budget(self) -> Budget | None:
        """What is left this month; None when our credentials may not see it."""

    def health(self) -> Health: ...


# --- the world outside, as `dnft check` sees it ----------------------------------------------------------------------


class HttpObserver(Protocol):
    """Fetches public URLs the way an indexer does."""

    def fetch(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """Never raises for what the other side does: a failure is an answer with status 0 and `error`."""
