"""The chain itself: mines, looks up, goes back.

Every valid transaction is mined at once into a block of its own, as anvil does by default; one whose nonce lies ahead
waits (on disk) until the gap is filled. `finalized` and `safe` are the latest block: nothing here is ever reorganised,
except by evm_revert. Not thread-safe: py-evm is not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eth.abc import BlockAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI, StateAPI
from eth.db.schema import SchemaV1
from eth.exceptions import CanonicalHeadNotFound, HeaderNotFound, TransactionNotFound
from eth.rlp.sedes import chain_gaps
from eth.vm.forks.prague.receipts import PragueReceiptBuilder
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_hash.auto import keccak
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError
from rlp import encode as rlp_encode

from app.errors import ConfigurationError
from app.standins.chain.clock import ChainClock
from app.standins.chain.errors import RpcError, server_error
from app.standins.chain.fork import DEV_ACCOUNTS, base_fee, open_chain
from app.standins.chain.store import LogRow, Store
from app.standins.chain.transactions import check_admissible, check_payable, check_replacement, decode

DATABASE = "chain.sqlite3"


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction with its place and its outcome."""

    header: BlockHeaderAPI
    position: int
    transaction: SignedTransactionAPI
    receipt: ReceiptAPI
    gas_used: int
    logs: tuple[LogRow, ...]


