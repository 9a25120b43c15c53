"""A service on a chain in memory: what the tests of the use cases start from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.adapters.chain_memory import MemoryChain
from app.adapters.clocks import MemoryClock
from app.adapters.signer import LocalSigner
from app.bootstrap import Chain, World
from app.db.migrate import migrate
from app.db.tables import ChainTransaction, Collection, SnapshotState, TransactionAttempt
from app.ports import Address, Call, Receipt, UnsignedTransaction
from app.services.commits import commit_key
from app.services.deploying import NewCollection, deploy_key
from app.services.transactions import Mined
from tests.db import rows
from tests.ports.test_clock import START
from tests.worlds import settings_for

CHAIN_ID = 31337
ETHER = 10**18
KEYS = [bytes([number]) * 32 for number in range(1, 7)]
SENDER, ALICE, BOB, CAROL, DAVE, OTHER = (LocalSigner(key) for key in KEYS)
HOLDERS = (ALICE, BOB, CAROL, DAVE)


def wanted(**changes: Any) -> NewCollection:
    values: dict[str, Any] = {
        "slug": "town",
        "name": "Dixie Town",
        "symbol": "TOWN",
        "description": "",
        "supply": 100,
        "origin": "https://agents.example",
        "chain_id": CHAIN_ID,
        "seed": "5e" * 32,
    }
    return NewCollection(**{**values, **changes})


@dataclass
class Rig:
    world: World
    chain: MemoryChain
    clock: MemoryClock
    project: int

    # --- the use cases, in the order a worker runs them

    def plan_deployment(self, **changes: Any) -> int:
        return self.world.deploying.plan(self.project, wanted(**changes), SENDER.address)

    def deployed(self, **changes: Any) -> int:
        """A collection whose contract is on the chain; its id."""
        collection_id = self.plan_deployment(**changes)
        self.carry(deploy_key(collection_id))
        self.world.deploying.finish(self.project, collection_id)
        return collection_id

    def carry(self, key: str) -> Mined:
        return self.world.transactions(CHAIN_ID).carry(self.project, key)

    def live(self, collection_id: int, count: int, *, first: int = 0) -> None:
        """Tokens with a live first snapshot, by rows: nothing is rendered."""
        self.put(collection_id, range(first, first + count), SnapshotState.LIVE, head=1)

    def put(self, collection_id: int, ids: Sequence[int], state: SnapshotState, *, head: int) -> None:
        with self.world.database.write() as unit:
            unit.session.add_all(rows.token(self.project, collection_id, each, head=head) for each in ids)
            unit.flush()
            unit.session.add_all(rows.birth(self.project, collection_id, each) for each in ids)
            unit.session.add_all(rows.version(self.project, collection_id, each) for each in ids)
            unit.session.add_all(rows.snapshot(self.project, collection_id, each, state=state) for each in ids)

    def committed(self, collection_id: int) -> int | None:
        """Commit what is ready; the commit's number."""
        number = self.world.commits.plan(self.project, collection_id, SENDER.address)
        if number is not None:
            self.carry(commit_key(collection_id, number))
            self.world.commits.finish(self.project, collection_id, number)
        return number

    def minted(self, collection_id: int, receivers: Sequence[Address]) -> int:
        """Mint the next ids to these receivers; the first id."""
        first = self.world.minting.reserve(self.project, collection_id, receivers)
        for key in self.world.minting.plan(self.project, collection_id, first, len(receivers), SENDER.address):
            self.carry(key)
        return first

    def follow(self, collection_id: int) -> int:
        """Follow to the head; how many blocks were read."""
        following, total = self.world.following(CHAIN_ID), 0
        while read := following.follow(self.project, collection_id):
            total += read
        return total

    # --- looking

    def collection(self, collection_id: int) -> Collection:
        with self.world.database.read() as unit:
            return unit.collections.get(self.project, collection_id)

    def contract(self, collection_id: int) -> Address:
        from app.provenance.ids import checksum_address

        return Address(checksum_address(self.collection(collection_id).contract or ""))

    def row(self, key: str) -> ChainTransaction:
        with self.world.database.read() as unit:
            found = unit.chains.transaction(self.project, key)
        assert found is not None
        return found

    def attempts(self, key: str) -> Sequence[TransactionAttempt]:
        with self.world.database.read() as unit:
            return unit.chains.attempts(self.project, self.row(key).id or 0)

    def states(self, collection_id: int) -> dict[int, str]:
        """State of every first snapshot, by token id."""
        with self.world.database.read() as unit:
            found = unit.tokens.snapshots(self.project, collection_id, range(200))
        return {snapshot.token_id: str(snapshot.state) for snapshot in found if snapshot.n == 1}

    # --- somebody else at work

    def send(self, call: Call, by: LocalSigner, **changes: int) -> Receipt | None:
        """A transaction that does not come from our service."""
        nonce = changes.get("nonce", self.chain.nonce(by.address, pending=True))
        transaction = UnsignedTransaction(CHAIN_ID, nonce, 1_000_000, self.chain.fees(), call)
        return self.chain.receipt(self.chain.broadcast(by.sign(transaction).raw))


def make_rig(
    folder: Path,
    database_url: str | None = None,
    *,
    chain: MemoryChain | None = None,
    settings: Mapping[str, Any] | None = None,
    **parts: Any,
) -> Rig:
    """A rig on SQLite in the folder, or on the database named. The sleep of its world mines a block."""
    chain = chain or MemoryChain(
        finality_depth=30, balances={signer.address: 1_000 * ETHER for signer in (SENDER, *HOLDERS, OTHER)}
    )
    clock = MemoryClock(START)
    values: dict[str, Any] = {
        "clock": clock,
        "calendar": clock,
        "chains": {CHAIN_ID: Chain(chain, chain)},
        "signer": SENDER,
        "sleep": lambda seconds: chain.mine(),
        **parts,
    }
    world = World(settings_for(folder, database_url, **(settings or {})), **values)
    migrate(world.database)
    return Rig(world, chain, clock, world.project_id())
