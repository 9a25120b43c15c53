"""Commits: transaction number k of a collection raises what is covered, and so what may be minted, and tells indexers
which covered tokens show another JSON now (ERC-4906).

Numbers are dense. The contract accepts only its head plus one, so a resent commit is harmless and two with one number
cannot be.
"""

from app.db.database import Database
from app.db.tables import Commit
from app.errors import Conflict
from app.ports import MAX_RANGES, Address, AgentContract, Clock
from app.provenance.ids import checksum_address
from app.provenance.ranges import ranges


def commit_key(collection_id: int, number: int) -> str:
    return f"commit:{collection_id}:{number}"


class Commits:
    def __init__(self, database: Database, contract: AgentContract, clock: Clock) -> None:
        self._database = database
        self._contract = contract
        self._clock = clock

    def plan(self, project_id: int, collection_id: int, sender: Address) -> int | None:
        """Plan the next commit if more ids are ready than covered, or covered ones show another JSON than before;
        returns its number, or None when there is nothing to commit. A commit that is under way is finished first: its
        number is returned again."""
        now = int(self._clock.now().timestamp())
        with self._database.write() as unit:
            collection = unit.collections.get(project_id, collection_id, lock=True)
            last = unit.chains.last_commit(project_id, collection_id)
            open_ = last if last is not None and last.number > collection.last_commit else None
            if open_ is not None:
                planned = unit.chains.transaction_by_id(project_id, open_.transaction_id)
                if planned.state != "failed":
                    return open_.number
            number, covered = collection.last_commit + 1, unit.tokens.ready(project_id, collection_id)
            covered = max(covered, collection.covered)
            fresh = covered > collection.covered or unit.tokens.changed(project_id, collection_id, covered)
            if open_ is None and not fresh:
                return None
            changed = unit.tokens.load(project_id, collection_id, covered, number)
            assert collection.contract is not None, "commits follow the deployment"
            call = self._contract.commit(
                Address(checksum_address(collection.contract)),
                number=number,
                covered=covered,
                changed=ranges(changed, MAX_RANGES),
            )
            transaction = unit.chains.plan(
                project_id,
                collection_id,
                commit_key(collection_id, number),
                chain_id=collection.chain_id,
                sender=sender,
                call=call,
                now=now,
            )
            assert transaction.id is not None
            row = open_ or Commit(
                collection_id=collection_id,
                number=number,
                project_id=project_id,
                covered=covered,
                transaction_id=transaction.id,
                created_at=now,
            )
            row.covered, row.transaction_id = covered, transaction.id
            unit.chains.save(row)
            return number

    def finish(self, project_id: int, collection_id: int, number: int) -> None:
        """Write down that commit `number` is mined."""
        with self._database.write() as unit:
            collection = unit.collections.get(project_id, collection_id, lock=True)
            commit = unit.chains.commit(project_id, collection_id, number)
            if commit is None:
                raise Conflict(f"Commit {number} was never planned.")
            transaction = unit.chains.transaction_by_id(project_id, commit.transaction_id)
            if transaction.state not in ("mined", "finalized"):
                raise Conflict(f"Commit {number} is not mined yet.", hint="Run the worker; it goes on by itself.")
            collection.covered = max(collection.covered, commit.covered)
            collection.last_commit = max(collection.last_commit, number)
            unit.collections.add(collection)
            unit.tokens.committed(project_id, collection_id, number)

    def finalize(self, project_id: int, collection_id: int) -> None:
        """Mark snapshots whose commit is in a finalized block."""
        with self._database.write() as unit:
            collection = unit.collections.get(project_id, collection_id)
            for number in range(collection.last_commit, 0, -1):
                commit = unit.chains.commit(project_id, collection_id, number)
                if commit is None:
                    continue
                transaction = unit.chains.transaction_by_id(project_id, commit.transaction_id)
                if transaction.state == "finalized":
                    unit.tokens.finalized(project_id, collection_id, number)
                    return
