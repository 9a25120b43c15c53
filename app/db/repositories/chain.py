"""Transactions, commits, mints, and what was followed from the chain. The project comes first."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from app.db.tables import ChainBlock, ChainTransaction, ChainTransfer, Commit, Mint, TransactionAttempt
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

    def transaction_by_id(self, project_id: int, transaction_id: int) -> ChainTransaction:
        query = select(ChainTransaction).where(
            ChainTransaction.project_id == project_id, ChainTransaction.id == transaction_id
        )
        return self._session.exec(query).one()

    def save(self, row: ChainTransaction | TransactionAttempt | Commit | Mint) -> None:
        self._session.add(row)
        self._session.flush()

    def attempts(self, transaction_id: int) -> Sequence[TransactionAttempt]:
        """All signed forms, newest last."""
        query = (
            select(TransactionAttempt)
            .where(TransactionAttempt.transaction_id == transaction_id)
            .order_by(col(TransactionAttempt.max_fee))
        )
        return self._session.exec(query).all()

    def drop_attempts(self, transaction_id: int) -> None:
        these = col(TransactionAttempt.transaction_id) == transaction_id
        self._session.execute(delete(TransactionAttempt).where(these))

    def next_nonce(self, chain_id: int, sender: str) -> int:
        """One above the highest nonce given out for this sender; 0 when none was."""
        query = select(func.max(ChainTransaction.nonce)).where(
            ChainTransaction.chain_id == chain_id, ChainTransaction.sender == sender
        )
        highest = self._session.exec(query).one()
        return 0 if highest is None else highest + 1

    def unconfirmed(self, project_id: int, collection_id: int) -> Sequence[ChainTransaction]:
        """Mined transactions whose block is not final yet."""
        query = select(ChainTransaction).where(
            ChainTransaction.project_id == project_id,
            ChainTransaction.collection_id == collection_id,
            ChainTransaction.state == "mined",
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

    def block(self, collection_id: int, number: int) -> ChainBlock | None:
        return self._session.get(ChainBlock, (collection_id, number))

    def remember_block(self, collection_id: int, number: int, block_hash: str) -> None:
        self._session.merge(ChainBlock(collection_id=collection_id, number=number, hash=block_hash))

    def known_blocks(self, collection_id: int) -> Sequence[ChainBlock]:
        """Remembered blocks, newest first."""
        query = (
            select(ChainBlock).where(ChainBlock.collection_id == collection_id).order_by(col(ChainBlock.number).desc())
        )
        return self._session.exec(query).all()

    def forget_blocks(self, collection_id: int, *, below: int) -> None:
        self._session.execute(
            delete(ChainBlock).where(col(ChainBlock.collection_id) == collection_id, col(ChainBlock.number) < below)
        )

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
            delete(ChainBlock).where(col(ChainBlock.collection_id) == collection_id, col(ChainBlock.number) > after)
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
