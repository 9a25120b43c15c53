"""AgentContract: the calls it builds are what the contract's ABI says, and it needs nobody to build them."""

import pytest
from eth_abi.abi import decode, encode
from eth_hash.auto import keccak

from app.adapters.agent_nft import AgentNft
from app.ports import Address, AgentContract, Hash32
from contracts_abi import load

CONTRACT = Address("0x5FbDB2315678afecb367f032d93F642f64180aa3")
OWNER = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")


@pytest.fixture
def contract() -> AgentContract:
    return AgentNft()


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


@pytest.mark.parametrize("changed", [[], [(7, 7)], [(0, 3), (9, 499)]])
def test_commit_encodes_number_covered_and_what_changed(
    contract: AgentContract, changed: list[tuple[int, int]]
) -> None:
    call = contract.commit(CONTRACT, number=3, covered=500, changed=changed)
    assert (call.to, call.value) == (CONTRACT, 0)
    types = ["uint64", "uint32", "(uint32,uint32)[]"]
    assert call.data == selector(f"commit({','.join(types)})") + encode(types, [3, 500, changed])


@pytest.mark.parametrize("name", ["close", "capture"])
def test_close_and_capture_encode_nothing_but_their_name(contract: AgentContract, name: str) -> None:
    call = getattr(contract, name)(CONTRACT)
    assert (call.to, call.data, call.value) == (CONTRACT, selector(f"{name}()"), 0)


def test_mint_encodes_receivers_in_order(contract: AgentContract) -> None:
    call = contract.mint(CONTRACT, receivers=[OWNER, CONTRACT], first=7)
    assert call.data[:4] == selector("mintBatch(address[],uint256)")
    assert decode(["address[]", "uint256"], call.data[4:]) == ((OWNER.lower(), CONTRACT.lower()), 7)


def test_deployment_is_the_committed_bytecode_with_arguments_behind(contract: AgentContract) -> None:
    call = contract.deployment(
        name="Agents",
        symbol="A",
        origin="https://agents.example",
        supply=10,
        pack_hash=Hash32("0x" + "aa" * 32),
        seed_hash=Hash32("0x" + "bb" * 32),
        admin=OWNER,
        committer=OWNER,
        minter=OWNER,
    )
    assert call.to is None
    assert call.data.startswith(load("AgentNFT").bytecode)
    assert b"https://agents.example" in call.data[len(load("AgentNFT").bytecode) :]