class Ledger:
    """One chain in one folder.

    `now` gives the calendar in Unix seconds. A block's timestamp is `now()` plus what evm_increaseTime added, but
    always later than its parent's: many blocks within one second push the chain's clock ahead of the calendar, until
    the calendar catches up. Raises Conflict when another process has the folder open, ConfigurationError when the
    folder holds something else or another chain id.
    """

    def __init__(
        self, data: Path, *, now: Callable[[], int], chain_id: int = 31337, accounts: Sequence[str] = DEV_ACCOUNTS
    ) -> None:
        self.accounts = tuple(bytes.fromhex(account[2:]) for account in accounts)
        self.store = Store(data / DATABASE)
        self.clock = ChainClock(self.store, now)
        try:
            self.chain = open_chain(self.store, chain_id, self.accounts, now())
            kept = self.store.setting("chain_id")
            if kept != chain_id:
                raise ConfigurationError([f"the chain in this data folder has id {kept}, not {chain_id}"])
            if not self.store.exists(self.head.state_root):
                raise ConfigurationError(["the chain's newest state is missing: delete its database"])
        except (CanonicalHeadNotFound, HeaderNotFound) as error:
            self.store.close()
            raise ConfigurationError(["the chain's newest block is missing: delete its database"]) from error
        except BaseException:
            self.store.close()
            raise

    def close(self) -> None:
        self.store.close()

    # --- blocks and state ---

    @property
    def chain_id(self) -> int:
        return self.chain.chain_id

    @property
    def head(self) -> BlockHeaderAPI:
        return self.chain.get_canonical_head()

    def pending(self) -> BlockHeaderAPI:
        """The header the next block would get, with the state of the newest one."""
        return self._next_header(self.clock.next(self.head.timestamp))

    def header_at(self, number: int) -> BlockHeaderAPI | None:
        try:
            return self.chain.get_canonical_block_header_by_number(BlockNumber(number))
        except HeaderNotFound:
            return None

    def header_of(self, block_hash: bytes) -> BlockHeaderAPI | None:
        """None also for a block that evm_revert took off the chain."""
        try:
            header = self.chain.get_block_header_by_hash(Hash32(block_hash))
        except HeaderNotFound:
            return None
        canonical = self.header_at(header.block_number)
        return header if canonical is not None and canonical.hash == header.hash else None

    def block(self, header: BlockHeaderAPI) -> BlockAPI:
        return self.chain.get_block_by_header(header)

    def state(self, header: BlockHeaderAPI) -> StateAPI:
        return self.chain.get_vm(header).state

    # --- transactions ---

    def mined(self, header: BlockHeaderAPI) -> tuple[Mined, ...]:
        """All transactions of a block."""
        transactions = self.chain.chaindb.get_block_transactions(header, PragueTransactionBuilder)
        receipts = self.chain.chaindb.get_receipts(header, PragueReceiptBuilder)
        return _assemble(header, transactions, receipts)

    def find(self, tx_hash: bytes) -> Mined | None:
        try:
            number, position = self.chain.get_canonical_transaction_index(Hash32(tx_hash))
        except TransactionNotFound:
            return None
        header = self.header_at(number)
        return None if header is None else self.mined(header)[position]

    def waiting(self, tx_hash: bytes) -> SignedTransactionAPI | None:
        raw = self.store.queued_by_hash(tx_hash)
        return None if raw is None else PragueTransactionBuilder.decode(raw)

    def pending_nonce(self, account: bytes) -> int:
        nonce = self.state(self.head).get_nonce(Address(account))
        while self.store.queued(account, nonce) is not None:
            nonce += 1
        return nonce

    def send(self, raw: bytes) -> bytes:
        """Mine a signed transaction, or keep it until its nonce's turn. The hash; RpcError when it is refused."""
        transaction = decode(raw)
        header = self.pending()
        state = self.state(self.head)
        nonce = state.get_nonce(transaction.sender)
        check_admissible(transaction, self.chain_id, nonce, header)
        old = self.store.queued(transaction.sender, transaction.nonce)
        if old is not None:
            check_replacement(transaction, PragueTransactionBuilder.decode(old))
        check_payable(transaction, state, header)
        if transaction.nonce > nonce:
            with self.store.transaction():
                self.store.queue(transaction.sender, transaction.nonce, transaction.hash, raw)
        else:
            try:
                self._mine_block([transaction])
            except ValidationError as error:  # a rule of py-evm that is not among ours; the block was rolled back
                raise server_error(str(error)) from error
            while self._mine_waiting():
                pass
        return transaction.hash

    def _mine_waiting(self) -> bool:
        """Mine one waiting transaction whose turn has come; False when there is none."""
        state, header = self.state(self.head), self.pending()
        for raw in self.store.all_queued():
            transaction = PragueTransactionBuilder.decode(raw)
            if transaction.nonce != state.get_nonce(transaction.sender):
                continue
            try:
                check_payable(transaction, state, header)
                self._mine_block([transaction])
            except (RpcError, ValidationError):
                continue  # it keeps waiting, for a lower base fee or for money
            return True
        return False

    # --- mining ---

    def mine(self, timestamp: int | None = None) -> None:
        """Mine an empty block, at `timestamp` (Unix seconds) if given; then whatever waited for it."""
        if timestamp is not None:
            self.clock.pin(timestamp, self.head.timestamp)
        self._mine_block([])
        while self._mine_waiting():
            pass

    def _mine_block(self, transactions: Sequence[SignedTransactionAPI]) -> None:
        """One block, one SQLite transaction."""
        timestamp = self.clock.next(self.head.timestamp)
        header = self._next_header(timestamp)
        with self.store.transaction():
            vm = self.chain.get_vm(header)
            filled, receipts, _ = vm.apply_all_transactions(transactions, header)
            block = vm.set_block_transactions_and_withdrawals(vm.get_block(), filled, transactions, receipts)
            block = vm.mine_block(block).block
            self.chain.persist_block(block)
            for mined in _assemble(block.header, transactions, receipts):
                self.store.add_logs(mined.logs)
                self.store.unqueue(mined.transaction.sender, mined.transaction.nonce + 1)
            self.clock.used(timestamp)

    def _next_header(self, timestamp: int) -> BlockHeaderAPI:
        parent = self.head
        return self.chain.create_header_from_parent(
            parent, timestamp=timestamp, gas_limit=parent.gas_limit, mix_hash=keccak(parent.hash)
        )

    def next_base_fee(self, header: BlockHeaderAPI) -> int:
        """Wei per gas of the block after `header` (EIP-1559)."""
        child = self.chain.create_header_from_parent(header, timestamp=header.timestamp + 1)
        return base_fee(child)

    # --- going back ---

    def snapshot(self) -> int:
        """Remember this block; a number for `revert`."""
        with self.store.transaction():
            return self.store.add_snapshot(self.head.block_number, self.clock.offset)

    def revert(self, snapshot: int) -> bool:
        """Take all blocks since the snapshot off the chain; False when there is no such snapshot."""
        with self.store.transaction():
            kept = self.store.take_snapshot(snapshot)
            if kept is None:
                return False
            block, offset = kept
            for number in range(self.head.block_number, block, -1):
                self._uncrown(number)
            self.store[SchemaV1.make_canonical_head_hash_lookup_key()] = self.chain.get_canonical_block_hash(
                BlockNumber(block)
            )
            gaps = rlp_encode(((), block + 1), sedes=chain_gaps)
            self.store[SchemaV1.make_header_chain_gaps_lookup_key()] = gaps
            self.store[SchemaV1.make_chain_gaps_lookup_key()] = gaps
            self.store.forget_after(block)
            self.clock.reset(offset)
        return True

    def _uncrown(self, number: int) -> None:
        """Make block `number` and its transactions unknown to lookups; the caller moves the head."""
        header = self.chain.get_canonical_block_header_by_number(BlockNumber(number))
        for tx_hash in self.chain.chaindb.get_block_transaction_hashes(header):
            del self.store[SchemaV1.make_transaction_hash_to_block_lookup_key(tx_hash)]
        del self.store[SchemaV1.make_block_number_to_hash_lookup_key(BlockNumber(number))]


def _assemble(
    header: BlockHeaderAPI, transactions: Sequence[SignedTransactionAPI], receipts: Sequence[ReceiptAPI]
) -> tuple[Mined, ...]:
    result: list[Mined] = []
    gas_before, first_log = 0, 0
    for position, (transaction, receipt) in enumerate(zip(transactions, receipts, strict=True)):
        logs = tuple(
            LogRow(
                block=header.block_number,
                position=first_log + index,
                block_hash=header.hash,
                block_time=header.timestamp,
                tx_hash=transaction.hash,
                tx_position=position,
                address=log.address,
                topics=tuple(topic.to_bytes(32, "big") for topic in log.topics),
                data=log.data,
            )
            for index, log in enumerate(receipt.logs)
        )
        result.append(Mined(header, position, transaction, receipt, receipt.gas_used - gas_before, logs))
        gas_before, first_log = receipt.gas_used, first_log + len(logs)
    return tuple(result)
