"""Deploying: the collection's row comes first, then its contract; births follow, for documents name the contract."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from app.db.database import Database
from app.db.tables import Collection
from app.errors import Conflict, Invalid
from app.ports import Address, AgentContract, Call, Clock, Hash32
from personalities import load_pack
from renderers import get_renderer

MOST_SUPPLY: Final = 1 << 20
DEFAULT_DESCRIPTION: Final = "{supply:,} agents, each born with a personality of its own that changes as it is met."
_SLUG: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class NewCollection:
    """What a team decides before the deployment."""

    slug: str
    name: str
    symbol: str
    description: str
    supply: int
    origin: str
    chain_id: int
    seed: str
    """64 hex digits; empty for a blind collection, whose seed comes from the chain."""
    pack: str = "dixie"
    renderer: str = "portrait"
    kind: str = "open"
    """open | blind"""
    polish: bool = False
    """Whether a model polishes the text of every birth."""


def deploy_key(collection_id: int) -> str:
    """Key of the deployment's transaction and work."""
    return f"deploy:{collection_id}"


class Deploying:
    def __init__(self, database: Database, contract: AgentContract, clock: Clock) -> None:
        self._database = database
        self._contract = contract
        self._clock = clock

    def check(self, wanted: NewCollection) -> None:
        """Raises Invalid, naming everything that is wrong."""
        problems = []
        if not _SLUG.fullmatch(wanted.slug):
            problems.append("the slug is a lower-case word of letters, digits and hyphens, at most 40")
        if not 1 <= wanted.supply <= MOST_SUPPLY:
            problems.append(f"the supply lies between 1 and {MOST_SUPPLY:,}")
        if not wanted.name.strip() or len(wanted.name) > 100:
            problems.append("the name has 1 to 100 characters")
        if not wanted.symbol.strip() or len(wanted.symbol) > 20:
            problems.append("the symbol has 1 to 20 characters")
        if len(wanted.description) > 2000:
            problems.append("the description has at most 2,000 characters")
        if len(wanted.origin) > 200:
            problems.append("the origin has at most 200 characters")
        if wanted.kind == "open" and not re.fullmatch(r"[0-9a-f]{64}", wanted.seed):
            problems.append("the seed is 64 lower-case hex digits")
        if wanted.kind == "blind" and wanted.seed:
            problems.append("a blind collection has no seed before its reveal")
        for check in (lambda: load_pack(wanted.pack), lambda: get_renderer(wanted.renderer)):
            try:
                check()
            except ValueError as error:
                problems.append(str(error))
        if problems:
            raise Invalid("; ".join(problems) + ".")

    def plan(self, project_id: int, wanted: NewCollection, sender: Address) -> int:
        """Write the collection and its planned deployment; returns the collection's id. The same call again finds what
        is there; Conflict when the slug is taken by something else."""
        self.check(wanted)
        pack = load_pack(wanted.pack)
        now = int(self._clock.now().timestamp())
        with self._database.write() as unit:
            unit.collections.keep_pack(wanted.pack)
            found = unit.collections.by_slug(project_id, wanted.slug)
            if found is None:
                found = unit.collections.add_or_find(
                    Collection(
                        project_id=project_id,
                        slug=wanted.slug,
                        chain_id=wanted.chain_id,
                        name=wanted.name,
                        symbol=wanted.symbol,
                        description=wanted.description or DEFAULT_DESCRIPTION.format(supply=wanted.supply),
                        origin=wanted.origin,
                        supply=wanted.supply,
                        kind=wanted.kind,
                        seed=wanted.seed,
                        pack=pack.id,
                        pack_hash=pack.hash,
                        renderer=wanted.renderer,
                        polish=wanted.polish,
                        created_at=now,
                    )
                )
            there = (
                found.chain_id,
                found.supply,
                found.name,
                found.symbol,
                found.pack.partition("@")[0],
                found.renderer,
                found.kind,
            )
            asked = (
                wanted.chain_id,
                wanted.supply,
                wanted.name,
                wanted.symbol,
                wanted.pack,
                wanted.renderer,
                wanted.kind,
            )
            if there != asked:
                raise Conflict(
                    f"This project has another collection called {wanted.slug}.", hint="Choose another slug."
                )
            assert found.id is not None
            if found.contract is None:
                call = self.deployment(wanted, found.seed, found.pack_hash, sender)
                unit.chains.plan(
                    project_id,
                    found.id,
                    deploy_key(found.id),
                    chain_id=found.chain_id,
                    sender=sender,
                    call=call,
                    now=now,
                )
            return found.id

    def deployment(self, wanted: NewCollection, seed: str, pack_hash: str, sender: Address) -> Call:
        """The call that makes the contract. It fixes the pack's hash, and that of the seed where there is one."""
        return self._contract.deployment(
            name=wanted.name,
            symbol=wanted.symbol,
            origin=wanted.origin,
            supply=wanted.supply,
            pack_hash=Hash32(f"0x{pack_hash}"),
            seed_hash=Hash32("0x" + hashlib.sha256(bytes.fromhex(seed)).hexdigest()) if seed else None,
            admin=sender,
            committer=sender,
            minter=sender,
        )

    def finish(self, project_id: int, collection_id: int) -> str:
        """Write down the contract of the mined deployment; returns its address in lower case."""
        with self._database.write() as unit:
            collection = unit.collections.get(project_id, collection_id)
            if collection.contract is None:
                transaction = unit.chains.transaction(project_id, deploy_key(collection_id))
                if transaction is None or transaction.contract is None or transaction.block_number is None:
                    raise Conflict("The deployment is not mined yet.", hint="Run the worker; it goes on by itself.")
                collection.contract = transaction.contract
                collection.first_block = transaction.block_number
                collection.followed_block = transaction.block_number - 1
                unit.collections.add(collection)
            return collection.contract
