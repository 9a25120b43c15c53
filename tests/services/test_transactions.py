"""The ladder of a transaction: killed on any rung, refused in every way, stuck, reorganised: mined exactly once."""

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.adapters.chain_memory import GWEI
from app.adapters.signer import LocalSigner
from app.errors import ChainRefused, ChainUnavailable, Conflict, InsufficientFunds, Reverted, Underpriced
from app.ports import Address, Call, Hash32, SignedTransaction, UnsignedTransaction
from app.services import transactions
from app.services.commits import commit_key
from app.services.deploying import deploy_key
from app.services.transactions import Transactions
from tests.services.kills import Killed, Killing, KillingDatabase, Kills, everywhere
from tests.services.rig import ALICE, CHAIN_ID, ETHER, OTHER, SENDER, Rig, make_rig


class Wire:
    """The way to the node: `on_send` sees the bytes first and may do something, or raise as a broken line does."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.sent: list[bytes] = []
        self.on_send: Callable[[bytes], None] = lambda raw: None
        self.after: Callable[[bytes], None] = lambda raw: None

    def broadcast(self, raw: bytes) -> Hash32:
        self.sent.append(raw)
        self.on_send(raw)
        answer = self._rig.chain.broadcast(raw)
        self.after(raw)
        return answer


def carrier(rig: Rig, *, writer: Any = None, signer: Any = SENDER, reader: Any = None) -> Transactions:
    world = rig.world
    return Transactions(
        world.database, reader or rig.chain, writer or rig.chain, signer, world.clock, lambda seconds: rig.chain.mine()
    )


def once(action: Callable[[], object]) -> Callable[[bytes], None]:
    """Do it at the first call only."""
    left = [action]

    def run(raw: bytes) -> None:
        if left:
            left.pop()()

    return run


def contracts(rig: Rig) -> int:
    """How many contracts our account has made."""
    return len(rig.chain._at("latest").world.contracts)


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fees are raised after a moment instead of a minute and a half."""
    monkeypatch.setattr(transactions, "REPLACE_AFTER", 0.02)


# --- the straight way -----------------------------------------------------------------------------------------------


def test_carry_planned_is_mined_and_known(both: Rig) -> None:
    key = deploy_key(both.plan_deployment())
    mined = both.carry(key)
    row = both.row(key)
    assert (row.state, row.hash, row.block_number, row.nonce) == ("mined", mined.hash, 1, 0)
    assert row.contract == (mined.contract or "").lower()
    assert row.gas_used == mined.gas_used <= (row.gas_limit or 0)
    assert contracts(both) == 1


def test_carry_again_sends_nothing_more(rig: Rig) -> None:
    key = deploy_key(rig.plan_deployment())
    wire = Wire(rig)
    first = carrier(rig, writer=wire).carry(rig.project, key)
    assert carrier(rig, writer=wire).carry(rig.project, key) == first
    assert len(wire.sent) == 1


def test_carry_unknown_key_is_refused(rig: Rig) -> None:
    with pytest.raises(ChainRefused):
        rig.carry("deploy:4711")


def test_carry_of_another_project_is_not_found(rig: Rig) -> None:
    key = deploy_key(rig.plan_deployment())
    with pytest.raises(ChainRefused):
        rig.world.transactions(CHAIN_ID).carry(rig.project + 1, key)
    assert rig.row(key).state == "planned"


def test_carry_waits_for_a_node_that_mines_late(rig: Rig) -> None:
    rig.chain.automine = False
    assert rig.carry(deploy_key(rig.plan_deployment())).block_number == 1


