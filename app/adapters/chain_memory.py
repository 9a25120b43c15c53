"""A chain in memory (ports ChainReader and ChainWriter): blocks, nonces, balances, receipts, reorgs, finality.

It takes the same signed bytes and the same calldata as a real node, and runs AgentNFT by its Python model. Nothing is
random and no clock is read: the same transactions give the same block hashes. Gas is an estimate of the right order.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock

from app.adapters.chain_memory_state import CallReverted, Place, Update, World, apply, cost, run
from app.adapters.chain_model import AgentModel
from app.adapters.chain_transaction import ReadTransaction, read_transaction
from app.errors import ChainRefused, InsufficientFunds, NonceTooLow, Underpriced, WrongChain
from app.ports import Address, Block, BlockTag, Call, CollectionState, Fees, Hash32, Receipt, Transfer

GWEI = 10**9
REPLACEMENT_PERCENT = 110
"""What a replacement has to offer of both fees of the transaction it replaces, as geth asks."""


@dataclass(frozen=True)
class _Sealed:
    """A block, what is in it, and the state after it."""

    block: Block
    world: World
    included: tuple[ReadTransaction, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    updates: Mapping[Hash32, tuple[Update, ...]] = field(default_factory=dict)
    """By transaction."""


class MemoryChain:
    """One chain of one process. Safe to use from several threads.

    automine: each accepted transaction gets a block at once; otherwise `mine()` takes those that wait. hash_window: how
    many past blocks a contract can learn the hash of: 256 by BLOCKHASH alone, 8191 on a chain with EIP-2935."""

    def __init__(
        self,
        *,
        chain_id: int = 31337,
        finality_depth: int = 64,
        balances: Mapping[Address, int] | None = None,
        genesis_time: int = 1_700_000_000,
        block_seconds: int = 1,
        base_fee: int = GWEI,
        automine: bool = True,
        hash_window: int = 256,
    ) -> None:
        self._chain_id = chain_id
        self._finality_depth = finality_depth
        self._block_seconds = block_seconds
        self._lock = RLock()
        self._branch = 0
        self._waiting: dict[tuple[Address, int], ReadTransaction] = {}
        genesis = Block(0, _hash("", 0, genesis_time, 0, ()), Hash32("0x" + "00" * 32), genesis_time)
        self._chain = [_Sealed(genesis, World(balances=dict(balances or {})))]
        self.base_fee = base_fee
        """Wei per gas that every block asks for."""
        self.automine = automine
        self.hash_window = hash_window

    # --- making history ----------------------------------------------------------------------------------------------

    def fund(self, account: Address, wei: int) -> None:
        """Add to a balance, in the state of the latest block."""
        with self._lock:
            top = self._chain[-1]
            balances = {**top.world.balances, account: top.world.balance(account) + wei}
            self._chain[-1] = replace(top, world=replace(top.world, balances=balances))

    def mine(self, blocks: int = 1, *, seconds: int | None = None) -> None:
        """Add blocks; the first takes all waiting transactions that can run. `seconds` pass before the first."""
        with self._lock:
            for index in range(blocks):
                self._seal(self._block_seconds if index or seconds is None else seconds)

    def reorg(self, depth: int, *, keep: bool = False) -> None:
        """Replace the last `depth` blocks by empty ones with other hashes. Their transactions are forgotten, or wait
        again with `keep`. Raises ValueError when there are not that many blocks after the first."""
        with self._lock:
            if not 1 <= depth < len(self._chain):
                raise ValueError(f"depth must be 1 to {len(self._chain) - 1}")
            dropped = self._chain[-depth:]
            del self._chain[-depth:]
            self._branch += 1
            waiting, self._waiting = self._waiting, {}
            for _ in dropped:
                self._seal(self._block_seconds)
            reads = [read for sealed in dropped for read in sealed.included] if keep else []
            self._waiting = {_slot(read): read for read in reads} | waiting

    def _seal(self, seconds: int) -> None:
        parent = self._chain[-1]
        number, time, world = parent.block.number + 1, parent.block.timestamp + seconds, parent.world
        included: list[ReadTransaction] = []
        receipts: list[Receipt] = []
        transfers: list[Transfer] = []
        updates: dict[Hash32, tuple[Update, ...]] = {}
        place = Place(number, time, self._hashes_before(number))
        unnamed = Hash32("")  # the block's hash covers its transactions, so it comes last
        while read := self._next(world):
            del self._waiting[_slot(read)]
            outcome, receipt = apply(world, read, self.base_fee, place)
            world = outcome.world
            included.append(read)
            receipts.append(receipt)
            updates[read.hash] = outcome.updates
            for index, (sender, to, token) in enumerate(outcome.moves, len(transfers)):
                transfers.append(Transfer(token, sender, to, number, unnamed, read.hash, index))
        own = _hash(parent.block.hash, number, time, self._branch, [read.hash for read in included])
        self._chain.append(
            _Sealed(
                Block(number, own, parent.block.hash, time),
                world,
                tuple(included),
                tuple(replace(receipt, block_hash=own) for receipt in receipts),
                tuple(replace(transfer, block_hash=own) for transfer in transfers),
                updates,
            )
        )

    def _hashes_before(self, number: int) -> Callable[[int], Hash32 | None]:
        def hash_of(wanted: int) -> Hash32 | None:
            known = max(0, number - self.hash_window) <= wanted < number
            with self._lock:
                sealed = self._find(wanted) if known else None
            return sealed.block.hash if sealed else None

        return hash_of

    def _next(self, world: World) -> ReadTransaction | None:
        """The first waiting transaction, by arrival, that has its sender's next nonce and can pay for this block."""
        for (sender, nonce), read in self._waiting.items():
            pays = read.transaction.fees.max_fee >= self.base_fee and world.balance(sender) >= cost(read.transaction)
            if nonce == world.nonce(sender) and pays:
                return read
        return None

    # --- ChainReader -------------------------------------------------------------------------------------------------

    def chain_id(self) -> int:
        return self._chain_id

    def block(self, tag: BlockTag | Hash32) -> Block | None:
        sealed = self._find(tag)
        return sealed.block if sealed else None

    def transfers(self, contract: Address, first: int, last: int) -> Sequence[Transfer]:
        with self._lock:
            return [move for sealed in self._chain[first : last + 1] for move in self._of(sealed, contract)]

    def transfers_in(self, contract: Address, block_hash: Hash32) -> Sequence[Transfer]:
        with self._lock:
            sealed = self._find(block_hash)
            if sealed is None:
                raise ChainRefused("The node does not know this block.", hint="It may have been reorganised away.")
            return self._of(sealed, contract)

    def _of(self, sealed: _Sealed, contract: Address) -> list[Transfer]:
        senders = {read.hash for read in sealed.included if read.transaction.call.to == contract}
        return [transfer for transfer in sealed.transfers if transfer.transaction_hash in senders]

    def collection(self, contract: Address, tag: BlockTag = "latest") -> CollectionState:
        sealed = self._at(tag)
        model = _contract(sealed, contract)
        return CollectionState(
            name=model.name,
            symbol=model.symbol,
            origin=model.origin,
            supply=model.supply,
            covered=model.covered,
            commit=model.number,
            minted=model.total_supply,
            owner=model.owner,
            pack_hash=model.reveal.pack_hash,
            seed_hash=model.reveal.seed_hash,
            reveal_block=model.reveal.block,
            captured=model.reveal.captured,
            block=sealed.block,
        )

    def owner_of(self, contract: Address, token_id: int, tag: BlockTag = "latest") -> Address | None:
        return _contract(self._at(tag), contract).owners.get(token_id)

    def model(self, contract: Address, tag: BlockTag = "latest") -> AgentModel:
        """The contract's whole state at a block, as a copy; raises ChainRefused like `collection`."""
        return _contract(self._at(tag), contract).copy()

    def updates(self, transaction: Hash32) -> Sequence[Update]:
        """ERC-4906 events of a mined transaction, in order: first and last id of each."""
        with self._lock:
            found = (sealed.updates[transaction] for sealed in self._chain if transaction in sealed.updates)
            return next(found, ())

    def receipt(self, transaction: Hash32) -> Receipt | None:
        with self._lock:
            mined = (receipt for sealed in self._chain for receipt in sealed.receipts)
            return next((receipt for receipt in mined if receipt.transaction_hash == transaction), None)

    def nonce(self, account: Address, pending: bool = False) -> int:
        with self._lock:
            nonce = self._chain[-1].world.nonce(account)
            while pending and (account, nonce) in self._waiting:
                nonce += 1
            return nonce

    def balance(self, account: Address) -> int:
        return self._at("latest").world.balance(account)

    def fees(self) -> Fees:
        return Fees(max_fee=2 * self.base_fee + GWEI, max_priority_fee=GWEI)

    def simulate(self, sender: Address, call: Call) -> int:
        sealed = self._at("latest")
        place = Place(sealed.block.number, sealed.block.timestamp, self._hashes_before(sealed.block.number))
        if call.value > sealed.world.balance(sender):
            raise InsufficientFunds("The sender owns less than the value of the call.")
        try:
            return run(sealed.world, sender, sealed.world.nonce(sender), call, place).gas
        except CallReverted as reverted:
            raise reverted.revert.error() from reverted

    def _find(self, tag: BlockTag | Hash32) -> _Sealed | None:
        with self._lock:
            if tag == "latest":
                return self._chain[-1]
            if tag == "finalized":
                return self._chain[max(0, len(self._chain) - 1 - self._finality_depth)]
            if isinstance(tag, int):
                return self._chain[tag] if 0 <= tag < len(self._chain) else None
            return next((sealed for sealed in self._chain if sealed.block.hash == tag), None)

    def _at(self, tag: BlockTag) -> _Sealed:
        sealed = self._find(tag)
        if sealed is None:
            raise ChainRefused("The node does not know this block.")
        return sealed

    # --- ChainWriter -------------------------------------------------------------------------------------------------

    def broadcast(self, raw: bytes) -> Hash32:
        read = read_transaction(raw)
        with self._lock:
            if read in self._waiting.values() or self.receipt(read.hash):
                return read.hash
            self._refuse(read)
            self._waiting[_slot(read)] = read
            if self.automine:
                self._seal(self._block_seconds)
        return read.hash

    def _refuse(self, read: ReadTransaction) -> None:
        transaction, world = read.transaction, self._chain[-1].world
        if transaction.chain_id != self._chain_id:
            raise WrongChain(f"The transaction is for chain {transaction.chain_id}, this is {self._chain_id}.")
        if transaction.nonce < world.nonce(read.sender):
            raise NonceTooLow(f"Nonce {transaction.nonce} of {read.sender} is used up.")
        if transaction.fees.max_fee < self.base_fee:
            raise Underpriced("The fee is below the base fee of the next block.", hint="Raise both fees.")
        if transaction.fees.max_priority_fee > transaction.fees.max_fee:
            raise ChainRefused("The tip exceeds the whole fee.")
        if cost(transaction) > world.balance(read.sender):
            raise InsufficientFunds(f"{read.sender} can not pay for gas and value.", hint="Fund the account.")
        if (rival := self._waiting.get(_slot(read))) and not _outbids(read, rival):
            raise Underpriced("A replacement has to raise both fees by at least 10 %.", hint="Raise both fees.")


def _slot(read: ReadTransaction) -> tuple[Address, int]:
    return read.sender, read.transaction.nonce


def _outbids(read: ReadTransaction, rival: ReadTransaction) -> bool:
    new, old = read.transaction.fees, rival.transaction.fees
    pairs = ((new.max_fee, old.max_fee), (new.max_priority_fee, old.max_priority_fee))
    return all(100 * offered >= REPLACEMENT_PERCENT * present for offered, present in pairs)


def _contract(sealed: _Sealed, contract: Address) -> AgentModel:
    model = sealed.world.contracts.get(contract)
    if model is None:
        raise ChainRefused(f"There is no AgentNFT at {contract}.", hint="Check address and chain.")
    return model


def _hash(parent: str, number: int, time: int, branch: int, transactions: Sequence[Hash32]) -> Hash32:
    text = f"{parent}|{number}|{time}|{branch}|{'|'.join(transactions)}"
    return Hash32("0x" + hashlib.sha256(text.encode()).hexdigest())
