"""The Python model of AgentNFT does what the contract does: random calls run on both, step by step."""

from collections.abc import Sequence
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.adapters.chain_abi import agent_abi, role
from app.adapters.chain_memory import MemoryChain
from app.adapters.chain_model import AgentModel
from app.adapters.chain_model_roles import Caller
from app.errors import Reverted
from app.ports import Address, Fees, Hash32, UnsignedTransaction
from tests.contracts.collection import (
    ADMIN,
    AGENT,
    ALICE,
    BOB,
    COMMITTER,
    MINTER,
    PAUSER,
    ZERO,
    Collection,
    deployment,
    refused,
    send,
)
from tests.standins.nodes import CHAIN_ID, GWEI

SUPPLY = 6
ACTORS = (ADMIN, COMMITTER, MINTER, PAUSER, ALICE, BOB)
ETHER = 10**18
Step = tuple[int, str, tuple[Any, ...], int]
"""Which actor, which function, its arguments, and the seconds that pass before."""

people = st.sampled_from([actor.address for actor in ACTORS])
anyone = st.one_of(people, st.just(ZERO))
tokens = st.integers(0, SUPPLY)
role_ids = st.sampled_from([role(name) for name in ("COMMITTER", "MINTER", "PAUSER", "DEFAULT_ADMIN_ROLE")])
origins = st.sampled_from(["https://agents.example", "https://b.example", "https://b.example/", "", "http://c d"])


def step(function: str, *arguments: st.SearchStrategy[Any], by: int | None = None) -> st.SearchStrategy[Step]:
    """A call that is mostly made by the actor who may, and now and then by any other."""
    anybody = st.integers(0, len(ACTORS) - 1)
    actor = anybody if by is None else st.one_of(st.just(by), st.just(by), anybody)
    return st.tuples(actor, st.just(function), st.tuples(*arguments), st.sampled_from([1, 1, 1, 60, 1500]))


STEPS = st.one_of(
    step("commit", st.integers(0, 5), st.integers(0, SUPPLY + 1), by=1),
    step("commit", st.integers(1, 3), st.integers(2, SUPPLY), by=1),
    step("mint", anyone, tokens, by=2),
    step("mint", people, st.integers(0, 3), by=2),
    step("mintBatch", st.lists(anyone, max_size=3), tokens, by=2),
    step("mintBatch", st.lists(people, min_size=1, max_size=4), st.integers(0, 2), by=2),
    step("burn", tokens),
    step("transferFrom", people, anyone, tokens),
    step("safeTransferFrom(address,address,uint256)", people, anyone, tokens),
    step("approve", anyone, tokens),
    step("setApprovalForAll", anyone, st.booleans()),
    step("pauseMint", by=3),
    step("unpauseMint", by=0),
    step("setOrigin", origins, by=0),
    step("setRoyalty", anyone, st.sampled_from([0, 500, 10_000, 10_001]), by=0),
    step("grantRole", role_ids, people, by=0),
    step("revokeRole", role_ids, people, by=0),
    step("renounceRole", role_ids, people),
    step("beginDefaultAdminTransfer", anyone, by=0),
    step("cancelDefaultAdminTransfer", by=0),
    step("acceptDefaultAdminTransfer"),
    step("changeDefaultAdminDelay", st.sampled_from([0, 500, 2_000, 10**6]), by=0),
    step("rollbackDefaultAdminDelay", by=0),
)