# --- killed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("automine", [True, False], ids=["mined at once", "mined later"])
def test_carry_killed_at_every_point_then_again_is_mined_once(tmp_path: Path, automine: bool) -> None:
    rig, kills = make_rig(tmp_path), Kills()
    real = rig.world.database

    def attempt(at: int) -> bool:
        rig.chain.automine = True
        key = deploy_key(rig.plan_deployment(slug=f"town-{at}"))
        made, nonce = contracts(rig), rig.chain.nonce(SENDER.address)
        rig.chain.automine = automine
        chain, signer = Killing(rig.chain, kills), KillingSigner(kills)
        cut = Transactions(
            KillingDatabase(real, kills), chain, chain, signer, rig.clock, lambda seconds: rig.chain.mine()
        )
        killed = False
        try:
            cut.carry(rig.project, key)
        except Killed:
            killed = True
        rig.carry(key)
        rig.chain.mine(3)
        assert contracts(rig) == made + 1
        assert rig.chain.nonce(SENDER.address) == nonce + 1
        assert rig.row(key).state == "mined"
        return killed

    assert everywhere(kills, attempt) > 20


class KillingSigner:
    def __init__(self, kills: Kills) -> None:
        self._kills = kills

    @property
    def address(self) -> Address:
        return SENDER.address

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        self._kills.point()
        signed = SENDER.sign(transaction)
        self._kills.point()
        return signed


def test_carry_killed_while_a_refusal_is_written_down_goes_on_later(tmp_path: Path) -> None:
    rig, kills = make_rig(tmp_path), Kills()

    def attempt(at: int) -> bool:
        key = deploy_key(rig.plan_deployment(slug=f"town-{at}"))
        nonce = rig.chain.nonce(SENDER.address)
        riches = rig.chain.balance(SENDER.address)
        rig.chain.fund(SENDER.address, -riches)
        cut = Transactions(
            KillingDatabase(rig.world.database, kills), rig.chain, rig.chain, SENDER, rig.clock, lambda seconds: None
        )
        killed = False
        try:
            cut.carry(rig.project, key)
        except Killed:
            killed = True
        except InsufficientFunds:
            pass
        rig.chain.fund(SENDER.address, riches)
        rig.carry(key)
        assert rig.chain.nonce(SENDER.address) == nonce + 1
        return killed

    assert everywhere(kills, attempt) > 5


# --- refused --------------------------------------------------------------------------------------------------------


def test_carry_nonce_used_by_somebody_else_signs_anew(rig: Rig) -> None:
    key = deploy_key(rig.plan_deployment())
    wire = Wire(rig)
    wire.on_send = once(lambda: rig.send(Call(ALICE.address, b"", 1), SENDER))
    carrier(rig, writer=wire).carry(rig.project, key)
    assert rig.row(key).nonce == 1
    assert len(rig.attempts(key)) == 1
    assert contracts(rig) == 1


def test_carry_fees_rose_meanwhile_replaces_with_both_fees_an_eighth_higher(rig: Rig) -> None:
    key = deploy_key(rig.plan_deployment())
    wire = Wire(rig)

    def dearer() -> None:
        rig.chain.base_fee = 4 * GWEI

    wire.on_send = once(dearer)
    waits: list[float] = []
    Transactions(rig.world.database, rig.chain, wire, SENDER, rig.clock, waits.append).carry(rig.project, key)
    assert waits == [], "what was signed anew is sent at once"
    first, second = rig.attempts(key)
    assert 8 * second.max_fee >= 9 * first.max_fee
    assert 8 * second.max_priority_fee >= 9 * first.max_priority_fee
    assert rig.row(key).nonce == 0
    assert rig.row(key).hash == second.hash


@pytest.mark.usefixtures("quickly")
def test_carry_stuck_is_replaced_at_the_same_nonce_and_mined_once(rig: Rig) -> None:
    rig.chain.automine = False
    key = deploy_key(rig.plan_deployment())
    wire = Wire(rig)
    slow = Transactions(rig.world.database, rig.chain, wire, SENDER, rig.clock, lambda seconds: time.sleep(0.01))
    with pytest.raises((ChainUnavailable, Underpriced)):
        slow.carry(rig.project, key, patience=0.3)
    attempts = rig.attempts(key)
    assert len(attempts) > 1
    assert {attempt.raw for attempt in attempts} == set(wire.sent), "every attempt went out"
    for old, new in pairwise(attempts):
        assert 8 * new.max_fee >= 9 * old.max_fee
        assert 8 * new.max_priority_fee >= 9 * old.max_priority_fee
    rig.chain.mine()
    assert rig.carry(key).hash in {attempt.hash for attempt in attempts}
    assert (contracts(rig), rig.chain.nonce(SENDER.address)) == (1, 1)


