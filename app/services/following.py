"""Following the chain: transfers and burns become rows, and are taken back when their blocks are.

    1. rewind    while the last followed block is not on the chain any more, step back to one that is; forget transfers
                 above it and set their tokens to what the remaining transfers say
    2. settled   blocks up to `finalized` cannot change: read them in ranges
    3. recent    blocks above are read one by one, by hash, each only if it follows the one before; their hashes are
                 remembered for step 1

A run that is killed is repeated from the stored cursor. Several may follow one collection (the worker's own loop, and
work that waits for its mints): each adds blocks only to the cursor and the block that it started from.
"""

from collections.abc import Iterable
from typing import Final

from app.db.database import Database
from app.db.repositories import Unit
from app.db.tables import ChainBlock, ChainTransfer, Collection, Work
from app.errors import ChainRefused
from app.ports import Address, ChainReader, Clock, Hash32, Transfer
from app.provenance.ids import checksum_address

RANGE: Final = 2_000
"""Blocks in one range query."""
RECENT: Final = 200
"""Blocks read one by one in a call."""
ZERO: Final = "0x" + "0" * 40


class Following:
    def __init__(self, database: Database, reader: ChainReader, clock: Clock) -> None:
        self._database = database
        self._reader = reader
        self._clock = clock

    def follow(self, project_id: int, collection_id: int) -> int:
        """Read on from the cursor; returns how many blocks were read. 0 means the head is reached."""
        with self._database.read() as unit:
            collection = unit.collections.get(project_id, collection_id)
            known = list(unit.chains.known_blocks(project_id, collection_id))
        assert collection.contract is not None, "only deployed collections are followed"
        contract = Address(checksum_address(collection.contract))
        for block in known:
            if block.number > collection.followed_block:
                continue
            now_there = self._reader.block(block.number)
            if now_there is not None and now_there.hash == block.hash:
                self._rewind(project_id, collection, block.number)
                break
        else:
            if known:  # a reorg below everything remembered: start over from the last final block we passed
                self._rewind(project_id, collection, min(block.number for block in known) - 1)
        with self._database.read() as unit:
            cursor = unit.collections.get(project_id, collection_id).followed_block
        latest, finalized = self._reader.block("latest"), self._reader.block("finalized")
        if latest is None or cursor >= latest.number:
            return 0
        settled = finalized.number if finalized is not None else -1
        if cursor < settled:
            last = min(settled, cursor + RANGE)
            final_block = self._reader.block(last)
            transfers = self._reader.transfers(contract, cursor + 1, last)
            kept = [(last, final_block.hash)] if final_block else []
            self._apply(project_id, collection, transfers, kept, cursor + 1, last)
            return last - cursor
        return self._recent(project_id, collection, contract, cursor, min(latest.number, cursor + RECENT), settled)

    def _recent(
        self, project_id: int, collection: Collection, contract: Address, cursor: int, last: int, settled: int
    ) -> int:
        parent: Hash32 | None = None
        with self._database.read() as unit:
            remembered = unit.chains.block(project_id, _id(collection), cursor)
        if remembered is not None:
            parent = Hash32(remembered.hash)
        for number in range(cursor + 1, last + 1):
            block = self._reader.block(number)
            if block is None or (parent is not None and block.parent_hash != parent):
                return number - cursor  # the chain moved while we read: the next call rewinds
            try:
                transfers = self._reader.transfers_in(contract, block.hash)
            except ChainRefused:
                return number - cursor
            kept = [(number, block.hash)]
            if not self._apply(project_id, collection, transfers, kept, number, number, parent=block.parent_hash):
                return number - cursor
            parent = block.hash
        with self._database.write() as unit:
            unit.chains.forget_blocks(project_id, _id(collection), below=settled)
        return last - cursor

    def _apply(
        self,
        project_id: int,
        collection: Collection,
        transfers: Iterable[Transfer],
        blocks: list[tuple[int, Hash32]],
        first: int,
        last: int,
        *,
        parent: Hash32 | None = None,
    ) -> bool:
        """Add blocks first..last; False when somebody else has moved the cursor or replaced the block before."""
        collection_id = _id(collection)
        with self._database.write() as unit:
            fresh = unit.collections.get(project_id, collection_id, lock=True)
            before = unit.chains.block(project_id, collection_id, first - 1)
            if fresh.followed_block != first - 1 or (parent and before and before.hash != parent):
                return False
            rows = [
                ChainTransfer(
                    collection_id=collection_id,
                    block_number=transfer.block_number,
                    log_index=transfer.log_index,
                    project_id=project_id,
                    block_hash=transfer.block_hash,
                    transaction_hash=transfer.transaction_hash,
                    token_id=transfer.token_id,
                    sender=transfer.sender.lower(),
                    receiver=transfer.receiver.lower(),
                )
                for transfer in transfers
            ]
            unit.chains.add_transfers(rows)
            self._settle(unit, project_id, collection_id, {row.token_id for row in rows})
            unit.chains.remember_blocks(
                ChainBlock(collection_id=collection_id, number=number, hash=block_hash) for number, block_hash in blocks
            )
            fresh.followed_block = last
            unit.collections.add(fresh)
        return True

    def _rewind(self, project_id: int, collection: Collection, to: int) -> None:
        if to >= collection.followed_block:
            return
        with self._database.write() as unit:
            fresh = unit.collections.get(project_id, _id(collection), lock=True)
            if fresh.followed_block != collection.followed_block:
                return  # somebody else was faster
            touched = unit.chains.rewind(project_id, _id(collection), to)
            self._settle(unit, project_id, _id(collection), touched)
            fresh.followed_block = to
            unit.collections.add(fresh)

    def _settle(self, unit: Unit, project_id: int, collection_id: int, tokens: set[int]) -> None:
        """Set tokens to what their last remaining transfer says, and tell readers of those that appear or vanish."""
        changed = []
        for token_id in sorted(tokens):
            last = unit.chains.last_transfer(project_id, collection_id, token_id)
            owner = last.receiver if last is not None and last.receiver != ZERO else None
            burned = last is not None and last.receiver == ZERO
            if unit.tokens.own(project_id, collection_id, token_id, owner, burned=burned):
                changed.append(token_id)
        if changed:
            now = int(self._clock.now().timestamp())
            seq = unit.works.publish(collection_id, changed, now)
            for token_id in changed:  # caches in front of us must forget it too: durable, because they may be down now
                unit.works.request(
                    Work(
                        project_id=project_id,
                        collection_id=collection_id,
                        kind="purge",
                        key=f"purge:{collection_id}:{token_id}:{seq}",
                        first=token_id,
                        count=1,
                        total=1,
                        created_at=now,
                        updated_at=now,
                    )
                )


def _id(collection: Collection) -> int:
    assert collection.id is not None, "rows read from the database have ids"
    return collection.id
