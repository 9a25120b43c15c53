"""Sending transactions: each is planned once, signed once a fee level, and mined at most once.

    planned ── sign ──▶ signed ── broadcast ──▶ sent ── wait ──▶ mined ── depth ──▶ finalized
       ▲                  │                     │  └─ too long: same nonce, both fees × 1.25 ─▶ sent
       └── refused, before anything was sent ◀──┘                    └─▶ failed

Signed bytes are stored before they are sent, so a process killed anywhere sends the same bytes again. Words:

    nonce      given out when signing, the lowest that is free at the node and among our rows; given back only while
               nothing that has it can have reached a node
    attempt    one signed form; all attempts of a transaction share its nonce, so at most one can be mined
    sent       a node may have it: written down before the bytes leave, so never too late
    reverted   mined and refused by the contract: the nonce is used, the transaction failed
    refused    never sent: the simulation says it would revert; nothing was paid
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.db.database import Database
from app.db.tables import ChainTransaction, TransactionAttempt
from app.errors import ChainRefused, ChainUnavailable, DnftError, NonceTooLow, Reverted, Underpriced
from app.ports import Address, Call, ChainReader, ChainWriter, Clock, Fees, Hash32, Receipt, Signer, UnsignedTransaction
from app.provenance.ids import checksum_address

REPLACE_AFTER: Final = 90.0
"""Seconds without a receipt before the fees are raised."""
MOST_ATTEMPTS: Final = 8
_GAS_MARGIN: Final = (5, 4)
_FEE_RAISE: Final = (5, 4)
"""Nodes demand at least one eighth more in both fees of a replacement."""


@dataclass(frozen=True, slots=True)
class Mined:
    """The end of a successful transaction."""

    hash: Hash32
    block_number: int
    contract: Address | None
    gas_used: int


class Transactions:
    """Carries transactions of one sender on one chain. Every method may be repeated at any point."""

    def __init__(
        self,
        database: Database,
        reader: ChainReader,
        writer: ChainWriter,
        signer: Signer,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._reader = reader
        self._writer = writer
        self._signer = signer
        self._clock = clock
        self._sleep = sleep

    def carry(self, project_id: int, key: str, *, patience: float = 600.0) -> Mined:
        """Take a planned transaction as far as it goes: sign, send, wait until mined.

        Raises what stopped it. A failure before sending leaves the row `planned`, so that the same call goes on once
        the cause is gone; a revert leaves it `failed`.
        """
        row = self._row(project_id, key)
        if row.state == "failed":
            raise Reverted(row.error, hint="It was mined and refused; plan it anew.")
        # What an earlier run sent may never have left it, or the node may have lost it since.
        send = row.state != "planned"
        deadline = time.monotonic() + patience
        while True:
            mined = self._settled(row)
            if mined is not None:
                return mined
            if row.state == "planned":
                self._sign(row, None)
            elif row.state == "signed" or send:
                send = False
                self._broadcast(row)
            elif time.monotonic() > deadline:
                raise ChainUnavailable(
                    f"Transaction {key} is not mined after {patience:.0f} s.", hint="It stays sent; run this again."
                )
            else:
                self._wait(row, deadline)
            row = self._row(project_id, key)

    def confirm(self, project_id: int, collection_id: int) -> int:
        """Look again at mined transactions that were not final: mark the final ones, send again what a reorg threw
        out, as often as it takes. Returns how many are still open."""
        finalized = self._reader.block("finalized")
        still_open = 0
        refusal: ChainRefused | None = None
        with self._database.read() as unit:
            rows = unit.chains.unconfirmed(project_id, collection_id)
        for row in rows:
            receipt = self._receipt(row)
            if receipt is not None:
                final = finalized is not None and receipt.block_number <= finalized.number
                self._record(row, receipt, final=final)
                still_open += receipt.succeeded and not final
                continue
            still_open += 1
            if row.state == "mined":
                self._set(row, state="sent", hash=None, block_number=None, block_hash=None)
            try:
                self._broadcast(row)
            except ChainRefused as error:  # the others are looked at all the same
                refusal = error
        if refusal is not None:
            raise refusal
        return still_open

    def _row(self, project_id: int, key: str) -> ChainTransaction:
        with self._database.read() as unit:
            row = unit.chains.transaction(project_id, key)
        if row is None:
            raise ChainRefused(f"No transaction {key} is planned.")
        return row

    def _call(self, row: ChainTransaction) -> Call:
        return Call(Address(checksum_address(row.receiver)) if row.receiver else None, row.data)

    def _sign(self, row: ChainTransaction, last: TransactionAttempt | None, *, above: int = -1) -> None:
        """Sign with fresh fees (or raised ones, when `last` did not get through) and store the bytes. A new nonce is
        higher than `above`."""
        call = self._call(row)
        gas = self._reader.simulate(self._signer.address, call) if last is None else _gas_of(row)
        fees = self._reader.fees()
        if last is not None:
            up, down = _FEE_RAISE
            fees = Fees(
                max(fees.max_fee, last.max_fee * up // down + 1),
                max(fees.max_priority_fee, last.max_priority_fee * up // down + 1),
            )
        next_at_node = self._reader.nonce(self._signer.address)
        with self._database.write() as unit:
            row = unit.chains.transaction_by_id(row.project_id, _id(row), lock=True)
            attempts = unit.chains.attempts(row.project_id, _id(row))
            if [each.hash for each in attempts[-1:]] != ([last.hash] if last else []):
                return  # somebody else who carries it was faster
            if row.nonce is None:
                row.nonce = unit.chains.free_nonce(row.chain_id, row.sender, max(next_at_node, above + 1))
            if last is None:
                up, down = _GAS_MARGIN
                row.gas_limit = gas * up // down
                row.state = "signed"
            transaction = UnsignedTransaction(row.chain_id, row.nonce, _gas_of(row), fees, call)
            signed = self._signer.sign(transaction)
            unit.chains.save(row)
            unit.chains.save(
                TransactionAttempt(
                    hash=signed.hash,
                    transaction_id=_id(row),
                    raw=signed.raw,
                    max_fee=fees.max_fee,
                    max_priority_fee=fees.max_priority_fee,
                    signed_at=int(self._clock.now().timestamp()),
                )
            )

    def _broadcast(self, row: ChainTransaction) -> None:
        attempt = self._attempts(row)[-1]
        first = self._claim(row)
        try:
            self._writer.broadcast(attempt.raw)
        except NonceTooLow:
            # Either an attempt of ours is mined already, or somebody else used the nonce. If ours may have been sent
            # before, its receipt may be late, and giving up now could do it twice: then `_wait` decides.
            if first and self._receipt(row) is None:
                self._free(row)
        except Underpriced:
            self._raise_fees(row)
        except ChainUnavailable:
            raise
        except ChainRefused as error:
            if first:
                self._free(row, error)
            raise

    def _claim(self, row: ChainTransaction) -> bool:
        """Write down that a node may have it from now on; whether nobody sent it before."""
        with self._database.write() as unit:
            fresh = unit.chains.transaction_by_id(row.project_id, _id(row), lock=True)
            first = fresh.state == "signed"
            if first:
                fresh.state = "sent"
                unit.chains.save(fresh)
        return first

    def _wait(self, row: ChainTransaction, deadline: float) -> None:
        """Until a receipt is there; sends again what the node may have lost, and raises the fees when it takes long."""
        began, pause = time.monotonic(), 0.05
        while time.monotonic() < min(deadline, began + REPLACE_AFTER):
            if self._receipt(row) is not None:
                return
            self._sleep(pause)
            pause = min(pause * 1.5, 3.0)
            if pause == 3.0:
                self._broadcast(row)
        if time.monotonic() < deadline:
            used = row.nonce is not None and self._reader.nonce(self._signer.address) > row.nonce
            if not used:
                self._raise_fees(row)
            elif self._receipt(row) is None:
                self._free(row)  # for so long no attempt of ours has shown up: the nonce went to somebody else

    def _raise_fees(self, row: ChainTransaction) -> None:
        attempts = self._attempts(row)
        if len(attempts) >= MOST_ATTEMPTS:
            raise Underpriced(
                f"Transaction {row.key} was not taken at {attempts[-1].max_fee} wei per gas ({len(attempts)} tries).",
                hint="Check the chain's fees and the account; run this again to go on.",
            )
        self._sign(row, attempts[-1])
        self._broadcast(row)

    def _settled(self, row: ChainTransaction) -> Mined | None:
        """The result, if any attempt is mined. Raises Reverted when the contract refused it."""
        receipt = self._receipt(row)
        if receipt is None:
            return None
        error = self._record(row, receipt, final=row.state == "finalized")
        if error:
            raise Reverted(error, hint="Its nonce is used; the work that wanted it will plan a new one.")
        return Mined(receipt.transaction_hash, receipt.block_number, receipt.contract, receipt.gas_used)

    def _record(self, row: ChainTransaction, receipt: Receipt, *, final: bool) -> str:
        """Write down what became of it; returns the error, if the contract refused it."""
        error = "" if receipt.succeeded else f"Transaction {row.key} reverted in block {receipt.block_number}."
        done = "finalized" if final else "mined"
        self._set(
            row,
            state=done if receipt.succeeded else "failed",
            hash=receipt.transaction_hash,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            contract=receipt.contract.lower() if receipt.contract else None,
            gas_used=receipt.gas_used,
            error_code="" if receipt.succeeded else Reverted.code,
            error=error,
        )
        return error

    def _receipt(self, row: ChainTransaction) -> Receipt | None:
        for attempt in reversed(self._attempts(row)):
            receipt = self._reader.receipt(Hash32(attempt.hash))
            if receipt is not None:
                return receipt
        return None

    def _attempts(self, row: ChainTransaction) -> list[TransactionAttempt]:
        with self._database.read() as unit:
            return list(unit.chains.attempts(row.project_id, _id(row)))

    def _free(self, row: ChainTransaction, error: DnftError | None = None) -> None:
        """Nothing of this row can be mined: drop its attempts and its nonce, so that it can be signed anew. Without an
        `error` the nonce was used by somebody else, and signing anew comes at once."""
        with self._database.write() as unit:
            fresh = unit.chains.transaction_by_id(row.project_id, _id(row), lock=True)
            unit.chains.drop_attempts(row.project_id, _id(row))
            used = fresh.nonce
            fresh.state, fresh.nonce, fresh.error = "planned", None, error.message if error else ""
            unit.chains.save(fresh)
        if error is None and used is not None:
            self._sign(fresh, None, above=used)

    def _set(self, row: ChainTransaction, **changes: str | int | None) -> None:
        with self._database.write() as unit:
            fresh = unit.chains.transaction_by_id(row.project_id, _id(row))
            for name, value in changes.items():
                setattr(fresh, name, value)
            unit.chains.save(fresh)


def _id(row: ChainTransaction) -> int:
    assert row.id is not None, "rows read from the database have ids"
    return row.id


def _gas_of(row: ChainTransaction) -> int:
    assert row.gas_limit is not None, "the limit is set when signing first"
    return row.gas_limit
