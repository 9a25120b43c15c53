"""Minting: a plan of one row a token, carried by batch transactions. A token has one plan at most."""

from collections.abc import Sequence
from typing import Final

from app.db.database import Database
from app.db.tables import Mint
from app.errors import Conflict, Invalid
from app.ports import Address, AgentContract, Clock
from app.provenance.ids import checksum_address

BATCH: Final = 100
"""Tokens a transaction: about 2.6 million gas, far below the 16,777,216 of EIP-7825."""


def mint_key(collection_id: int, first: int) -> str:
    return f"mint:{collection_id}:{first}"


class Minting:
    def __init__(self, database: Database, contract: AgentContract, clock: Clock) -> None:
        self._database = database
        self._contract = contract
        self._clock = clock

    def reserve(self, project_id: int, collection_id: int, receivers: Sequence[Address]) -> int:
        """Plan the next ids for these receivers, in order; returns the first id. Nothing is sent."""
        with self._database.write() as unit:
            collection = unit.collections.get(project_id, collection_id, lock=True)
            if collection.kind == "blind" and collection.seed:
                raise Conflict(f"Minting of {collection.slug} ended with its reveal.")
            first = unit.chains.planned_mints(project_id, collection_id)
            if first + len(receivers) > collection.supply:
                left = collection.supply - first
                raise Invalid(f"Only {left} of {collection.supply} ids are left to mint.", hint="Ask for fewer.")
            for at, receiver in enumerate(receivers):
                unit.chains.save(
                    Mint(
                        collection_id=collection_id,
                        token_id=first + at,
                        project_id=project_id,
                        receiver=checksum_address(receiver),
                    )
                )
            return first

    def plan(self, project_id: int, collection_id: int, first: int, count: int, sender: Address) -> list[str]:
        """Plan transactions for the reserved ids of a range; returns the keys that are to be carried.

        An id whose transaction is planned keeps it, unless that failed. Ids that exist on the chain already (as far as
        followed) get none. Raises Conflict when an id of the range is not covered yet: its mint would revert.
        """
        now = int(self._clock.now().timestamp())
        with self._database.write() as unit:
            collection = unit.collections.get(project_id, collection_id, lock=True)
            if first + count > collection.covered:
                raise Conflict(f"Ids up to {first + count - 1} are not all released; {collection.covered} are.")
            assert collection.contract is not None, "mints follow the deployment"
            there = unit.tokens.minted_ids(project_id, collection_id, first, count)
            keys: dict[str, None] = {}  # in order, each once
            new: list[Mint] = []
            for mint in unit.chains.mints(project_id, collection_id, first, count):
                planned = (
                    unit.chains.transaction_by_id(project_id, mint.transaction_id) if mint.transaction_id else None
                )
                if planned is not None and planned.state != "failed":
                    keys[planned.key] = None
                elif mint.token_id not in there:
                    new.append(mint)
            for batch in _batches(new):
                call = self._contract.mint(
                    Address(checksum_address(collection.contract)),
                    receivers=[Address(mint.receiver) for mint in batch],
                    first=batch[0].token_id,
                )
                transaction = unit.chains.plan(
                    project_id,
                    collection_id,
                    mint_key(collection_id, batch[0].token_id),
                    chain_id=collection.chain_id,
                    sender=sender,
                    call=call,
                    now=now,
                )
                for mint in batch:
                    mint.transaction_id = transaction.id
                    unit.chains.save(mint)
                keys[transaction.key] = None
        return list(keys)


def _batches(mints: Sequence[Mint]) -> list[list[Mint]]:
    """Runs of ids without a gap, BATCH at most: what one call can mint."""
    batches: list[list[Mint]] = []
    for mint in mints:
        if batches and len(batches[-1]) < BATCH and batches[-1][-1].token_id + 1 == mint.token_id:
            batches[-1].append(mint)
        else:
            batches.append([mint])
    return batches
