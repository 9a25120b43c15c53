"""What the contract's work costs on a real EVM. `pytest -s` prints the table that docs quote."""

import pytest
from eth_utils.address import to_checksum_address

from app.ports import Address
from tests.contracts.collection import ADMIN, ALICE, COMMITTER, MINTER, Collection, deployment, send
from tests.standins.nodes import Node, running, start_anvil

pytestmark = pytest.mark.part("anvil")

CEILINGS = {
    "deploy": 3_250_000,
    "first commit": 50_000,
    "commit": 33_000,
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

    def gas(*call: object) -> int:
        by, function, *arguments = call
        receipt = collection.receipt(by, function, *arguments)  # type: ignore[arg-type]  # a row of the table below
        assert receipt["status"] == "0x1"
        return int(receipt["gasUsed"], 16)

    return {
        "deploy": int(made["gasUsed"], 16),
        "first commit": gas(COMMITTER, "commit", 1, 10),
        "commit": gas(COMMITTER, "commit", 2, 1000),
        "mint, 1 to a new holder": gas(MINTER, "mint", ALICE.address, 0),
        "mint, 1 to a holder": gas(MINTER, "mint", ALICE.address, 1),
        "batch of 50 to one": gas(MINTER, "mintBatch", one * 50, 100),
        "batch of 100 to one": gas(MINTER, "mintBatch", one * 100, 200),
        "batch of 100 to 100": gas(MINTER, "mintBatch", crowd, 300),
        "transfer": gas(ALICE, "transferFrom", ALICE.address, crowd[0], 0),
        "first burn": gas(ALICE, "burn", 1),
    }
