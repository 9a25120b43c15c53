"""Following: whatever happens on the chain, and however often it changes its mind, the rows end up saying the same."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters.agent_nft import AgentNft
from app.adapters.signer import LocalSigner
from app.db.tables import Token
from app.errors import Burned, ChainUnavailable, NotFound
from app.ports import Address, Hash32, Transfer
from app.services import following
from app.services.following import Following
from tests.services.kills import Killed, Killing, KillingDatabase, Kills, everywhere
from tests.services.rig import ALICE, BOB, CHAIN_ID, HOLDERS, SENDER, Rig, make_rig

AGENT = AgentNft()
TOKENS = 6


def ready(rig: Rig, count: int = TOKENS) -> int:
    """A collection with covered tokens, deep enough that no reorg of a test reaches its deployment."""
    collection = rig.deployed()
    rig.live(collection, count)
    rig.committed(collection)
    rig.chain.mine(40)
    return collection


def token(rig: Rig, collection: int, token_id: int) -> Token:
    with rig.world.database.read() as unit:
        found = unit.public.token(collection, token_id)
    assert found is not None
    return found


def mint(rig: Rig, collection: int, token_id: int, to: LocalSigner = ALICE) -> None:
    rig.send(AGENT.mint(rig.contract(collection), receivers=[to.address], first=token_id), SENDER)


def transfer(rig: Rig, collection: int, token_id: int, sender: LocalSigner, to: LocalSigner) -> None:
    contract = rig.contract(collection)
    rig.send(AGENT.call(contract, "transferFrom", sender.address, to.address, token_id), sender)


def burn(rig: Rig, collection: int, token_id: int, owner: LocalSigner) -> None:
    rig.send(AGENT.call(rig.contract(collection), "burn", token_id), owner)


def assert_rows_equal_the_chain(rig: Rig, collection: int, count: int = TOKENS) -> None:
    model = rig.chain.model(rig.contract(collection))
    for token_id in range(count):
        row = token(rig, collection, token_id)
        owner = model.owners.get(token_id)
        assert row.owner == (owner.lower() if owner else None), token_id
        assert row.minted == (owner is not None)
        assert row.burned == (token_id in model.burned)
    latest = rig.chain.block("latest")
    assert latest is not None
    assert rig.collection(collection).followed_block == latest.number


def published(rig: Rig, collection: int) -> list[int | None]:
    with rig.world.database.read() as unit:
        return [token_id for _, of, token_id in unit.public.publications(0, 1000) if of == collection]


def test_follow_mint_transfer_and_burn_become_rows(both: Rig) -> None:
    collection = ready(both)
    mint(both, collection, 0)
    mint(both, collection, 1, BOB)
    both.follow(collection)
    assert (token(both, collection, 0).owner, token(both, collection, 1).minted) == (ALICE.address.lower(), True)
    transfer(both, collection, 0, ALICE, BOB)
    burn(both, collection, 1, BOB)
    both.follow(collection)
    assert_rows_equal_the_chain(both, collection)
    assert both.follow(collection) == 0


def test_follow_several_moves_of_one_token_in_one_block_ends_with_the_last(rig: Rig) -> None:
    collection = ready(rig)
    rig.chain.automine = False
    mint(rig, collection, 0)
    rig.chain.mine()
    for sender, to in ((ALICE, BOB), (BOB, ALICE), (ALICE, BOB)):
        transfer(rig, collection, 0, sender, to)
    rig.chain.mine()
    rig.follow(collection)
    assert_rows_equal_the_chain(rig, collection)
    assert token(rig, collection, 0).owner == BOB.address.lower()


def test_follow_burned_token_answers_410_and_is_published(rig: Rig) -> None:
    collection = ready(rig)
    contract = rig.contract(collection).lower()
    mint(rig, collection, 0)
    rig.follow(collection)
    assert rig.world.reading.token(CHAIN_ID, contract, 0).body
    before = published(rig, collection)
    burn(rig, collection, 0, ALICE)
    rig.follow(collection)
    assert published(rig, collection)[len(before) :] == [0]
    with pytest.raises(Burned) as caught:
        rig.world.reading.token(CHAIN_ID, contract, 0)
    assert caught.value.status == 410
    with pytest.raises(Burned):
        rig.world.reading.token(CHAIN_ID, contract, 0, n=1)


def test_follow_burn_taken_back_by_a_reorg_is_published_and_served_again(rig: Rig) -> None:
    collection = ready(rig)
    contract = rig.contract(collection).lower()
    mint(rig, collection, 0)
    burn(rig, collection, 0, ALICE)
    rig.follow(collection)
    before = published(rig, collection)
    rig.chain.reorg(1)
    rig.follow(collection)
    assert published(rig, collection)[len(before) :] == [0]
    assert rig.world.reading.token(CHAIN_ID, contract, 0).minted


def test_follow_other_contracts_are_left_alone(rig: Rig) -> None:
    one, two = ready(rig), rig.deployed(slug="other")
    rig.live(two, 2)
    rig.committed(two)
    mint(rig, two, 0, BOB)
    mint(rig, one, 0, ALICE)
    rig.follow(one)
    assert token(rig, one, 0).owner == ALICE.address.lower()
    assert not token(rig, two, 0).minted


def test_follow_token_that_was_not_born_here_is_remembered_as_a_transfer(rig: Rig) -> None:
    collection = ready(rig, 2)
    rig.send(AGENT.commit(rig.contract(collection), number=2, covered=5), SENDER)
    mint(rig, collection, 4)
    rig.follow(collection)
    with rig.world.database.read() as unit:
        last = unit.chains.last_transfer(rig.project, collection, 4)
        assert unit.public.token(collection, 4) is None
    assert last is not None
    assert last.receiver == ALICE.address.lower()


@pytest.mark.parametrize("depth", [1, 2, 5, 20])
def test_follow_reorg_of_any_depth_is_rewound(both: Rig, depth: int) -> None:
    collection = ready(both)
    mint(both, collection, 0)
    both.follow(collection)
    for number in range(depth - 1):
        mint(both, collection, 1 + number % 5, BOB) if number < 5 else both.chain.mine()
        both.follow(collection)
    transfer(both, collection, 0, ALICE, BOB)
    both.follow(collection)
    both.chain.reorg(depth)
    both.follow(collection)
    assert_rows_equal_the_chain(both, collection)
    assert token(both, collection, 0).owner == ALICE.address.lower()


def test_follow_reorg_to_a_shorter_chain_is_rewound(rig: Rig) -> None:
    collection = ready(rig)
    mint(rig, collection, 0)
    rig.chain.mine(3)
    rig.follow(collection)
    rig.chain.reorg(4)
    latest = rig.chain.block("latest")
    assert latest is not None
    short = Following(rig.world.database, Upto(rig, latest.number - 3), rig.clock)
    while short.follow(rig.project, collection):
        pass
    assert not token(rig, collection, 0).minted
    rig.follow(collection)
    assert_rows_equal_the_chain(rig, collection)


def test_follow_in_small_ranges_reads_every_block_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "RANGE", 7)
    monkeypatch.setattr(following, "RECENT", 4)
    collection = ready(rig)
    for token_id in range(TOKENS):
        mint(rig, collection, token_id, HOLDERS[token_id % 4])
    rig.chain.mine(33)
    first = rig.collection(collection).followed_block
    latest = rig.chain.block("latest")
    assert latest is not None
    assert rig.follow(collection) == latest.number - first
    assert_rows_equal_the_chain(rig, collection)


def test_follow_killed_anywhere_goes_on_from_the_cursor(tmp_path: Path) -> None:
    rig, kills = make_rig(tmp_path), Kills()
    collection = ready(rig)
    rig.follow(collection)
    holder = {0: ALICE}
    mint(rig, collection, 0)

    def attempt(at: int) -> bool:
        if at % 3 == 0:
            rig.chain.reorg(1, keep=True)
        other = BOB if holder[0] is ALICE else ALICE
        transfer(rig, collection, 0, holder[0], other)
        holder[0] = other
        cut = Following(KillingDatabase(rig.world.database, kills), Killing(rig.chain, kills), rig.clock)
        killed = False
        try:
            while cut.follow(rig.project, collection):
                pass
        except Killed:
            killed = True
        rig.follow(collection)
        assert_rows_equal_the_chain(rig, collection)
        return killed

    assert everywhere(kills, attempt) > 15


@pytest.mark.parametrize("method", ["block", "transfers_in", "transfers"])
@pytest.mark.parametrize("reorg", [True, False])
def test_follow_beside_another_follower_that_is_faster_is_right(both: Rig, method: str, reorg: bool) -> None:
    """Between reading a block and writing it down, the chain moves and somebody else follows it to the end."""
    collection = ready(both)
    both.follow(collection)
    mint(both, collection, 0)
    both.chain.mine(40 if method == "transfers" else 2)

    for moment in range(1, 9):
        calls = [0]
        transfer_to = HOLDERS[moment % 2]
        current = both.chain.owner_of(both.contract(collection), 0)
        owner = next(signer for signer in HOLDERS if signer.address == current)
        transfer(both, collection, 0, owner, transfer_to)

        class Slow:
            def __getattr__(self, name: str, calls: list[int] = calls, moment: int = moment) -> Any:
                real = getattr(both.chain, name)
                if name != method:
                    return real

                def answer(*arguments: Any) -> Any:
                    result = real(*arguments)
                    calls[0] += 1
                    if calls[0] == moment:
                        if reorg:
                            both.chain.reorg(1)
                            mint(both, collection, 1 + moment % 5) if moment < 6 else both.chain.mine()
                        both.follow(collection)
                    return result

                return answer

        slow = Following(both.world.database, Slow(), both.clock)
        while slow.follow(both.project, collection):
            pass
        both.follow(collection)
        assert_rows_equal_the_chain(both, collection)


class Interrupted:
    """The chain as a follower sees it to whom something happens right after it has read a block's transfers."""

    def __init__(self, rig: Rig, action: Callable[[], None]) -> None:
        self._rig, self._actions = rig, [action]

    def transfers_in(self, contract: Address, block_hash: Hash32) -> Sequence[Transfer]:
        found = self._rig.chain.transfers_in(contract, block_hash)
        if self._actions:
            self._actions.pop()()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rig.chain, name)


