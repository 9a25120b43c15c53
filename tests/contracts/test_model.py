"""The Python model of AgentNFT does what the contract does: random calls run on both, step by step."""

from collections.abc import Mapping, Sequence
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
    HISTORY,
    MINTER,
    PAUSER,
    SEED_HASH,
    ZERO,
    Collection,
    deployment,
    events,
    hash_of,
    mine,
    refused,
    send,
)
from tests.standins.nodes import CHAIN_ID, GWEI

SUPPLY = 6
ACTORS = (ADMIN, COMMITTER, MINTER, PAUSER, ALICE, BOB)
ETHER = 10**18
WAIT = "wait"
"""A step that is no call: so many blocks pass."""
Step = tuple[int, str, tuple[Any, ...], int]
"""Which actor, which function, its arguments, and the seconds that pass before."""

people = st.sampled_from([actor.address for actor in ACTORS])
anyone = st.one_of(people, st.just(ZERO))
tokens = st.integers(0, SUPPLY)
seed_hashes = st.sampled_from([None, SEED_HASH])
role_ids = st.sampled_from([role(name) for name in ("COMMITTER", "MINTER", "PAUSER", "DEFAULT_ADMIN_ROLE")])
ranges = st.lists(st.tuples(st.integers(0, SUPPLY), st.integers(0, SUPPLY)), max_size=3)
sorted_ranges = st.lists(st.integers(0, SUPPLY), max_size=6).map(
    lambda ids: [(first, last) for first, last in zip(*[iter(sorted(set(ids)))] * 2, strict=False)]
)
origins = st.sampled_from(["https://agents.example", "https://b.example", "https://b.example/", "", "http://c d"])


def step(function: str, *arguments: st.SearchStrategy[Any], by: int | None = None) -> st.SearchStrategy[Step]:
    """A call that is mostly made by the actor who may, and now and then by any other."""
    anybody = st.integers(0, len(ACTORS) - 1)
    actor = anybody if by is None else st.one_of(st.just(by), st.just(by), anybody)
    return st.tuples(actor, st.just(function), st.tuples(*arguments), st.sampled_from([1, 1, 1, 60, 1500]))


