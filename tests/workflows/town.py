"""A world with a chain behind it, and requests for work as commands write them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.adapters.chain_web3 import Web3Chain
from app.bootstrap import World
from app.db.migrate import migrate
from app.db.tables import Collection, Work, WorkState
from app.ports import Address
from app.provenance.ids import checksum_address
from app.services.deploying import deploy_key
from app.workflows.worker import wait_for
from tests.services.rig import CHAIN_ID, wanted
from tests.standins.nodes import account
from tests.worlds import as_environment, settings_for

ALICE = Address("0x" + "A1" * 20)


@dataclass
class Town:
    world: World

    @property
    def project(self) -> int:
        return self.world.project_id()

    @property
    def sender(self) -> Address:
        return self.world.signer.address

    def request(self, collection_id: int, kind: str, key: str, first: int = 0, count: int = 0) -> Work:
        row = Work(
            project_id=self.project,
            collection_id=collection_id,
            kind=kind,
            key=key,
            first=first,
            count=count,
            total=count,
            created_at=1,
            updated_at=1,
        )
        with self.world.database.write() as unit:
            return unit.works.request(row)

    def deploy(self, **changes: Any) -> Work:
        collection_id = self.world.deploying.plan(self.project, wanted(**changes), self.sender)
        return self.request(collection_id, "deploy", deploy_key(collection_id))

    def mint(self, collection_id: int, count: int) -> Work:
        first = self.world.minting.reserve(self.project, collection_id, [checksum(ALICE)] * count)
        return self.request(collection_id, "mint", f"mint:{collection_id}:{first}:{count}", first, count)

    def work(self, work: Work) -> Work:
        with self.world.database.read() as unit:
            return unit.works.get(work.id or 0)

    def until(self, work: Work, condition: Callable[[Work], bool]) -> Work:
        """Look at the row until it says so."""
        seen: list[Work] = []

        class Enough(Exception):
            pass

        def look(row: Work) -> None:
            seen.append(row)
            if condition(row):
                raise Enough

        with suppress(Enough):
            row = wait_for(self.world, work.id or 0, look, pause=0.02)
            raise AssertionError(f"it ended as {row.state}: {row.error}")
        return seen[-1]

    def done(self, work: Work) -> Work:
        row = wait_for(self.world, work.id or 0, lambda row: None, pause=0.02)
        assert row.state == WorkState.DONE, f"{row.state}: {row.error_code} {row.error}"
        return row

    def collection(self, collection_id: int) -> Collection:
        with self.world.database.read() as unit:
            return unit.collections.get(self.project, collection_id)

    def contract(self, collection_id: int) -> Address:
        return checksum(Address(self.collection(collection_id).contract or ""))


def checksum(address: Address) -> Address:
    return Address(checksum_address(address))


def town_on(folder: Path, rpc: str, database_url: str | None = None) -> Town:
    """A world on a node; worker processes of the same settings can be started for it."""
    given: dict[str, Any] = {
        "rpc_urls": {CHAIN_ID: SecretStr(rpc)},
        "raw_key": SecretStr(bytes(account(0).key).hex()),
        "rpc_timeout": 5.0,
    }
    world = World(settings_for(folder, database_url, **given))
    migrate(world.database)
    return Town(world)


def environment_of(town: Town) -> dict[str, str]:
    return as_environment(town.world.settings)


def transfers(town: Town, collection_id: int) -> list[int]:
    """Token ids of all Transfer events of a collection, in chain order."""
    chain = town.world.chain(CHAIN_ID).reader
    assert isinstance(chain, Web3Chain)
    latest = chain.block("latest")
    assert latest is not None
    return [each.token_id for each in chain.transfers(town.contract(collection_id), 0, latest.number)]