class Both:
    """The same collection at the same address on a node and in memory, with equal clocks."""

    def __init__(self, collection: Collection) -> None:
        node = collection.node
        self.node = node
        time = int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        self.memory = MemoryChain(
            balances={actor.address: 10_000 * ETHER for actor in ACTORS}, genesis_time=time, automine=False
        )
        self.time = time
        node.rpc("evm_setNextBlockTimestamp", time + 1)
        made = send(node, ADMIN, deployment(supply=SUPPLY))
        self.collection = Collection(node, Address(to_checksum_address(made["contractAddress"])))
        receipt = self.in_memory(0, deployment(supply=SUPPLY), 1)
        assert receipt.contract is not None
        self.contract = receipt.contract
        self.time += 1

    def in_memory(self, actor: int, call: Any, seconds: int) -> Any:
        by = ACTORS[actor]
        nonce = self.memory.nonce(by.address)
        signed = by.sign(UnsignedTransaction(CHAIN_ID, nonce, 8_000_000, Fees(20 * GWEI, GWEI), call))
        self.memory.broadcast(signed.raw)
        self.memory.mine(seconds=seconds)
        receipt = self.memory.receipt(Hash32(signed.hash))
        assert receipt is not None
        return receipt

    def run(self, steps: Sequence[Step]) -> None:
        for actor, function, arguments, seconds in steps:
            self.time += seconds
            # Both look at the same moment: a block before the call makes the clocks equal for the dry run too.
            self.node.rpc("evm_setNextBlockTimestamp", self.time)
            self.node.rpc("evm_mine")
            self.memory.mine(seconds=seconds)
            real = refused(self.node, ACTORS[actor], AGENT.call(self.collection.address, function, *arguments))
            assert (str(real) if real else "") == self.modelled_refusal(actor, function, arguments)
            self.time += 1
            self.node.rpc("evm_setNextBlockTimestamp", self.time)
            receipt = self.collection.receipt(ACTORS[actor], function, *arguments)
            mine = self.in_memory(actor, AGENT.call(self.contract, function, *arguments), 1)
            assert (receipt["status"] == "0x1") == mine.succeeded, (function, arguments)
        self.compare()

    def modelled_refusal(self, actor: int, function: str, arguments: tuple[Any, ...]) -> str:
        try:
            self.memory.simulate(ACTORS[actor].address, AGENT.call(self.contract, function, *arguments))
        except Reverted as reverted:
            return reverted.message.removeprefix("The contract refused the call: ").removesuffix(".")
        return ""

    def compare(self) -> None:
        assert self.real_state() == self.model_state(self.memory.model(self.contract))

    def real_state(self) -> dict[str, Any]:
        view = self.collection.view
        state: dict[str, Any] = {name: view(name) for name in ("head", "totalSupply", "mintPaused", "origin")}
        state["owner"] = to_checksum_address(view("owner"))
        pending, schedule = view("pendingDefaultAdmin")
        state["pending"] = (to_checksum_address(pending), schedule)
        state["delay"] = view("defaultAdminDelay")
        receiver, amount = view("royaltyInfo", 0, 10_000)
        state["royalty"] = (to_checksum_address(receiver), amount)
        for token in range(SUPPLY):
            state[f"burned {token}"] = view("burned", token)
            missing = refused(self.node, ADMIN, AGENT.call(self.collection.address, "ownerOf", token))
            owner = None if missing else to_checksum_address(view("ownerOf", token))
            approved = None if missing else to_checksum_address(view("getApproved", token))
            state[f"token {token}"] = (owner, approved)
        for actor in ACTORS:
            address = actor.address
            state[f"balance {address}"] = view("balanceOf", address)
            for name in ("COMMITTER", "MINTER", "PAUSER", "DEFAULT_ADMIN_ROLE"):
                state[f"{name} {address}"] = view("hasRole", role(name), address)
            for other in ACTORS:
                state[f"{address} {other.address}"] = view("isApprovedForAll", address, other.address)
        return state

    def model_state(self, model: AgentModel) -> dict[str, Any]:
        roles = model.roles
        state: dict[str, Any] = {
            "head": (model.number, model.time, model.covered),
            "totalSupply": model.total_supply,
            "mintPaused": model.mint_paused,
            "origin": model.origin,
            "owner": model.owner,
            "pending": (roles.pending_admin, roles.admin_schedule),
            "delay": roles.current_delay(Caller(ADMIN.address, self.time)),
            "royalty": model.royalty,
        }
        for token in range(SUPPLY):
            owner = model.owners.get(token)
            state[f"burned {token}"] = token in model.burned
            state[f"token {token}"] = (owner, model.approved.get(token, ZERO) if owner else None)
        for actor in ACTORS:
            address = actor.address
            state[f"balance {address}"] = model.balance_of(address)
            for name in ("COMMITTER", "MINTER", "PAUSER", "DEFAULT_ADMIN_ROLE"):
                state[f"{name} {address}"] = roles.has(role(name), address)
            for other in ACTORS:
                state[f"{address} {other.address}"] = (address, other.address) in model.operators
        return state


def check(deployed: Collection, steps: Sequence[Step]) -> AgentModel:
    """Run the steps on both, undo them on the node, and give the model as it is after them."""
    snapshot = deployed.node.rpc("evm_snapshot")
    try:
        both = Both(deployed)
        both.run(steps)
        return both.memory.model(both.contract)
    finally:
        assert deployed.node.rpc("evm_revert", snapshot)


def random_calls(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        # A fixture of the module is shared on purpose: every example undoes what it did.
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    )


@given(steps=st.lists(STEPS, min_size=1, max_size=25))
@random_calls(8)
def test_model_under_random_calls_agrees_with_the_contract(deployed: Collection, steps: list[Step]) -> None:
    check(deployed, steps)


@pytest.mark.full
@given(steps=st.lists(STEPS, min_size=10, max_size=60))
@random_calls(100)
def test_model_under_many_random_calls_agrees_with_the_contract(deployed: Collection, steps: list[Step]) -> None:
    check(deployed, steps)


def test_model_under_a_whole_life_agrees_with_the_contract(deployed: Collection) -> None:
    a, b = ALICE.address, BOB.address
    model = check(
        deployed,
        [
            (1, "commit", (1, 4), 1),
            (2, "mintBatch", ([a, a, b], 0), 60),
            (4, "approve", (b, 0), 1),
            (5, "transferFrom", (a, b, 0), 1),
            (5, "burn", (0,), 1),
            (2, "mint", (a, 0), 1),
            (3, "pauseMint", (), 1),
            (2, "mint", (a, 3), 1),
            (0, "unpauseMint", (), 1),
            (2, "mint", (a, 3), 1),
            (1, "commit", (1, 6), 1),
            (0, "changeDefaultAdminDelay", (100,), 1),
            (0, "beginDefaultAdminTransfer", (b,), 1500),
            (5, "acceptDefaultAdminTransfer", (), 1),
            (5, "acceptDefaultAdminTransfer", (), 1500),
            (5, "grantRole", (role("PAUSER"), a), 1),
            (5, "beginDefaultAdminTransfer", (ZERO,), 1),
            (5, "renounceRole", (role("DEFAULT_ADMIN_ROLE"), b), 1500),
        ],
    )
    assert (model.owners, model.burned) == ({1: a, 2: b, 3: a}, {0})
    assert (model.number, model.covered, model.owner) == (1, 4, ZERO)
    assert role("PAUSER") in model.roles.members


def test_model_knows_every_function_that_changes_something() -> None:
    from app.adapters.chain_model import _METHODS

    changing = {function.signature for function in agent_abi().by_selector.values() if not function.view}
    assert set(_METHODS) == changing