STEPS = st.one_of(
    step("commit", st.integers(0, 5), st.integers(0, SUPPLY + 1), ranges, by=1),
    step("commit", st.integers(1, 3), st.integers(2, SUPPLY), sorted_ranges, by=1),
    step("close", by=0),
    step("capture"),
    st.tuples(st.just(0), st.just(WAIT), st.tuples(st.sampled_from([1, 70, 70, 300])), st.just(1)),
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

    def __init__(self, collection: Collection, seed_hash: Hash32 | None) -> None:
        node = collection.node
        self.node = node
        latest = node.rpc("eth_getBlockByNumber", "latest", False)
        time, height = int(latest["timestamp"], 16), int(latest["number"], 16)
        self.memory = MemoryChain(
            balances={actor.address: 10_000 * ETHER for actor in ACTORS},
            genesis_time=time - height,
            automine=False,
            hash_window=256 if node.rpc("eth_getCode", HISTORY, "latest") == "0x" else 8191,
        )
        self.memory.mine(height)
        self.time = time
        node.rpc("evm_setNextBlockTimestamp", time + 1)
        call = deployment(supply=SUPPLY, seed_hash=seed_hash)
        made = send(node, ADMIN, call)
        self.collection = Collection(node, Address(to_checksum_address(made["contractAddress"])))
        receipt = self.in_memory(0, call, 1)
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
            if function == WAIT:
                self.wait(*arguments)
                continue
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
            modelled = self.in_memory(actor, AGENT.call(self.contract, function, *arguments), 1)
            assert (receipt["status"] == "0x1") == modelled.succeeded, (function, arguments)
            updates = self.memory.updates(modelled.transaction_hash)
            assert announced(receipt["logs"]) == list(updates), (function, arguments)
        self.compare()

    def wait(self, blocks: int) -> None:
        if blocks > 1:
            mine(self.node, blocks - 1)
            self.memory.mine(blocks - 1)
        mined, latest = self.memory.block("latest"), self.node.rpc("eth_getBlockByNumber", "latest", False)
        assert mined is not None
        # The node's blocks have times of their own; the last one brings the clocks together again.
        self.time = max(mined.timestamp, int(latest["timestamp"], 16)) + 1
        self.node.rpc("evm_setNextBlockTimestamp", self.time)
        self.node.rpc("evm_mine")
        self.memory.mine(seconds=self.time - mined.timestamp)

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
        reveal, captured = view("revealBlock"), view("capturedHash")
        state["reveal"] = (view("packHash"), view("seedHash"), reveal)
        # The two chains have different hashes: each has to have captured its own.
        state["captured"] = any(captured)
        assert captured == (hash_of(self.node, reveal) if any(captured) else bytes(32))
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
        roles, reveal = model.roles, model.reveal
        state: dict[str, Any] = {
            "head": (model.number, model.time, model.covered),
            "totalSupply": model.total_supply,
            "mintPaused": model.mint_paused,
            "origin": model.origin,
            "owner": model.owner,
            "pending": (roles.pending_admin, roles.admin_schedule),
            "delay": roles.current_delay(Caller(ADMIN.address, self.time)),
            "royalty": model.royalty,
            "reveal": (word(reveal.pack_hash), word(reveal.seed_hash), reveal.block or 0),
            "captured": reveal.captured is not None,
        }
        if reveal.captured is not None:
            assert reveal.block is not None
            block = self.memory.block(reveal.block)
            assert block is not None
            assert reveal.captured == block.hash
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


def word(hash32: Hash32 | None) -> bytes:
    return bytes.fromhex(hash32[2:]) if hash32 else bytes(32)


def announced(logs: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """First and last id of each ERC-4906 event."""
    names = ("MetadataUpdate", "BatchMetadataUpdate")
    return [(ids[0], ids[-1]) for name, ids in events(logs) if name in names]


def check(deployed: Collection, steps: Sequence[Step], seed_hash: Hash32 | None = None) -> AgentModel:
    """Run the steps on both, undo them on the node, and give the model as it is after them."""
    snapshot = deployed.node.rpc("evm_snapshot")
    try:
        both = Both(deployed, seed_hash)
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


@given(steps=st.lists(STEPS, min_size=1, max_size=25), seed_hash=seed_hashes)
@random_calls(8)
def test_model_under_random_calls_agrees_with_the_contract(
    deployed: Collection, steps: list[Step], seed_hash: Hash32 | None
) -> None:
    check(deployed, steps, seed_hash)


@pytest.mark.full
@pytest.mark.timeout(900)  # some 3,500 calls, each on a real EVM: minutes on a busy machine
@given(steps=st.lists(STEPS, min_size=10, max_size=60), seed_hash=seed_hashes)
@random_calls(100)
def test_model_under_many_random_calls_agrees_with_the_contract(
    deployed: Collection, steps: list[Step], seed_hash: Hash32 | None
) -> None:
    check(deployed, steps, seed_hash)


def test_model_under_a_whole_life_agrees_with_the_contract(deployed: Collection) -> None:
    a, b = ALICE.address, BOB.address
    model = check(
        deployed,
        [
            (1, "commit", (1, 4, []), 1),
            (2, "mintBatch", ([a, a, b], 0), 60),
            (4, "approve", (b, 0), 1),
            (5, "transferFrom", (a, b, 0), 1),
            (5, "burn", (0,), 1),
            (2, "mint", (a, 0), 1),
            (3, "pauseMint", (), 1),
            (2, "mint", (a, 3), 1),
            (0, "unpauseMint", (), 1),
            (2, "mint", (a, 3), 1),
            (1, "commit", (1, 6, []), 1),
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


@pytest.mark.parametrize("blocks", [63, 64, 65, 320, 321])
def test_model_of_a_blind_collection_agrees_with_the_contract(deployed: Collection, blocks: int) -> None:
    """The first capture is mined `blocks` after the close, and tried out one block before."""
    a = ALICE.address
    model = check(
        deployed,
        [
            (4, "capture", (), 1),
            (1, "commit", (1, 4, []), 1),
            (2, "mint", (a, 0), 1),
            (4, "close", (), 1),
            (0, "close", (), 1),
            (0, "close", (), 1),
            (2, "mint", (a, 1), 1),
            (0, WAIT, (blocks - 6,), 1),  # each call takes two blocks: three calls since the close
            (4, "capture", (), 1),
            (4, "capture", (), 1),
            (0, WAIT, (70,), 1),
            (5, "capture", (), 1),
            (1, "commit", (2, 4, [(0, 0), (1, 3)]), 1),
        ],
    )
    assert model.reveal.captured is not None
    assert (model.number, model.owners) == (2, {0: a})


def test_model_knows_every_function_that_changes_something() -> None:
    from app.adapters.chain_model import _METHODS

    changing = {function.signature for function in agent_abi().by_selector.values() if not function.view}
    assert set(_METHODS) == changing