class Upto:
    """The chain as a node sees it that has only the blocks up to `top`."""

    def __init__(self, rig: Rig, top: int) -> None:
        self._rig, self._top = rig, top

    def block(self, tag: Any) -> Any:
        if isinstance(tag, int) and tag > self._top:
            return None
        return self._rig.chain.block(self._top if tag == "latest" else tag)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rig.chain, name)


def test_follow_overtaken_while_reading_writes_nothing_down(both: Rig) -> None:
    collection = ready(both)
    both.follow(collection)
    mint(both, collection, 0)

    def meanwhile() -> None:
        both.chain.reorg(1)
        mint(both, collection, 1, BOB)
        both.follow(collection)

    Following(both.world.database, Interrupted(both, meanwhile), both.clock).follow(both.project, collection)
    # At once, and not only after the next round has taken it back.
    assert_rows_equal_the_chain(both, collection)
    assert not token(both, collection, 0).minted


def test_follow_block_whose_parent_was_replaced_meanwhile_is_not_added(both: Rig) -> None:
    collection = ready(both)
    both.chain.mine()
    both.follow(collection)
    cursor = both.collection(collection).followed_block
    mint(both, collection, 0)

    def meanwhile() -> None:
        both.chain.reorg(2)  # the followed block too; another follower knows its successor, and no more yet
        follower = Following(both.world.database, Upto(both, cursor), both.clock)
        while follower.follow(both.project, collection):
            pass
        assert both.collection(collection).followed_block == cursor

    Following(both.world.database, Interrupted(both, meanwhile), both.clock).follow(both.project, collection)
    assert both.collection(collection).followed_block == cursor
    assert not token(both, collection, 0).minted
    both.follow(collection)
    assert_rows_equal_the_chain(both, collection)


