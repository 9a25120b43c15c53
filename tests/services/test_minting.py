"""Minting: an id is reserved once, planned once, minted once, and never before it is covered."""

import threading

import pytest

from app.errors import Conflict, Invalid, Reverted
from app.services import minting
from app.services.minting import mint_key
from tests.services.rig import ALICE, BOB, CAROL, SENDER, Rig


def owners(rig: Rig, collection: int, count: int) -> list[str | None]:
    return [rig.chain.owner_of(rig.contract(collection), token) for token in range(count)]


def test_minted_receivers_own_their_ids_in_order(both: Rig) -> None:
    collection = both.deployed()
    both.live(collection, 3)
    both.committed(collection)
    assert both.minted(collection, [ALICE.address, BOB.address]) == 0
    assert both.minted(collection, [CAROL.address]) == 2
    assert owners(both, collection, 3) == [ALICE.address, BOB.address, CAROL.address]


def test_reserve_ids_are_given_out_once_even_to_many_at_once(both: Rig) -> None:
    collection = both.deployed()
    gate, results = threading.Barrier(5), list[object]()

    def reserve() -> None:
        gate.wait()
        try:
            results.append(both.world.minting.reserve(both.project, collection, [ALICE.address, BOB.address]))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=reserve) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, results)) == ["0", "2", "4", "6", "8"]


def test_reserve_above_the_supply_is_refused_and_reserves_nothing(rig: Rig) -> None:
    collection = rig.deployed(supply=3)
    rig.world.minting.reserve(rig.project, collection, [ALICE.address] * 2)
    with pytest.raises(Invalid, match="Only 1 of 3"):
        rig.world.minting.reserve(rig.project, collection, [ALICE.address] * 2)
    assert rig.world.minting.reserve(rig.project, collection, [BOB.address]) == 2
    with pytest.raises(Invalid, match="Only 0 of 3"):
        rig.world.minting.reserve(rig.project, collection, [BOB.address])


def test_reserve_malformed_receiver_is_refused_and_reserves_nothing(rig: Rig) -> None:
    collection = rig.deployed()
    with pytest.raises(Invalid):
        rig.world.minting.reserve(rig.project, collection, [ALICE.address, "0x12"])  # type: ignore[list-item]  # a wrong address is the point
    assert rig.world.minting.reserve(rig.project, collection, [ALICE.address]) == 0


def test_plan_ids_that_are_not_covered_are_a_conflict(rig: Rig) -> None:
    collection = rig.deployed()
    rig.live(collection, 2)
    rig.committed(collection)
    rig.world.minting.reserve(rig.project, collection, [ALICE.address] * 3)
    with pytest.raises(Conflict, match="2 are"):
        rig.world.minting.plan(rig.project, collection, 0, 3, SENDER.address)


def test_contract_refuses_to_mint_what_is_not_covered(rig: Rig) -> None:
    collection = rig.deployed()
    call = rig.world.contract.mint(rig.contract(collection), receivers=[ALICE.address], first=0)
    with pytest.raises(Reverted) as caught:
        rig.chain.simulate(SENDER.address, call)
    assert caught.value.reason == "NotCovered"


def test_plan_again_gives_the_same_keys_and_mints_nothing_twice(rig: Rig) -> None:
    collection = rig.deployed()
    rig.live(collection, 4)
    rig.committed(collection)
    rig.world.minting.reserve(rig.project, collection, [ALICE.address] * 4)

    def plan(first: int, count: int) -> list[str]:
        return rig.world.minting.plan(rig.project, collection, first, count, SENDER.address)

    keys = plan(0, 4)
    assert keys == plan(0, 4) == [mint_key(collection, 0)]
    for key in keys:
        rig.carry(key)
    nonce = rig.chain.nonce(SENDER.address)
    for key in plan(0, 4) + plan(1, 2):
        rig.carry(key)
    assert rig.chain.nonce(SENDER.address) == nonce
    assert rig.chain.collection(rig.contract(collection)).minted == 4


def test_plan_many_ids_go_in_batches(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minting, "BATCH", 3)
    collection = rig.deployed()
    rig.live(collection, 8)
    rig.committed(collection)
    rig.world.minting.reserve(rig.project, collection, [ALICE.address] * 8)
    keys = rig.world.minting.plan(rig.project, collection, 0, 8, SENDER.address)
    assert keys == [mint_key(collection, first) for first in (0, 3, 6)]
    for key in reversed(keys):
        rig.carry(key)
    assert owners(rig, collection, 9) == [ALICE.address] * 8 + [None]


def test_plan_leaves_out_what_somebody_else_minted(rig: Rig) -> None:
    collection = rig.deployed()
    rig.live(collection, 4)
    rig.committed(collection)
    rig.world.minting.reserve(rig.project, collection, [ALICE.address] * 4)
    rig.send(rig.world.contract.mint(rig.contract(collection), receivers=[BOB.address], first=1), SENDER)
    rig.follow(collection)
    for key in rig.world.minting.plan(rig.project, collection, 0, 4, SENDER.address):
        rig.carry(key)
    assert owners(rig, collection, 4) == [ALICE.address, BOB.address, ALICE.address, ALICE.address]


def test_plan_after_a_batch_failed_on_the_chain_is_planned_anew(rig: Rig) -> None:
    collection = rig.deployed()
    rig.live(collection, 2)
    rig.committed(collection)
    rig.world.minting.reserve(rig.project, collection, [ALICE.address] * 2)
    (key,) = rig.world.minting.plan(rig.project, collection, 0, 2, SENDER.address)
    with rig.world.database.write() as unit:
        row = unit.chains.transaction(rig.project, key)
        assert row is not None
        row.state, row.error = "failed", "It reverted."
        unit.chains.save(row)
    assert rig.world.minting.plan(rig.project, collection, 0, 2, SENDER.address) == [key]
    rig.carry(key)
    assert owners(rig, collection, 2) == [ALICE.address] * 2