@pytest.mark.usefixtures("quickly")
def test_carry_stuck_forever_stops_after_some_attempts_and_goes_on_later(rig: Rig) -> None:
    rig.chain.automine = False
    key = deploy_key(rig.plan_deployment())
    still = Transactions(rig.world.database, rig.chain, rig.chain, SENDER, rig.clock, lambda seconds: None)
    with pytest.raises(Underpriced) as caught:
        still.carry(rig.project, key, patience=5)
    assert caught.value.hint
    assert len(rig.attempts(key)) == transactions.MOST_ATTEMPTS
    rig.chain.automine = True
    rig.chain.mine()
    rig.carry(key)
    assert contracts(rig) == 1


def test_carry_without_money_stays_planned_and_goes_on_once_funded(rig: Rig) -> None:
    riches = rig.chain.balance(SENDER.address)
    rig.chain.fund(SENDER.address, -riches)
    key = deploy_key(rig.plan_deployment())
    with pytest.raises(InsufficientFunds):
        rig.carry(key)
    row = rig.row(key)
    assert (row.state, row.nonce, rig.attempts(key)) == ("planned", None, [])
    assert row.error
    rig.chain.fund(SENDER.address, riches)
    rig.carry(key)
    assert contracts(rig) == 1


@pytest.mark.usefixtures("quickly")
def test_carry_replacement_refused_for_money_never_forgets_what_was_sent(rig: Rig) -> None:
    rig.chain.automine = False
    key = deploy_key(rig.plan_deployment())
    wire = Wire(rig)

    def poor() -> None:
        if len(wire.sent) == 2:
            raise InsufficientFunds("The raised fees are more than the account has.")

    wire.on_send = lambda raw: poor()
    still = Transactions(rig.world.database, rig.chain, wire, SENDER, rig.clock, lambda seconds: None)
    with pytest.raises(InsufficientFunds):
        still.carry(rig.project, key)
    rig.chain.mine()  # the first attempt was in the pool all along
    rig.chain.automine = True
    rig.carry(key)
    assert (contracts(rig), rig.chain.nonce(SENDER.address)) == (1, 1)