def test_follow_by_several_at_once_is_right(both: Rig) -> None:
    collection = ready(both)
    for token_id in range(TOKENS):
        mint(both, collection, token_id)
    both.chain.mine(10)
    gate, errors = threading.Barrier(3), list[Exception]()

    def run() -> None:
        gate.wait()
        try:
            both.follow(collection)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert_rows_equal_the_chain(both, collection)


def test_follow_node_away_is_unavailable_and_loses_nothing(rig: Rig) -> None:
    collection = ready(rig)
    mint(rig, collection, 0)

    class Away:
        def __getattr__(self, name: str) -> Any:
            raise ChainUnavailable("Nobody answers.")

    with pytest.raises(ChainUnavailable):
        Following(rig.world.database, Away(), rig.clock).follow(rig.project, collection)
    rig.follow(collection)
    assert_rows_equal_the_chain(rig, collection)


def test_reading_ids_beyond_any_supply_are_not_found_on_both_databases(both: Rig) -> None:
    collection = ready(both)
    contract = both.contract(collection).lower()
    for token_id in (100, 2**31 - 1):
        with pytest.raises(NotFound) as caught:
            both.world.reading.token(CHAIN_ID, contract, token_id)
        assert caught.value.code == "not-found"


# --- whatever happens -----------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("mint"), st.integers(0, TOKENS - 1), st.integers(0, 3)),
        st.tuples(st.just("transfer"), st.integers(0, TOKENS - 1), st.integers(0, 3)),
        st.tuples(st.just("burn"), st.integers(0, TOKENS - 1), st.just(0)),
        st.tuples(st.just("mine"), st.integers(1, 12), st.just(0)),
        st.tuples(st.just("reorg"), st.integers(1, 20), st.booleans()),
        st.tuples(st.just("follow"), st.integers(1, 30), st.booleans()),
    ),
    max_size=40,
)


