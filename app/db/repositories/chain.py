"""Transactions, commits, mints, and what was followed from the chain. The project comes first."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, delete, func
from sqlmodel import Session, col, select

from app.db.tables import ChainBlock, ChainTransaction, ChainTransfer, Collection, Commit, Mint, TransactionAttempt
from app.ports import Call


class Chains:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- transactions

    def transaction(self, project_id: int, key: str) -> ChainTransaction | None:
        query = select(ChainTransaction).where(ChainTransaction.project_id == project_id, ChainTransaction.key == key)
        return self._session.exec(query).one_or_none()

    def plan(
        self, project_id: int, collection_id: int, key: str, *, chain_id: int, sender: str, call: Call, now: int
    ) -> ChainTransaction:
        """The transaction of this key, made from `call` if there is none. One that failed makes way for a new one."""
        found = self.transaction(project_id, key)
        if found is not None and found.state == "failed":
            found.key = f"{key}!{found.id}"
            self.save(found)
            found = None
        if found is None:
            found = ChainTransaction(
                project_id=project_id,
                collection_id=collection_id,
                key=key,
                chain_id=chain_id,
                sender=sender.lower(),
                receiver=call.to.lower() if call.to else None,
                data=call.data,
                created_at=now,
            )
            self.save(found)
        return found

    def transaction_by_id(self, project_id: int, transaction_id: int, *, lock: bool = False) -> ChainTransaction:
        """`lock` keeps others from changing the row until this unit ends."""
        query = select(ChainTransaction).where(
            ChainTransaction.project_id == project_id, ChainTransaction.id == transaction_id
        )
        return self._session.exec(query.with_for_update() if lock else query).one()

    def save(self, row: ChainTransaction | TransactionAttempt | Commit | Mint) -> None:
        self._session.add(row)
        self._session.flush()

    def attempts(self, project_id: int, transaction_id: int) -> Sequence[TransactionAttempt]:
        """All signed forms, newest last."""
        query = (
            select(TransactionAttempt)
            .join(ChainTransaction, col(ChainTransaction.id) == TransactionAttempt.transaction_id)
            .where(ChainTransaction.project_id == project_id, ChainTransaction.id == transaction_id)
            .order_by(col(TransactionAttempt.max_fee))
        )
        return self._session.exec(query).all()

    def drop_attempts(self, project_id: int, transaction_id: int) -> None:
        for attempt in self.attempts(project_id, transaction_id):
            self._session.delete(attempt)
        self._session.flush()

    def free_nonce(self, chain_id: int, sender: str, at_least: int) -> int:
        """The lowest nonce from `at_least` on that no transaction of this sender has. A gap, left by one that was given
        up, is filled first, for everything above waits for it. Others who ask wait until this unit ends."""
        if self._session.get_bind().dialect.name == "postgresql":
            key = func.hashtextextended(f"nonce:{chain_id}:{sender}", 0)
            self._session.execute(select(func.pg_advisory_xact_lock(key)))
        query = select(ChainTransaction.nonce).where(
            ChainTransaction.chain_id == chain_id,
            ChainTransaction.sender == sender,
            col(ChainTransaction.nonce) >= at_least,
        )
        taken = set(self._session.exec(query))
        nonce = at_least
        while nonce in taken:
            nonce += 1
        return nonce

    def unconfirmed(self, project_id: int, collection_id: int) -> Sequence[ChainTransaction]:
        """Transactions that were mined and are not final: in a recent block, or thrown out of one and sent again."""
        state, was_mined = col(ChainTransaction.state), col(ChainTransaction.gas_used).is_not(None)
        query = (
            select(ChainTransaction)
            .where(
                ChainTransaction.project_id == project_id,
                ChainTransaction.collection_id == collection_id,
                (state == "mined") | ((state == "sent") & was_mined),
            )
            .order_by(col(ChainTransaction.nonce))
        )
        return self._session.exec(query).all()

    # --- commits and mints

    def commit(self, project_id: int, collection_id: int, number: int) -> Commit | None:
        query = select(Commit).where(
            Commit.project_id == project_id, Commit.collection_id == collection_id, Commit.number == number
        )
        return self._session.exec(query).one_or_none()

    def last_commit(self, project_id: int, collection_id: int) -> Commit | None:
        query = (
            select(Commit)
            .where(Commit.project_id == project_id, Commit.collection_id == collection_id)
            .order_by(col(Commit.number).desc())
            .limit(1)
        )
        return self._session.exec(query).one_or_none()

    def mints(self, project_id: int, collection_id: int, first: int, count: int) -> Sequence[Mint]:
        query = (
            select(Mint)
            .where(
                Mint.project_id == project_id,
                Mint.collection_id == collection_id,
                Mint.token_id >= first,
                Mint.token_id < first + count,
            )
            .order_by(col(Mint.token_id))
        )
        return self._session.exec(query).all()

    def planned_mints(self, project_id: int, collection_id: int) -> int:
        """One above the highest id that has a mint plan: where the next batch starts."""
        query = select(func.coalesce(func.max(Mint.token_id), -1)).where(
            Mint.project_id == project_id, Mint.collection_id == collection_id
        )
        return int(self._session.exec(query).one()) + 1

    # --- followed blocks and transfers

    def block(self, project_id: int, collection_id: int, number: int) -> ChainBlock | None:
        query = select(ChainBlock).where(_blocks_of(project_id, collection_id), ChainBlock.number == number)
        return self._session.exec(query).one_or_none()

    def remember_blocks(self, blocks: Iterable[ChainBlock]) -> None:
        for block in blocks:
            self._session.merge(block)

    def known_blocks(self, project_id: int, collection_id: int) -> Sequence[ChainBlock]:
        """Remembered blocks, newest first."""
        query = select(ChainBlock).where(_blocks_of(project_id, collection_id)).order_by(col(ChainBlock.number).desc())
        return self._session.exec(query).all()

    def forget_blocks(self, project_id: int, collection_id: int, *, below: int) -> None:
        these = delete(ChainBlock).where(_blocks_of(project_id, collection_id), col(ChainBlock.number) < below)
        self._session.execute(these)

    def add_transfers(self, transfers: Iterable[ChainTransfer]) -> None:
        for transfer in transfers:
            self._session.merge(transfer)
        self._session.flush()

    def rewind(self, project_id: int, collection_id: int, after: int) -> set[int]:
        """Forget blocks and transfers above block `after`; returns the token ids whose transfers went."""
        gone = (
            col(ChainTransfer.project_id) == project_id,
            col(ChainTransfer.collection_id) == collection_id,
            col(ChainTransfer.block_number) > after,
        )
        touched = set(self._session.exec(select(ChainTransfer.token_id).where(*gone)))
        self._session.execute(delete(ChainTransfer).where(*gone))
        self._session.execute(
            delete(ChainBlock).where(_blocks_of(project_id, collection_id), col(ChainBlock.number) > after)
        )
        return touched

    def last_transfer(self, project_id: int, collection_id: int, token_id: int) -> ChainTransfer | None:
        query = (
            select(ChainTransfer)
            .where(
                ChainTransfer.project_id == project_id,
                ChainTransfer.collection_id == collection_id,
                ChainTransfer.token_id == token_id,
            )
            .order_by(col(ChainTransfer.block_number).desc(), col(ChainTransfer.log_index).desc())
            .limit(1)
        )
        return self._session.exec(query).one_or_none()


def _blocks_of(project_id: int, collection_id: int) -> ColumnElement[bool]:
    """Blocks have no project of their own; their collection has."""
    own = select(Collection.id).where(Collection.project_id == project_id, Collection.id == collection_id)
    return col(ChainBlock.collection_id).in_(own)
