"""What ChainReader and ChainWriter promise, asked of the chain in memory, of anvil, and of the embedded chain."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from app.adapters.agent_nft import AgentNft
from app.adapters.chain_memory import MemoryChain
from app.adapters.chain_web3 import Web3Chain
from app.adapters.signer import LocalSigner
from app.errors import ChainRefused, InsufficientFunds, NonceTooLow, Reverted, Underpriced, WrongChain
from app.ports import Address, Call, Fees, Hash32, Receipt, SignedTransaction, UnsignedTransaction
from tests.standins.nodes import Node, account, running, start_anvil, start_embedded

GWEI = 10**9
ETHER = 10**18
UNKNOWN_HASH = Hash32("0x" + "11" * 32)
NOBODY = Address("0x000000000000000000000000000000000000dEaD")
ZERO = Address("0x" + "00" * 20)
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

    def deploy(self, *, supply: int = 100, covered: int = 0) -> Address:
        receipt = self.send(deployment(supply))
        assert receipt.succeeded
        assert receipt.contract is not None
        if covered:
            assert self.send(AGENT.commit(receipt.contract, number=1, covered=covered)).succeeded
        return receipt.contract

    def mint(self, contract: Address, *receivers: Address, first: int = 0) -> Receipt:
        receipt = self.send(AGENT.mint(contract, receivers=receivers, first=first), by=MINTER)
        assert receipt.succeeded
        return receipt


def deployment(supply: int = 100) -> Call:
    return AGENT.deployment(
        name="Agents",
        symbol="AGT",
        origin="https://agents.example",
        supply=supply,
        admin=ADMIN.address,
        committer=ADMIN.address,
        minter=MINTER.address,
    )


def memory_rig() -> Rig:
    balances = {signer.address: 100 * ETHER for signer in (ADMIN, MINTER, ALICE, BOB)}
    chain = MemoryChain(balances=balances, finality_depth=3)

    def automine(on: bool) -> None:
        chain.automine = on

    return Rig(chain, chain, chain.mine, chain.reorg, automine)


def node_rig(node: Node) -> Rig:
    def mine(blocks: int) -> None:
        for _ in range(blocks):
            node.rpc("evm_mine")

    return Rig(
        chain=Web3Chain(node.url, timeout=20),
        three_deep=Web3Chain(node.url, timeout=20, finality_depth=3),
        mine=mine,
        reorg=lambda depth: node.rpc("anvil_reorg", depth, []),
        automine=lambda on: node.rpc("evm_setAutomine", on),
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
