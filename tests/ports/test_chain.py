"""What ChainReader and ChainWriter promise, asked of the chain in memory, of anvil, and of the embedded chain."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from app.adapters.agent_nft import AgentNft
from app.adapters.chain_memory import MemoryChain
from app.adapters.chain_web3 import Web3Chain
from app.adapters.signer import LocalSigner
from app.errors import ChainRefused, InsufficientFunds, Invalid, NonceTooLow, Reverted, Underpriced, WrongChain
from app.ports import MAX_RANGES, Address, Block, Call, Fees, Hash32, Receipt, SignedTransaction, UnsignedTransaction
from tests.standins.nodes import Node, account, running, start_anvil, start_embedded, topic, words

GWEI = 10**9
ETHER = 10**18
UNKNOWN_HASH = Hash32("0x" + "11" * 32)
NOBODY = Address("0x000000000000000000000000000000000000dEaD")
ZERO = Address("0x" + "00" * 20)
PACK_HASH, SEED_HASH = Hash32("0x" + "9a" * 32), Hash32("0x" + "5e" * 32)
HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935"
METADATA_UPDATE, BATCH_METADATA_UPDATE = topic("MetadataUpdate(uint256)"), topic("BatchMetadataUpdate(uint256,uint256)")
AGENT = AgentNft()
ADMIN, MINTER, ALICE, BOB = (LocalSigner(bytes(account(index).key)) for index in range(4))


@dataclass
class Rig:
    """A chain of one kind with dev accounts that own ether, and the levers that make history on it."""

    chain: MemoryChain | Web3Chain
    three_deep: MemoryChain | Web3Chain
    """The same chain, with finality three blocks behind the head."""
    mine: Callable[[int], None]
    reorg: Callable[[int], None]
    automine: Callable[[bool], None]
    history: Callable[[bool], None]
    """Whether contracts can learn the hashes of 8191 past blocks (EIP-2935), or of 256 only."""
    updates: Callable[[Hash32], Sequence[tuple[int, int]]]
    """ERC-4906 events of a transaction: first and last id of each."""

    def signed(self, call: Call, by: LocalSigner = ADMIN, **changes: int) -> SignedTransaction:
        fees = Fees(changes.get("max_fee", 10 * GWEI), changes.get("tip", GWEI))
        return by.sign(
            UnsignedTransaction(
                chain_id=changes.get("chain_id", self.chain.chain_id()),
                nonce=changes.get("nonce", self.chain.nonce(by.address)),
                gas=changes.get("gas", 4_000_000 if call.to is None else 600_000),
                fees=fees,
                call=call,
            )
        )

    def send(self, call: Call, by: LocalSigner = ADMIN, **changes: int) -> Receipt:
        return self.mined(self.chain.broadcast(self.signed(call, by, **changes).raw))

    def mined(self, transaction: Hash32) -> Receipt:
        """anvil answers before it has mined."""
        deadline = time.monotonic() + 10
        while (receipt := self.chain.receipt(transaction)) is None:
            assert time.monotonic() < deadline, f"{transaction} was not mined"
            time.sleep(0.005)
        return receipt

    def deploy(self, *, supply: int = 100, covered: int = 0, seed_hash: Hash32 | None = SEED_HASH) -> Address:
        receipt = self.send(deployment(supply, seed_hash))
        assert receipt.succeeded
        assert receipt.contract is not None
        if covered:
            assert self.send(AGENT.commit(receipt.contract, number=1, covered=covered)).succeeded
        return receipt.contract

    def mint(self, contract: Address, *receivers: Address, first: int = 0) -> Receipt:
        receipt = self.send(AGENT.mint(contract, receivers=receivers, first=first), by=MINTER)
        assert receipt.succeeded
        return receipt


def deployment(supply: int = 100, seed_hash: Hash32 | None = SEED_HASH) -> Call:
    return AGENT.deployment(
        name="Agents",
        symbol="AGT",
        origin="https://agents.example",
        supply=supply,
        pack_hash=PACK_HASH,
        seed_hash=seed_hash,
        admin=ADMIN.address,
        committer=ADMIN.address,
        minter=MINTER.address,
    )


def memory_rig() -> Rig:
    balances = {signer.address: 100 * ETHER for signer in (ADMIN, MINTER, ALICE, BOB)}
    chain = MemoryChain(balances=balances, finality_depth=3)

    def automine(on: bool) -> None:
        chain.automine = on

    def history(on: bool) -> None:
        chain.hash_window = 8191 if on else 256

    return Rig(chain, chain, chain.mine, chain.reorg, automine, history, chain.updates)


def node_rig(node: Node) -> Rig:
    code = node.rpc("eth_getCode", HISTORY, "latest")

    def history(on: bool) -> None:
        assert on is False or code != "0x", "this chain has no history contract"
        if code != "0x":
            node.rpc("anvil_setCode", HISTORY, code if on else "0x")

    def updates(transaction: Hash32) -> list[tuple[int, int]]:
        logs = node.rpc("eth_getTransactionReceipt", transaction)["logs"]
        found = [(log["topics"][0], words(log["data"])) for log in logs]
        return [(ids[0], ids[-1]) for name, ids in found if name in (METADATA_UPDATE, BATCH_METADATA_UPDATE)]

    return Rig(
        chain=Web3Chain(node.url, timeout=20),
        three_deep=Web3Chain(node.url, timeout=20, finality_depth=3),
        mine=lambda blocks: node.rpc("evm_mine", {"timestamp": None, "blocks": blocks}),
        reorg=lambda depth: node.rpc("anvil_reorg", depth, []),
        automine=lambda on: node.rpc("evm_setAutomine", on),
        history=history,
        updates=updates,
    )


ANVIL = pytest.param("anvil", marks=pytest.mark.part("anvil"))


@pytest.fixture(scope="module")
def rigs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Rig]]:
    """Starts each kind of chain when a test first asks for it."""
    started: dict[str, tuple[Iterator[Rig], Rig]] = {}

    def serve(kind: str) -> Iterator[Rig]:
        if kind == "memory":
            yield memory_rig()
            return
        with running(start_anvil() if kind == "anvil" else start_embedded(tmp_path_factory.mktemp("chain"))) as node:
            if kind == "anvil":
                node.rpc("anvil_setLoggingEnabled", False)  # nobody reads its output, and a full pipe would stop it
            yield node_rig(node)

    def get(kind: str) -> Rig:
        if kind not in started:
            serving = serve(kind)
            started[kind] = (serving, next(serving))
        return started[kind][1]

    yield get
    for serving, _ in started.values():
        next(serving, None)


@pytest.fixture(params=["memory", "embedded", ANVIL])
def rig(request: pytest.FixtureRequest, rigs: Callable[[str], Rig]) -> Rig:
    return rigs(request.param)


@pytest.fixture(params=["memory", ANVIL])
def remembering_rig(request: pytest.FixtureRequest, rigs: Callable[[str], Rig]) -> Iterator[Rig]:
    """Chains with EIP-2935; the embedded chain is without."""
    rig = rigs(request.param)
    rig.history(True)
    yield rig
    rig.history(False)


@pytest.fixture(params=["memory", ANVIL])
def pool_rig(request: pytest.FixtureRequest, rigs: Callable[[str], Rig]) -> Iterator[Rig]:
    """Chains with a pool of waiting transactions and with reorgs; the embedded chain has neither."""
    rig = rigs(request.param)
    yield rig
    rig.automine(True)


# --- reading blocks --------------------------------------------------------------------------------------------------


def test_chain_id_of_dev_chain_is_31337(rig: Rig) -> None:
    assert rig.chain.chain_id() == 31337


def test_block_by_number_hash_and_tag_is_the_same(rig: Rig) -> None:
    rig.mine(2)
    latest = rig.chain.block("latest")
    assert latest is not None
    assert rig.chain.block(latest.number) == latest
    assert rig.chain.block(latest.hash) == latest
    parent = rig.chain.block(latest.number - 1)
    assert parent is not None
    assert parent.hash == latest.parent_hash
    assert parent.timestamp <= latest.timestamp


def test_block_unknown_is_none(rig: Rig) -> None:
    assert rig.chain.block(10**9) is None
    assert rig.chain.block(UNKNOWN_HASH) is None


def test_block_finalized_with_set_depth_is_that_deep(rig: Rig) -> None:
    rig.mine(5)
    latest, finalized = rig.three_deep.block("latest"), rig.three_deep.block("finalized")
    assert latest is not None
    assert finalized is not None
    assert finalized.number == latest.number - 3
    assert finalized == rig.chain.block(finalized.number)


def test_block_finalized_by_tag_is_never_ahead(rig: Rig) -> None:
    latest, finalized = rig.chain.block("latest"), rig.chain.block("finalized")
    assert latest is not None
    assert finalized is not None
    assert finalized.number <= latest.number


# --- the collection --------------------------------------------------------------------------------------------------


def test_collection_after_deployment_commit_and_mint_tells_its_state(rig: Rig) -> None:
    contract = rig.deploy(supply=100, covered=5)
    receipt = rig.mint(contract, ALICE.address, BOB.address)
    state = rig.chain.collection(contract)
    assert (state.name, state.symbol, state.origin) == ("Agents", "AGT", "https://agents.example")
    assert (state.supply, state.covered, state.commit, state.minted) == (100, 5, 1, 2)
    assert state.owner == ADMIN.address
    assert (state.pack_hash, state.seed_hash) == (PACK_HASH, SEED_HASH)
    assert (state.reveal_block, state.captured) == (None, None)
    assert (state.block.number, state.block.hash) == (receipt.block_number, receipt.block_hash)


def test_collection_at_an_old_block_is_as_it_was(rig: Rig) -> None:
    contract = rig.deploy()
    before = rig.chain.block("latest")
    assert before is not None
    rig.send(AGENT.commit(contract, number=1, covered=7))
    assert rig.chain.collection(contract, before.number).covered == 0
    assert rig.chain.collection(contract, before.number).block == before
    assert rig.chain.collection(contract).covered == 7


def test_collection_where_there_is_no_contract_is_refused(rig: Rig) -> None:
    with pytest.raises(ChainRefused, match="no AgentNFT"):
        rig.chain.collection(NOBODY)


def test_collection_at_an_unknown_block_is_refused(rig: Rig) -> None:
    contract = rig.deploy()
    with pytest.raises(ChainRefused):
        rig.chain.collection(contract, 10**9)


def test_owner_of_follows_mint_transfer_and_burn(rig: Rig) -> None:
    contract = rig.deploy(covered=3)
    assert rig.chain.owner_of(contract, 1) is None
    minted = rig.mint(contract, ALICE.address, ALICE.address)
    assert rig.chain.owner_of(contract, 1) == ALICE.address
    rig.send(AGENT.call(contract, "transferFrom", ALICE.address, BOB.address, 1), by=ALICE)
    assert rig.chain.owner_of(contract, 1) == BOB.address
    rig.send(AGENT.call(contract, "burn", 1), by=BOB)
    assert rig.chain.owner_of(contract, 1) is None
    assert rig.chain.owner_of(contract, 1, minted.block_number) == ALICE.address
    assert rig.chain.owner_of(contract, 99) is None


def test_owner_of_at_finalized_lags_behind(rig: Rig) -> None:
    contract = rig.deploy(covered=3)
    rig.mine(3)
    rig.mint(contract, ALICE.address)
    assert rig.three_deep.owner_of(contract, 0, "finalized") is None
    rig.mine(3)
    assert rig.three_deep.owner_of(contract, 0, "finalized") == ALICE.address


def test_owner_of_where_there_is_no_contract_is_refused(rig: Rig) -> None:
    with pytest.raises(ChainRefused, match="There is no"):
        rig.chain.owner_of(NOBODY, 0)


# --- what changed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [[], [(3, 3)], [(0, 9)], [(0, 0), (2, 5), (9, 9)], [(id_, id_) for id_ in range(MAX_RANGES)]],
    ids=["none", "one id", "all", "several", "the most"],
)
def test_commit_announces_the_changed_ids_in_the_same_transaction(rig: Rig, changed: list[tuple[int, int]]) -> None:
    contract = rig.deploy()
    receipt = rig.send(AGENT.commit(contract, number=1, covered=10, changed=changed))
    assert receipt.succeeded
    assert list(rig.updates(receipt.transaction_hash)) == changed


def test_commit_with_bad_ranges_commits_and_announces_nothing(rig: Rig) -> None:
    contract = rig.deploy()
    receipt = rig.send(AGENT.commit(contract, number=1, covered=10, changed=[(0, 3), (9, 10)]))
    assert not receipt.succeeded
    assert list(rig.updates(receipt.transaction_hash)) == []
    assert rig.chain.collection(contract).commit == 0


# --- blind collections -----------------------------------------------------------------------------------------------


def closed(rig: Rig) -> tuple[Address, int]:
    """A blind collection with one token, closed, and the block that its seed comes from."""
    contract = rig.deploy(covered=5, seed_hash=None)
    rig.mint(contract, ALICE.address)
    assert rig.send(AGENT.close(contract)).succeeded
    state = rig.chain.collection(contract)
    assert state.reveal_block is not None
    assert state.captured is None
    return contract, state.reveal_block


def mine_until(rig: Rig, number: int) -> None:
    """Until the newest block has that number."""
    rig.mine(number - latest(rig).number)
    assert latest(rig).number == number


def latest(rig: Rig) -> Block:
    block = rig.chain.block("latest")
    assert block is not None
    return block


def refusal(rig: Rig, call: Call, by: LocalSigner = ADMIN) -> str:
    with pytest.raises(Reverted) as caught:
        rig.chain.simulate(by.address, call)
    return caught.value.reason


def hash_of(rig: Rig, number: int) -> Hash32:
    block = rig.chain.block(number)
    assert block is not None
    return block.hash


def test_collection_blind_has_a_pack_but_no_seed(rig: Rig) -> None:
    state = rig.chain.collection(rig.deploy(seed_hash=None))
    assert (state.pack_hash, state.seed_hash) == (PACK_HASH, None)
    assert (state.reveal_block, state.captured) == (None, None)


def test_close_names_a_block_to_come_and_ends_minting_for_ever(rig: Rig) -> None:
    contract, reveal = closed(rig)
    assert reveal == latest(rig).number + 64
    mint = AGENT.mint(contract, receivers=[ALICE.address], first=1)
    assert refusal(rig, mint, MINTER) == "MintIsClosed"
    assert not rig.send(mint, by=MINTER).succeeded
    assert refusal(rig, AGENT.close(contract)) == "AlreadyClosed"
    assert rig.send(AGENT.commit(contract, number=2, covered=5, changed=[(0, 4)])).succeeded


def test_capture_early_is_refused_until_the_newest_block_is_past_the_reveal_block(rig: Rig) -> None:
    contract, reveal = closed(rig)
    mine_until(rig, reveal - 1)
    receipt = rig.send(AGENT.capture(contract), by=BOB)
    assert (receipt.block_number, receipt.succeeded) == (reveal, False)
    assert refusal(rig, AGENT.capture(contract), BOB) == "RevealNotReached"
    rig.mine(1)
    gas = rig.chain.simulate(BOB.address, AGENT.capture(contract))
    assert rig.send(AGENT.capture(contract), by=BOB, gas=gas).succeeded


def test_capture_by_anybody_keeps_the_hash_of_the_reveal_block(rig: Rig) -> None:
    contract, reveal = closed(rig)
    mine_until(rig, reveal)
    assert rig.send(AGENT.capture(contract), by=BOB).succeeded
    state = rig.chain.collection(contract)
    assert (state.reveal_block, state.captured) == (reveal, hash_of(rig, reveal))
    assert refusal(rig, AGENT.capture(contract)) == "AlreadyCaptured"
    assert refusal(rig, AGENT.mint(contract, receivers=[ALICE.address], first=1), MINTER) == "MintIsClosed"


def test_collection_of_each_stage_of_a_reveal_can_be_read_at_its_block(rig: Rig) -> None:
    contract, reveal = closed(rig)
    close = latest(rig).number
    mine_until(rig, reveal)
    capture = rig.send(AGENT.capture(contract)).block_number
    rig.mine(1)
    stages = [rig.chain.collection(contract, at) for at in (close - 1, close, capture - 1, capture)]
    assert [state.reveal_block for state in stages] == [None, reveal, reveal, reveal]
    assert [state.captured for state in stages] == [None, None, None, hash_of(rig, reveal)]


def test_capture_in_the_last_block_that_knows_the_hash_is_in_time(rig: Rig) -> None:
    rig.history(False)
    contract, reveal = closed(rig)
    mine_until(rig, reveal + 255)
    receipt = rig.send(AGENT.capture(contract))
    assert (receipt.block_number, receipt.succeeded) == (reveal + 256, True)
    assert rig.chain.collection(contract).captured == hash_of(rig, reveal)


def test_capture_late_fixes_a_new_block_which_can_be_captured(rig: Rig) -> None:
    rig.history(False)
    contract, missed = closed(rig)
    mine_until(rig, missed + 256)
    receipt = rig.send(AGENT.capture(contract), by=BOB)
    assert receipt.succeeded
    state = rig.chain.collection(contract)
    assert (state.reveal_block, state.captured) == (receipt.block_number + 64, None)
    assert refusal(rig, AGENT.capture(contract)) == "RevealNotReached"
    assert refusal(rig, AGENT.mint(contract, receivers=[ALICE.address], first=1), MINTER) == "MintIsClosed"
    mine_until(rig, state.reveal_block or 0)
    assert rig.send(AGENT.capture(contract)).succeeded
    assert rig.chain.collection(contract).captured == hash_of(rig, state.reveal_block or 0)


def test_capture_late_on_a_chain_that_remembers_finds_the_hash(remembering_rig: Rig) -> None:
    contract, reveal = closed(remembering_rig)
    mine_until(remembering_rig, reveal + 400)
    assert remembering_rig.send(AGENT.capture(contract)).succeeded
    state = remembering_rig.chain.collection(contract)
    assert (state.reveal_block, state.captured) == (reveal, hash_of(remembering_rig, reveal))


def test_capture_undone_by_a_reorg_is_made_again_with_the_new_hash(pool_rig: Rig) -> None:
    contract, reveal = closed(pool_rig)
    mine_until(pool_rig, reveal - 1)
    assert pool_rig.send(Call(NOBODY, b"", 1)).block_number == reveal
    pool_rig.send(AGENT.capture(contract))
    before = pool_rig.chain.collection(contract).captured
    pool_rig.reorg(2)  # the capture, and the reveal block itself: the new one is empty, so it has another hash
    assert pool_rig.chain.collection(contract).captured is None
    assert pool_rig.send(AGENT.capture(contract), by=BOB).succeeded
    after = pool_rig.chain.collection(contract)
    assert (after.reveal_block, after.captured) == (reveal, hash_of(pool_rig, reveal))
    assert after.captured != before


def test_deployment_with_a_seed_hash_of_zero_is_refused_before_it_becomes_blind() -> None:
    with pytest.raises(Invalid):
        deployment(seed_hash=Hash32("0x" + "00" * 32))


def test_simulate_deployment_without_a_pack_names_the_reason(rig: Rig) -> None:
    good = deployment()
    call = Call(None, good.data.replace(bytes.fromhex(PACK_HASH[2:]), bytes(32)))
    assert refusal(rig, call) == "InvalidPackHash"


# --- transfers -------------------------------------------------------------------------------------------------------


def test_transfers_in_a_range_come_in_chain_order(rig: Rig) -> None:
    contract, other = rig.deploy(covered=5), rig.deploy(covered=5)
    minted = rig.mint(contract, ALICE.address, BOB.address)
    rig.mint(other, BOB.address)
    moved = rig.send(AGENT.call(contract, "transferFrom", ALICE.address, BOB.address, 0), by=ALICE)
    burned = rig.send(AGENT.call(contract, "burn", 0), by=BOB)
    found = rig.chain.transfers(contract, minted.block_number, burned.block_number)
    assert [(item.token_id, item.sender, item.receiver) for item in found] == [
        (0, ZERO, ALICE.address),
        (1, ZERO, BOB.address),
        (0, ALICE.address, BOB.address),
        (0, BOB.address, ZERO),
    ]
    receipts = [minted, minted, moved, burned]
    assert [item.transaction_hash for item in found] == [receipt.transaction_hash for receipt in receipts]
    assert [item.block_hash for item in found] == [receipt.block_hash for receipt in receipts]
    assert [item.block_number for item in found] == [receipt.block_number for receipt in receipts]
    assert found[0].log_index < found[1].log_index


def test_transfers_of_a_range_without_any_are_none(rig: Rig) -> None:
    contract = rig.deploy(covered=5)
    minted = rig.mint(contract, ALICE.address)
    assert list(rig.chain.transfers(contract, 0, minted.block_number - 1)) == []
    assert list(rig.chain.transfers(contract, 5, 4)) == []


def test_transfers_in_a_block_named_by_hash(rig: Rig) -> None:
    contract = rig.deploy(covered=5)
    minted = rig.mint(contract, ALICE.address, BOB.address)
    assert [item.token_id for item in rig.chain.transfers_in(contract, minted.block_hash)] == [0, 1]
    rig.mine(1)
    empty = rig.chain.block("latest")
    assert empty is not None
    assert list(rig.chain.transfers_in(contract, empty.hash)) == []


def test_transfers_in_an_unknown_block_are_refused(rig: Rig) -> None:
    with pytest.raises(ChainRefused):
        rig.chain.transfers_in(NOBODY, UNKNOWN_HASH)


# --- accounts, fees, simulation --------------------------------------------------------------------------------------


def test_nonce_and_balance_after_a_payment(rig: Rig) -> None:
    nonce, balance, before = rig.chain.nonce(ALICE.address), rig.chain.balance(ALICE.address), rig.chain.balance(NOBODY)
    receipt = rig.send(Call(NOBODY, b"", 5), by=ALICE, gas=21_000)
    assert receipt.succeeded
    assert receipt.gas_used == 21_000
    assert rig.chain.nonce(ALICE.address) == nonce + 1
    assert rig.chain.balance(NOBODY) == before + 5
    spent = balance - rig.chain.balance(ALICE.address)
    assert 5 + 21_000 <= spent <= 5 + 21_000 * 10 * GWEI


def test_receipt_of_unknown_transaction_is_none(rig: Rig) -> None:
    assert rig.chain.receipt(UNKNOWN_HASH) is None


def test_receipt_of_a_call_that_reverted_says_so(rig: Rig) -> None:
    contract = rig.deploy()
    receipt = rig.send(AGENT.commit(contract, number=9, covered=1))
    assert not receipt.succeeded
    assert receipt.contract is None
    assert rig.chain.collection(contract).commit == 0


def test_fees_are_enough_to_be_mined(rig: Rig) -> None:
    fees = rig.chain.fees()
    assert fees.max_fee >= fees.max_priority_fee >= 0
    receipt = rig.send(Call(NOBODY, b"", 1), gas=21_000, max_fee=fees.max_fee, tip=fees.max_priority_fee)
    assert receipt.succeeded


def test_simulate_gives_gas_that_suffices(rig: Rig) -> None:
    contract = rig.deploy(covered=5)
    call = AGENT.mint(contract, receivers=[ALICE.address, BOB.address], first=0)
    gas = rig.chain.simulate(MINTER.address, call)
    assert 60_000 < gas < 300_000
    assert rig.send(call, by=MINTER, gas=gas).succeeded


def test_simulate_deployment_gives_gas_that_suffices(rig: Rig) -> None:
    gas = rig.chain.simulate(ADMIN.address, deployment())
    assert rig.send(deployment(), gas=gas).succeeded


def test_simulate_changes_nothing(rig: Rig) -> None:
    contract = rig.deploy()
    rig.chain.simulate(ADMIN.address, AGENT.commit(contract, number=1, covered=1))
    assert rig.chain.collection(contract).commit == 0


@pytest.mark.parametrize(
    ("call", "by", "said"),
    [
        (lambda contract: AGENT.commit(contract, number=5, covered=3), ADMIN, "CommitOutOfOrder(2, 5)"),
        (lambda contract: AGENT.mint(contract, receivers=[ALICE.address], first=3), MINTER, "NotCovered(3, 3)"),
        (lambda contract: AGENT.mint(contract, receivers=[ZERO], first=0), MINTER, "ERC721InvalidReceiver("),
        (lambda contract: AGENT.commit(contract, number=2, covered=3), ALICE, "AccessControlUnauthorizedAccount(0x"),
        (lambda contract: AGENT.call(contract, "burn", 9), ALICE, "ERC721NonexistentToken(9)"),
        (lambda contract: AGENT.commit(contract, number=2, covered=4, changed=[(4, 4)]), ADMIN, "InvalidRange(4, 4)"),
        (lambda contract: AGENT.commit(contract, number=2, covered=4, changed=[(2, 1)]), ADMIN, "InvalidRange(2, 1)"),
        (
            lambda contract: AGENT.commit(contract, number=2, covered=4, changed=[(0, 2), (2, 3)]),
            ADMIN,
            "InvalidRange(2, 3)",
        ),
        (
            lambda contract: AGENT.commit(contract, number=2, covered=50, changed=[(id_, id_) for id_ in range(9)]),
            ADMIN,
            "TooManyRanges(9)",
        ),
        (lambda contract: AGENT.close(contract), ADMIN, "NotBlind()"),
        (lambda contract: AGENT.close(contract), ALICE, "AccessControlUnauthorizedAccount(0x"),
        (lambda contract: AGENT.capture(contract), ALICE, "NotClosed()"),
    ],
)
def test_simulate_of_a_forbidden_call_names_the_custom_error(
    rig: Rig, call: Callable[[Address], Call], by: LocalSigner, said: str
) -> None:
    contract = rig.deploy(covered=3)
    with pytest.raises(Reverted) as caught:
        rig.chain.simulate(by.address, call(contract))
    assert caught.value.reason == said.partition("(")[0]
    assert said in caught.value.message


def test_simulate_of_unknown_function_or_with_value_reverts_without_reason(rig: Rig) -> None:
    contract = rig.deploy()
    commit = AGENT.commit(contract, number=1, covered=1)
    for call in (Call(contract, b"\x01\x02\x03\x04"), Call(contract, b""), Call(contract, commit.data, value=1)):
        with pytest.raises(Reverted) as caught:
            rig.chain.simulate(ADMIN.address, call)
        assert caught.value.reason == ""


def test_simulate_of_a_deployment_that_is_not_allowed_names_the_reason(rig: Rig) -> None:
    with pytest.raises(Reverted) as caught:
        rig.chain.simulate(ADMIN.address, deployment(supply=2**20 + 1))
    assert caught.value.reason == "InvalidSupply"


# --- sending ---------------------------------------------------------------------------------------------------------


def test_broadcast_returns_the_hash_the_signer_gave(rig: Rig) -> None:
    signed = rig.signed(Call(NOBODY, b"", 1))
    assert rig.chain.broadcast(signed.raw) == signed.hash
    assert rig.mined(signed.hash).transaction_hash == signed.hash


def test_broadcast_twice_is_no_error_and_sends_once(rig: Rig) -> None:
    signed = rig.signed(Call(NOBODY, b"", 1))
    rig.chain.broadcast(signed.raw)
    receipt = rig.mined(signed.hash)
    before = rig.chain.balance(NOBODY)
    assert rig.chain.broadcast(signed.raw) == signed.hash
    assert rig.chain.receipt(signed.hash) == receipt
    assert rig.chain.balance(NOBODY) == before


def test_broadcast_with_used_nonce_is_refused(rig: Rig) -> None:
    nonce = rig.chain.nonce(BOB.address)
    rig.send(Call(NOBODY, b"", 1), by=BOB)
    with pytest.raises(NonceTooLow):
        rig.chain.broadcast(rig.signed(Call(NOBODY, b"", 2), by=BOB, nonce=nonce).raw)


def test_broadcast_for_another_chain_is_refused(rig: Rig) -> None:
    with pytest.raises(WrongChain):
        rig.chain.broadcast(rig.signed(Call(NOBODY, b"", 1), chain_id=1).raw)


def test_broadcast_below_base_fee_is_underpriced(rig: Rig) -> None:
    with pytest.raises(Underpriced):
        rig.chain.broadcast(rig.signed(Call(NOBODY, b"", 1), max_fee=1, tip=1).raw)


def test_broadcast_without_funds_is_refused(rig: Rig) -> None:
    poor = LocalSigner(b"\x07" * 32)
    with pytest.raises(InsufficientFunds):
        rig.chain.broadcast(rig.signed(Call(NOBODY, b"", 1), by=poor).raw)


@pytest.mark.parametrize("raw", [b"", b"\x02", b"\x02\xc0", b"\xf8\x00", b"\x02" + b"\xff" * 40])
def test_broadcast_of_bytes_that_are_no_transaction_is_refused(rig: Rig, raw: bytes) -> None:
    with pytest.raises(ChainRefused):
        rig.chain.broadcast(raw)


# --- pool and reorg --------------------------------------------------------------------------------------------------


def test_nonce_pending_counts_what_waits(pool_rig: Rig) -> None:
    pool_rig.automine(False)
    nonce = pool_rig.chain.nonce(ALICE.address)
    signed = [pool_rig.signed(Call(NOBODY, b"", 1), by=ALICE, nonce=nonce + index) for index in range(3)]
    for transaction in signed:
        pool_rig.chain.broadcast(transaction.raw)
    assert pool_rig.chain.nonce(ALICE.address) == nonce
    assert pool_rig.chain.nonce(ALICE.address, pending=True) == nonce + 3
    assert pool_rig.chain.receipt(signed[0].hash) is None
    pool_rig.mine(1)
    blocks = {pool_rig.mined(transaction.hash).block_number for transaction in signed}
    assert len(blocks) == 1
    assert pool_rig.chain.nonce(ALICE.address) == nonce + 3


def test_broadcast_again_while_it_waits_is_no_error(pool_rig: Rig) -> None:
    pool_rig.automine(False)
    signed = pool_rig.signed(Call(NOBODY, b"", 1), by=ALICE)
    assert pool_rig.chain.broadcast(signed.raw) == pool_rig.chain.broadcast(signed.raw) == signed.hash
    pool_rig.mine(1)
    assert pool_rig.mined(signed.hash).succeeded


def test_broadcast_replacement_needs_higher_fees(pool_rig: Rig) -> None:
    pool_rig.automine(False)
    nonce = pool_rig.chain.nonce(ALICE.address)
    first = pool_rig.signed(Call(NOBODY, b"", 1), by=ALICE, nonce=nonce, max_fee=10 * GWEI, tip=GWEI)
    cheap = pool_rig.signed(Call(NOBODY, b"", 2), by=ALICE, nonce=nonce, max_fee=10 * GWEI, tip=GWEI)
    dear = pool_rig.signed(Call(NOBODY, b"", 3), by=ALICE, nonce=nonce, max_fee=12 * GWEI, tip=2 * GWEI)
    pool_rig.chain.broadcast(first.raw)
    with pytest.raises(Underpriced):
        pool_rig.chain.broadcast(cheap.raw)
    pool_rig.chain.broadcast(dear.raw)
    pool_rig.mine(1)
    assert pool_rig.mined(dear.hash).succeeded
    assert pool_rig.chain.receipt(first.hash) is None


def test_reorg_takes_transactions_and_state_back(pool_rig: Rig) -> None:
    contract = pool_rig.deploy(covered=5)
    pool_rig.mine(1)
    kept = pool_rig.chain.block("latest")
    assert kept is not None
    minted = pool_rig.mint(contract, ALICE.address)
    pool_rig.mine(1)
    pool_rig.reorg(2)
    assert pool_rig.chain.block(kept.number) == kept
    replaced = pool_rig.chain.block(minted.block_number)
    assert replaced is not None
    assert replaced.hash != minted.block_hash
    assert replaced.parent_hash == kept.hash
    assert pool_rig.chain.receipt(minted.transaction_hash) is None
    assert pool_rig.chain.owner_of(contract, 0) is None
    latest = pool_rig.chain.block("latest")
    assert latest is not None
    assert list(pool_rig.chain.transfers(contract, 0, latest.number)) == []
    with pytest.raises(ChainRefused):
        pool_rig.chain.transfers_in(contract, minted.block_hash)


def test_memory_reorg_with_keep_lets_the_transactions_in_again() -> None:
    rig = memory_rig()
    contract = rig.deploy(covered=5)
    minted = rig.mint(contract, ALICE.address)
    assert isinstance(rig.chain, MemoryChain)
    rig.chain.reorg(1, keep=True)
    assert rig.chain.owner_of(contract, 0) is None
    rig.chain.mine()
    again = rig.mined(minted.transaction_hash)
    assert again.block_number == minted.block_number + 1
    assert rig.chain.owner_of(contract, 0) == ALICE.address


def test_memory_same_history_has_the_same_hashes() -> None:
    heads = []
    for _ in range(2):
        rig = memory_rig()
        rig.mint(rig.deploy(covered=2), ALICE.address)
        heads.append(rig.chain.block("latest"))
    assert heads[0] == heads[1]


def test_web3_chain_repr_does_not_show_the_url() -> None:
    assert "secret" not in repr(Web3Chain("http://127.0.0.1:1/secret-key", timeout=1))
