"""Commits: dense numbers, live tokens only, and what is under way is finished first."""

import threading

import pytest

from app.db.tables import SnapshotState
from app.errors import Conflict, Reverted
from app.services.commits import commit_key
from tests.services.rig import SENDER, Rig


def test_plan_nothing_ready_is_none(both: Rig) -> None:
    collection = both.deployed()
    assert both.committed(collection) is None


def test_plan_covers_the_ids_without_a_gap_from_zero_on(both: Rig) -> None:
    collection = both.deployed()
    both.live(collection, 3)
    both.live(collection, 2, first=4)
    assert both.committed(collection) == 1
    assert both.collection(collection).covered == both.chain.collection(both.contract(collection)).covered == 3
    assert both.states(collection) == {0: "committed", 1: "committed", 2: "committed", 4: "live", 5: "live"}


def test_plan_numbers_are_dense_over_many_commits(rig: Rig) -> None:
    collection = rig.deployed()
    for number in range(1, 5):
        rig.live(collection, 2, first=2 * (number - 1))
        assert rig.committed(collection) == number
    assert rig.committed(collection) is None
    state = rig.chain.collection(rig.contract(collection))
    assert (state.commit, state.covered) == (4, 8)
    row = rig.collection(collection)
    assert (row.last_commit, row.covered) == (4, 8)


@pytest.mark.parametrize("head", [0, 1], ids=["not shown", "shown, caches not yet purged"])
def test_plan_never_covers_a_token_that_is_not_live(rig: Rig, head: int) -> None:
    collection = rig.deployed()
    rig.live(collection, 2)
    rig.put(collection, [2], SnapshotState.PREPARED, head=head)
    rig.committed(collection)
    assert rig.collection(collection).covered == 2


def test_plan_unfinished_commit_is_returned_again_and_covers_what_it_did(rig: Rig) -> None:
    collection = rig.deployed()
    rig.live(collection, 2)
    assert rig.world.commits.plan(rig.project, collection, SENDER.address) == 1
    rig.live(collection, 3, first=2)
    assert rig.world.commits.plan(rig.project, collection, SENDER.address) == 1
    assert rig.committed(collection) == 1
    assert rig.collection(collection).covered == 2
    assert rig.committed(collection) == 2
    assert rig.collection(collection).covered == 5


def test_plan_killed_between_mined_and_written_down_goes_on(rig: Rig) -> None:
    collection = rig.deployed()
    rig.live(collection, 2)
    rig.world.commits.plan(rig.project, collection, SENDER.address)
    rig.carry(commit_key(collection, 1))
    assert rig.committed(collection) == 1
    assert rig.chain.collection(rig.contract(collection)).commit == 1
    assert rig.collection(collection).covered == 2


def test_plan_by_many_at_once_is_one_commit(both: Rig) -> None:
    collection = both.deployed()
    both.live(collection, 2)
    gate, results = threading.Barrier(4), list[object]()

    def plan() -> None:
        gate.wait()
        try:
            results.append(both.world.commits.plan(both.project, collection, SENDER.address))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=plan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1, 1, 1, 1]
    assert both.committed(collection) == 1


def test_finish_before_it_is_mined_or_planned_is_a_conflict(rig: Rig) -> None:
    collection = rig.deployed()
    rig.live(collection, 1)
    with pytest.raises(Conflict, match="never planned"):
        rig.world.commits.finish(rig.project, collection, 1)
    rig.world.commits.plan(rig.project, collection, SENDER.address)
    with pytest.raises(Conflict, match="not mined"):
        rig.world.commits.finish(rig.project, collection, 1)
    assert rig.collection(collection).covered == 0


def test_finish_again_changes_nothing(rig: Rig) -> None:
    collection = rig.deployed()
    rig.live(collection, 2)
    rig.committed(collection)
    rig.live(collection, 1, first=2)
    rig.committed(collection)
    rig.world.commits.finish(rig.project, collection, 1)
    row = rig.collection(collection)
    assert (row.last_commit, row.covered) == (2, 3)
    assert set(rig.states(collection).values()) == {"committed"}


def test_finalize_follows_the_block_of_the_commit(both: Rig) -> None:
    collection = both.deployed()
    both.live(collection, 2)
    both.committed(collection)
    both.world.commits.finalize(both.project, collection)
    assert set(both.states(collection).values()) == {"committed"}
    both.chain.mine(20)
    both.live(collection, 1, first=2)
    both.committed(collection)
    both.chain.mine(15)
    both.world.transactions(31337).confirm(both.project, collection)
    both.world.commits.finalize(both.project, collection)
    assert both.states(collection) == {0: "finalized", 1: "finalized", 2: "committed"}
    both.chain.mine(31)
    both.world.transactions(31337).confirm(both.project, collection)
    both.world.commits.finalize(both.project, collection)
    assert set(both.states(collection).values()) == {"finalized"}


def test_contract_refuses_a_commit_out_of_order(rig: Rig) -> None:
    collection = rig.deployed()
    call = rig.world.contract.commit(rig.contract(collection), number=2, covered=1)
    with pytest.raises(Reverted):
        rig.chain.simulate(SENDER.address, call)