def test_carry_nonce_too_low_with_a_late_receipt_is_not_done_twice(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    key = deploy_key(rig.plan_deployment())
    wire = Wire(rig)

    def lost(raw: bytes) -> None:
        raise ChainUnavailable("The answer did not arrive.")

    wire.after = lost
    with pytest.raises(ChainUnavailable):
        carrier(rig, writer=wire).carry(rig.project, key)

    class LateNode:
        """A node behind a balancer: it knows the nonce, and the receipt only after a while."""

        def __init__(self) -> None:
            self.asked = 0

        def receipt(self, transaction: Hash32) -> Any:
            self.asked += 1
            return rig.chain.receipt(transaction) if self.asked > 4 else None

        def broadcast(self, raw: bytes) -> Hash32:
            from app.errors import NonceTooLow

            raise NonceTooLow("The nonce is used up.")

        def __getattr__(self, name: str) -> Any:
            return getattr(rig.chain, name)

    late = LateNode()
    carrier(rig, writer=late, reader=late).carry(rig.project, key)
    assert (contracts(rig), rig.chain.nonce(SENDER.address)) == (1, 1)


def test_carry_call_that_would_revert_is_refused_before_anything_is_paid(rig: Rig) -> None:
    collection = rig.deployed()
    rig.live(collection, 1)
    number = rig.world.commits.plan(rig.project, collection, SENDER.address)
    assert number == 1
    rig.send(rig.world.contract.commit(rig.contract(collection), number=1, covered=1), SENDER)
    key = commit_key(collection, 1)
    nonce, balance = rig.chain.nonce(SENDER.address), rig.chain.balance(SENDER.address)
    with pytest.raises(Reverted) as caught:
        rig.carry(key)
    assert caught.value.reason == "CommitOutOfOrder"
    assert (rig.row(key).state, rig.row(key).nonce) == ("planned", None)
    assert (rig.chain.nonce(SENDER.address), rig.chain.balance(SENDER.address)) == (nonce, balance)


def test_carry_mined_but_refused_is_failed_and_planned_anew_gets_another_nonce(rig: Rig) -> None:
    collection = rig.deployed()
    contract = rig.contract(collection)
    grant = rig.world.contract.call(contract, "grantRole", _role("COMMITTER"), OTHER.address)  # type: ignore[attr-defined]  # beyond the port: the adapter builds any call
    rig.send(grant, SENDER)
    rig.live(collection, 1)
    rig.world.commits.plan(rig.project, collection, SENDER.address)
    key, wire = commit_key(collection, 1), Wire(rig)
    rival = rig.world.contract.commit(contract, number=1, covered=1)
    wire.on_send = once(lambda: rig.send(rival, OTHER))
    with pytest.raises(Reverted):
        carrier(rig, writer=wire).carry(rig.project, key)
    row = rig.row(key)
    assert (row.state, row.error_code) == ("failed", "reverted")
    with pytest.raises(Reverted):
        rig.carry(key)
    with pytest.raises(Conflict, match="not mined"):
        rig.world.commits.finish(rig.project, collection, 1)
    assert rig.world.commits.plan(rig.project, collection, SENDER.address) == 1
    assert rig.row(key).state == "planned"
    assert rig.row(key).id != row.id


def _role(name: str) -> bytes:
    from app.adapters.chain_abi import role

    return role(name)


# --- answers that get lost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arrived", [True, False])
def test_carry_broadcast_without_an_answer_is_mined_once(rig: Rig, arrived: bool) -> None:
    key = deploy_key(rig.plan_deployment())
    wire = Wire(rig)

    def broken(raw: bytes) -> None:
        raise ChainUnavailable("The line broke.")

    if arrived:
        wire.after = broken
    else:
        wire.on_send = broken
    with pytest.raises(ChainUnavailable):
        carrier(rig, writer=wire).carry(rig.project, key)
    rig.carry(key)
    rig.chain.mine(2)
    assert (contracts(rig), rig.chain.nonce(SENDER.address)) == (1, 1)
    assert len(rig.attempts(key)) == 1


# --- reorgs and finality --------------------------------------------------------------------------------------------


def test_confirm_deep_enough_is_finalized(rig: Rig) -> None:
    collection = rig.plan_deployment()
    key = deploy_key(collection)
    rig.carry(key)
    confirm = rig.world.transactions(CHAIN_ID).confirm
    assert (confirm(rig.project, collection), rig.row(key).state) == (1, "mined")
    rig.chain.mine(31)
    assert (confirm(rig.project, collection), rig.row(key).state) == (0, "finalized")
    rig.carry(key)
    assert rig.row(key).state == "finalized"


@pytest.mark.parametrize("keep", [True, False], ids=["back in the pool", "forgotten"])
def test_confirm_after_a_reorg_sends_the_same_bytes_until_they_are_final(rig: Rig, keep: bool) -> None:
    collection = rig.plan_deployment()
    key = deploy_key(collection)
    before = rig.carry(key)
    rig.chain.reorg(1, keep=keep)
    assert rig.chain.receipt(before.hash) is None
    confirm = rig.world.transactions(CHAIN_ID).confirm
    assert confirm(rig.project, collection) == 1
    rig.chain.mine()
    assert confirm(rig.project, collection) == 1
    row, receipt = rig.row(key), rig.chain.receipt(before.hash)
    assert receipt is not None
    assert (row.state, row.block_hash) == ("mined", receipt.block_hash)
    rig.chain.mine(31)
    assert confirm(rig.project, collection) == 0
    assert (rig.row(key).state, contracts(rig)) == ("finalized", 1)


def test_confirm_after_a_reorg_into_dearer_blocks_raises_the_fees(rig: Rig) -> None:
    collection = rig.plan_deployment()
    key = deploy_key(collection)
    rig.carry(key)
    rig.chain.reorg(1)
    rig.chain.base_fee = 20 * GWEI
    confirm = rig.world.transactions(CHAIN_ID).confirm
    for _ in range(4):
        confirm(rig.project, collection)
    assert rig.row(key).state == "mined"
    assert len(rig.attempts(key)) == 2
    rig.chain.mine(31)
    assert confirm(rig.project, collection) == 0
    assert (contracts(rig), rig.chain.nonce(SENDER.address)) == (1, 1)


def test_confirm_reorg_while_the_node_is_away_loses_nothing(rig: Rig) -> None:
    collection = rig.plan_deployment()
    key = deploy_key(collection)
    rig.carry(key)
    rig.chain.reorg(1)
    wire = Wire(rig)

    def away(raw: bytes) -> None:
        raise ChainUnavailable("The line broke.")

    wire.on_send = away
    with pytest.raises(ChainUnavailable):
        carrier(rig, writer=wire).confirm(rig.project, collection)
    with pytest.raises(ChainUnavailable):
        carrier(rig, writer=wire).confirm(rig.project, collection)
    assert rig.world.transactions(CHAIN_ID).confirm(rig.project, collection) == 1
    rig.chain.mine(31)
    assert rig.world.transactions(CHAIN_ID).confirm(rig.project, collection) == 0
    assert (rig.row(key).state, contracts(rig)) == ("finalized", 1)


# --- several at once ------------------------------------------------------------------------------------------------


def _together(*actions: Callable[[], Any]) -> list[Any]:
    """What threads that start at once return or raise."""
    gate, results = threading.Barrier(len(actions)), list[Any]([None] * len(actions))

    def run(at: int) -> None:
        gate.wait()
        try:
            results[at] = actions[at]()
        except Exception as error:
            results[at] = error

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_carry_one_transaction_by_three_at_once_is_mined_once(both: Rig) -> None:
    for number in range(4):
        key = deploy_key(both.plan_deployment(slug=f"town-{number}"))
        results = _together(*[lambda key=key: both.carry(key)] * 3)
        assert len({result.hash for result in results}) == 1, results
        assert contracts(both) == number + 1
        assert both.chain.nonce(SENDER.address) == number + 1


def test_carry_many_transactions_at_once_gives_each_its_nonce(both: Rig) -> None:
    keys = [deploy_key(both.plan_deployment(slug=f"town-{number}")) for number in range(6)]
    results = _together(*[lambda key=key: both.carry(key) for key in keys])
    assert [error for error in results if isinstance(error, Exception)] == []
    assert sorted(both.row(key).nonce or 0 for key in keys) == list(range(6))
    assert contracts(both) == 6


def test_carry_gap_left_by_one_that_was_given_up_is_filled(rig: Rig) -> None:
    """The first is signed, then refused while the second is already out: its nonce must not block the second."""
    first = deploy_key(rig.plan_deployment(slug="first"))
    second = deploy_key(rig.plan_deployment(slug="second"))
    third = deploy_key(rig.plan_deployment(slug="third"))
    wire = Wire(rig)

    def meanwhile() -> None:
        with pytest.raises(ChainUnavailable):
            carrier(rig).carry(rig.project, second, patience=0.1)
        raise ChainRefused("The node does not like it.")

    wire.on_send = once(meanwhile)
    with pytest.raises(ChainRefused):
        carrier(rig, writer=wire).carry(rig.project, first)
    assert (rig.row(second).nonce, rig.row(second).state) == (1, "sent")
    rig.carry(third)
    assert rig.row(third).nonce == 0
    rig.carry(second)
    rig.carry(first)
    assert sorted((rig.row(key).nonce or 0) for key in (first, second, third)) == [0, 1, 2]


def test_sender_is_shown_without_its_key(rig: Rig) -> None:
    assert isinstance(SENDER, LocalSigner)
    assert repr(SENDER) == f"LocalSigner({SENDER.address})"
    assert rig.chain.balance(SENDER.address) == 1_000 * ETHER
