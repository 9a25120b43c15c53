"""Deploying: the row first, the contract once, and the same call again finds what is there."""

import threading
from typing import Any

import pytest

from app.errors import Conflict, Invalid
from app.services.deploying import MOST_SUPPLY, deploy_key
from tests.services.rig import SENDER, Rig, wanted


def test_plan_writes_the_collection_and_its_deployment(both: Rig) -> None:
    collection = both.collection(both.plan_deployment(description=""))
    assert (collection.slug, collection.supply, collection.contract) == ("town", 100, None)
    assert "100" in collection.description
    assert collection.pack.startswith("dixie@")
    assert both.row(deploy_key(collection.id or 0)).state == "planned"


def test_plan_again_finds_the_same_even_with_another_fresh_seed(both: Rig) -> None:
    first = both.plan_deployment()
    assert both.plan_deployment(seed="ab" * 32) == first
    assert both.collection(first).seed == "5e" * 32


def test_plan_again_after_the_deployment_finds_the_same_and_plans_nothing(rig: Rig) -> None:
    collection = rig.deployed()
    assert rig.plan_deployment() == collection
    assert rig.row(deploy_key(collection)).state == "mined"
    assert rig.chain.nonce(SENDER.address) == 1


@pytest.mark.parametrize(
    "changes",
    [{"supply": 99}, {"name": "Another"}, {"chain_id": 1}, {"symbol": "OTHER"}],
    ids=lambda changes: next(iter(changes)),
)
def test_plan_slug_taken_by_another_collection_is_a_conflict(rig: Rig, changes: dict[str, Any]) -> None:
    rig.plan_deployment()
    with pytest.raises(Conflict):
        rig.plan_deployment(**changes)


def test_plan_same_slug_in_another_project_is_another_collection(rig: Rig) -> None:
    with rig.world.database.write() as unit:
        other = unit.collections.project("other", 1).id or 0
    assert rig.world.deploying.plan(other, wanted(), SENDER.address) != rig.plan_deployment()


def test_plan_by_two_at_once_is_one_collection(both: Rig) -> None:
    for number in range(4):
        gate, results = threading.Barrier(2), list[object]()

        def plan(slug: str, gate: threading.Barrier, results: list[object]) -> None:
            gate.wait()
            try:
                results.append(both.plan_deployment(slug=slug))
            except Exception as error:
                results.append(error)

        threads = [threading.Thread(target=plan, args=(f"town-{number}", gate, results)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert isinstance(results[0], int), results
        assert results[0] == results[1]


def test_check_names_everything_that_is_wrong_at_once(rig: Rig) -> None:
    wrong = wanted(
        slug="Not A Slug",
        supply=0,
        name=" ",
        symbol="S" * 21,
        seed="xyz",
        pack="nonesuch",
        renderer="nonesuch",
        description="d" * 2001,
        origin="https://" + "o" * 200,
    )
    with pytest.raises(Invalid) as caught:
        rig.world.deploying.check(wrong)
    for word in ("slug", "supply", "name", "symbol", "seed", "nonesuch", "description", "origin"):
        assert word in caught.value.message
    assert caught.value.message.count("nonesuch") >= 2


@pytest.mark.parametrize("supply", [1, MOST_SUPPLY])
def test_check_supply_at_its_bounds_is_fine(rig: Rig, supply: int) -> None:
    rig.world.deploying.check(wanted(supply=supply))


@pytest.mark.parametrize("slug", ["", "1a", "-a", "a_b", "A", "a" * 41, "a/b", "a\n"])
def test_check_slug_that_is_none_is_refused(rig: Rig, slug: str) -> None:
    with pytest.raises(Invalid):
        rig.world.deploying.check(wanted(slug=slug))


def test_finish_before_the_deployment_is_mined_is_a_conflict(rig: Rig) -> None:
    collection = rig.plan_deployment()
    with pytest.raises(Conflict, match="not mined"):
        rig.world.deploying.finish(rig.project, collection)


def test_finish_again_gives_the_same_contract(both: Rig) -> None:
    collection = both.deployed()
    row = both.collection(collection)
    assert both.world.deploying.finish(both.project, collection) == row.contract
    assert (row.first_block, row.followed_block) == (1, 0)
    state = both.chain.collection(both.contract(collection))
    assert (state.name, state.supply, state.covered, state.owner) == ("Dixie Town", 100, 0, SENDER.address)
