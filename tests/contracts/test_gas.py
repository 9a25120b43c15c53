"""What the contract's work costs on a real EVM. `pytest -s` prints the table that docs quote."""

from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from app.adapters.signer import LocalSigner
from app.ports import Address
from tests.contracts.collection import (
    ADMIN,
    ALICE,
    BLOCKHASH_REACH,
    COMMITTER,
    HISTORY,
    MINTER,
    Collection,
    deployment,
    send,
)
from tests.standins.nodes import Node, running, start_anvil

pytestmark = pytest.mark.part("anvil")

CEILINGS = {
    "deploy": 3_600_000,
    "first commit": 51_000,
    "commit": 34_000,
    "commit, 1 id": 36_000,
    "commit, 1 range": 36_000,
    "commit, 2 ranges": 38_000,
    "commit, 8 ranges": 51_000,
    "close": 36_000,
    "capture": 53_000,
    "capture, from history": 62_000,
    "capture, too late": 45_000,
    "mint, 1 to a new holder": 79_000,
    "mint, 1 to a holder": 62_000,
    "batch of 50 to one": 1_350_000,
    "batch of 100 to one": 2_650_000,
    "batch of 100 to 100": 4_850_000,
    "transfer": 44_000,
    "first burn": 61_000,
}
"""Gas used by the whole transaction, at most."""


def test_gas_of_every_kind_of_transaction_stays_below_its_ceiling() -> None:
    with running(start_anvil()) as node:
        node.rpc("anvil_setLoggingEnabled", False)
        used = measured(node)
    for name, gas in used.items():
        print(f"{name:26} {gas:>9,}")
    assert {name: gas for name, gas in used.items() if gas > CEILINGS[name]} == {}
    assert used.keys() == CEILINGS.keys()


def measured(node: Node) -> dict[str, int]:
    made = send(node, ADMIN, deployment(supply=1000))
    collection = Collection(node, Address(to_checksum_address(made["contractAddress"])))
    one, crowd = [ALICE.address], [Address(to_checksum_address(f"0xc0ffee{index:034x}")) for index in range(100)]

    def gas(by: LocalSigner, function: str, *arguments: Any, on: Collection = collection) -> int:
        receipt = on.receipt(by, function, *arguments)
        assert receipt["status"] == "0x1"
        return int(receipt["gasUsed"], 16)

    def ranges(count: int) -> list[tuple[int, int]]:
        return [(100 * index, 100 * index + 50) for index in range(count)]

    def captured(past: int, history: bool) -> int:
        before = node.rpc("evm_snapshot")
        blind.closed(past=past)
        if not history:
            node.rpc("anvil_setCode", HISTORY, "0x")
        spent = gas(ALICE, "capture", on=blind)
        node.rpc("evm_revert", before)
        return spent

    blind = Collection.deployed(node, seed_hash=None)
    blind.released(10)
    before = node.rpc("evm_snapshot")
    close = gas(ADMIN, "close", on=blind)
    node.rpc("evm_revert", before)
    return {
        "deploy": int(made["gasUsed"], 16),
        "first commit": gas(COMMITTER, "commit", 1, 10, []),
        "commit": gas(COMMITTER, "commit", 2, 1000, []),
        "commit, 1 id": gas(COMMITTER, "commit", 3, 1000, [(777, 777)]),
        "commit, 1 range": gas(COMMITTER, "commit", 4, 1000, ranges(1)),
        "commit, 2 ranges": gas(COMMITTER, "commit", 5, 1000, ranges(2)),
        "commit, 8 ranges": gas(COMMITTER, "commit", 6, 1000, ranges(8)),
        "close": close,
        "capture": captured(1, history=True),
        "capture, from history": captured(BLOCKHASH_REACH, history=True),
        "capture, too late": captured(BLOCKHASH_REACH, history=False),
        "mint, 1 to a new holder": gas(MINTER, "mint", ALICE.address, 0),
        "mint, 1 to a holder": gas(MINTER, "mint", ALICE.address, 1),
        "batch of 50 to one": gas(MINTER, "mintBatch", one * 50, 100),
        "batch of 100 to one": gas(MINTER, "mintBatch", one * 100, 200),
        "batch of 100 to 100": gas(MINTER, "mintBatch", crowd, 300),
        "transfer": gas(ALICE, "transferFrom", ALICE.address, crowd[0], 0),
        "first burn": gas(ALICE, "burn", 1),
    }
