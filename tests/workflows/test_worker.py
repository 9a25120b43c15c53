"""A worker in this process on a chain in memory: requests become agents, once, and failures can be mended."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.adapters.chain_memory import MemoryChain
from app.bootstrap import Chain, World
from app.db.migrate import migrate
from app.db.tables import Work, WorkState
from app.errors import Conflict
from app.workflows.worker import Worker, alive
from tests.services.rig import CHAIN_ID, ETHER, SENDER
from tests.workflows.town import ALICE, Town, checksum
from tests.worlds import settings_for


@pytest.fixture(scope="module")
def chain() -> MemoryChain:
    return MemoryChain(finality_depth=5, balances={SENDER.address: 1_000 * ETHER})


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, chain: MemoryChain) -> Iterator[Town]:
    """A town with a worker; its chain is in memory, so the endpoint in the settings is never asked."""
    # DBOS keeps one engine a process: its threads write to the standard output of when it was made.
    settings = settings_for(tmp_path_factory.mktemp("worker"), rpc_urls={CHAIN_ID: SecretStr("http://127.0.0.1:1")})
    world = World(settings, chains={CHAIN_ID: Chain(chain, chain)}, signer=SENDER)
    migrate(world.database)
    worker = Worker(world)
    worker.start()
    yield Town(world)
    worker.stop(wait_seconds=1)
    assert not alive(world)
    world.database.close()
    sys.stdout.flush()


@pytest.fixture(scope="module")
def first(town: Town) -> tuple[int, Work, Work]:
    """A deployed collection with five minted agents: (collection, deploy work, mint work)."""
    deployed = town.done(town.deploy(slug="first", supply=20))
    return deployed.collection_id, deployed, town.done(town.mint(deployed.collection_id, 5))


def test_deploy_and_mint_end_with_agents_their_holder_owns(
    town: Town, first: tuple[int, Work, Work], chain: MemoryChain
) -> None:
    collection, _, minted = first
    contract = town.contract(collection)
    assert [chain.owner_of(contract, token_id) for token_id in range(6)] == [checksum(ALICE)] * 5 + [None]
    assert (minted.state, minted.done, minted.total, minted.error) == ("done", 5, 5, "")
    for token_id in range(5):
        view = town.world.reading.view(CHAIN_ID, contract.lower(), token_id)
        assert view.token.owner == ALICE.lower(), "whoever waits for the work finds the owners known"
        assert view.snapshot.n == 1
    state = chain.collection(contract)
    assert (state.covered, state.commit, state.minted) == (5, 1, 5)
    assert town.world.reading.collections()[0][1:] == (5, 5)


def test_follower_marks_what_became_final(town: Town, first: tuple[int, Work, Work], chain: MemoryChain) -> None:
    chain.mine(10)
    deadline = time.monotonic() + 15
    states: set[str] = set()
    while states != {"finalized"} and time.monotonic() < deadline:
        time.sleep(0.1)
        with town.world.database.read() as unit:
            states = {snapshot.state for snapshot in unit.tokens.snapshots(town.project, first[0], range(5))}
    assert states == {"finalized"}


def test_request_again_when_done_finds_the_row_and_does_nothing(
    town: Town, first: tuple[int, Work, Work], chain: MemoryChain
) -> None:
    collection, deployed, minted = first
    nonce = chain.nonce(SENDER.address)
    again = town.request(collection, "mint", minted.key, minted.first, minted.count)
    assert (again.id, again.state, again.attempt) == (minted.id, "done", 0)
    assert town.deploy(slug="first", supply=20).id == deployed.id
    time.sleep(0.6)  # three sweeps
    assert chain.nonce(SENDER.address) == nonce


def test_request_twice_while_queued_is_one_piece_of_work(
    town: Town, first: tuple[int, Work, Work], chain: MemoryChain
) -> None:
    collection = first[0]
    mint = town.mint(collection, 1)
    twin = town.request(collection, "mint", mint.key, mint.first, mint.count)
    assert twin.id == mint.id
    town.done(mint)
    assert chain.collection(town.contract(collection)).minted == chain.model(town.contract(collection)).minted
    assert chain.owner_of(town.contract(collection), mint.first) == checksum(ALICE)


def test_release_makes_ready_without_minting(town: Town, first: tuple[int, Work, Work], chain: MemoryChain) -> None:
    deployed = town.done(town.deploy(slug="released", supply=3))
    collection = deployed.collection_id
    released = town.done(town.request(collection, "release", f"release:{collection}:0:2", 0, 2))
    assert released.done == 2
    state = chain.collection(town.contract(collection))
    assert (state.covered, state.minted) == (2, 0)
    assert town.world.reading.view(CHAIN_ID, town.contract(collection).lower(), 1).token.minted is False


def test_work_that_failed_says_why_and_goes_on_when_requested_again(
    town: Town, first: tuple[int, Work, Work], chain: MemoryChain
) -> None:
    riches = chain.balance(SENDER.address)
    chain.fund(SENDER.address, -riches)
    work = town.deploy(slug="poor", supply=3)
    deadline = time.monotonic() + 20
    while (row := town.work(work)).state != WorkState.FAILED:
        assert time.monotonic() < deadline, row
        time.sleep(0.05)
    assert row.error_code == "insufficient-funds"
    assert row.error
    time.sleep(0.6)
    assert town.work(work).attempt == 0, "nothing is tried again unasked"
    chain.fund(SENDER.address, riches)
    again = town.deploy(slug="poor", supply=3)
    assert (again.id, again.attempt) == (work.id, 1)
    done = town.done(again)
    assert (done.error, done.error_code) == ("", "")
    assert town.collection(done.collection_id).contract is not None


def test_second_worker_on_the_same_data_is_a_conflict(town: Town) -> None:
    assert alive(town.world)
    other = Worker(World(town.world.settings))
    with pytest.raises(Conflict) as caught:
        other.start()
    assert "PostgreSQL" in caught.value.hint
    assert alive(town.world)


def test_alive_without_a_worker_is_false(tmp_path: Path) -> None:
    world = World(settings_for(tmp_path))
    migrate(world.database)
    assert not alive(world)
    world.database.close()