class Story:
    """One history of the chain with a follower beside it."""

    def __init__(self, rig: Rig, collection: int) -> None:
        self.rig, self.collection, self.contract = rig, collection, rig.contract(collection)
        latest = rig.chain.block("latest")
        assert latest is not None
        self.start = latest.number

    def owner(self, token_id: int) -> LocalSigner | None:
        address = self.rig.chain.owner_of(self.contract, token_id)
        return next((signer for signer in HOLDERS if signer.address == address), None)

    def mint(self, token_id: int, to: int) -> None:
        if token_id not in self.rig.chain.model(self.contract).burned and self.owner(token_id) is None:
            mint(self.rig, self.collection, token_id, HOLDERS[to])

    def transfer(self, token_id: int, to: int) -> None:
        if owner := self.owner(token_id):
            transfer(self.rig, self.collection, token_id, owner, HOLDERS[to])

    def burn(self, token_id: int, _: int) -> None:
        if owner := self.owner(token_id):
            burn(self.rig, self.collection, token_id, owner)

    def mine(self, blocks: int, _: int) -> None:
        self.rig.chain.mine(blocks)

    def reorg(self, depth: int, keep: bool) -> None:
        latest = self.rig.chain.block("latest")
        assert latest is not None
        self.rig.chain.reorg(
            min(depth, max(1, latest.number - self.start)) if latest.number > self.start else 1, keep=keep
        )

    def follow(self, point: int, cut: bool) -> None:
        """Follow to the head, or be killed on the way."""
        kills = Kills()
        kills.at = point if cut else None
        follower = Following(
            KillingDatabase(self.rig.world.database, kills), Killing(self.rig.chain, kills), self.rig.clock
        )
        try:
            while follower.follow(self.rig.project, self.collection):
                pass
        except Killed:
            assert cut


def _tell(steps: list[tuple[str, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        rig = make_rig(Path(folder))
        story = Story(rig, ready(rig))
        for name, one, two in steps:
            getattr(story, name)(one, two)
        rig.chain.mine()
        rig.follow(story.collection)
        assert_rows_equal_the_chain(rig, story.collection)
        with rig.world.database.read() as unit:
            blocks = unit.chains.known_blocks(rig.project, story.collection)
        assert len(blocks) < 60, "blocks that are final are forgotten"
        rig.world.database.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_follow_any_history_with_reorgs_and_kills_ends_with_the_chains_truth(steps: list[tuple[str, int, int]]) -> None:
    _tell(steps)


@pytest.mark.full
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_follow_five_hundred_histories_end_with_the_chains_truth(steps: list[tuple[str, int, int]]) -> None:
    _tell(steps)
