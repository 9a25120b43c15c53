"""Publishing: head, feed, window, purge, live, in this order, whatever breaks between."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from app.db.tables import SnapshotState
from app.errors import SealedToken, Unavailable
from app.services.publishing import VISIBILITY_WINDOW, Publishing
from tests.db import rows
from tests.services.kills import FailingPurger, Killed, Killing, KillingDatabase, Kills, everywhere
from tests.services.rig import CHAIN_ID, Rig, make_rig


def prepared(rig: Rig, ids: range, **deployment: str) -> int:
    collection = rig.deployed(**deployment)
    rig.put(collection, ids, SnapshotState.PREPARED, head=0)
    return collection


def state(rig: Rig, collection: int, token_id: int) -> tuple[int, str]:
    """(head, state of the first snapshot)."""
    with rig.world.database.read() as unit:
        token = unit.public.token(collection, token_id)
    assert token is not None
    return token.head, rig.states(collection)[token_id]


def feed(rig: Rig) -> list[int | None]:
    with rig.world.database.read() as unit:
        return [token_id for _, _, token_id in unit.public.publications(0, 1000)]


class Diary:
    """What was true when the window began and when the caches were purged."""

    active = True

    def __init__(self, rig: Rig, collection: int) -> None:
        self._rig, self._collection = rig, collection
        self.lines: list[tuple[object, ...]] = []
        self.urls: list[str] = []
        self.tags: list[str] = []

    def _note(self, what: str) -> None:
        self.lines.append((what, *state(self._rig, self._collection, 0), feed(self._rig)))

    def sleep(self, seconds: float) -> None:
        assert seconds == VISIBILITY_WINDOW
        self._note("window")

    def purge(self, urls: Iterable[str], tags: Iterable[str]) -> None:
        self._note("purge")
        self.urls, self.tags = list(urls), list(tags)


def test_publish_moves_the_head_then_waits_then_purges_then_is_live(both: Rig) -> None:
    collection = prepared(both, range(1))
    diary = Diary(both, collection)
    made = Publishing(both.world.database, diary, both.clock, diary.sleep).publish(both.project, collection, 0, 1)
    assert made == 1
    assert diary.lines == [("window", 1, "prepared", [0]), ("purge", 1, "prepared", [0])]
    assert state(both, collection, 0) == (1, "live")


def test_publish_purges_every_url_and_tag_of_the_tokens(rig: Rig) -> None:
    collection = prepared(rig, range(2))
    diary = Diary(rig, collection)
    Publishing(rig.world.database, diary, rig.clock, lambda seconds: None).publish(rig.project, collection, 0, 2)
    root = f"https://agents.example/{CHAIN_ID}/{rig.contract(collection).lower()}"
    assert set(diary.urls) == {root, f"{root}/0", f"{root}/0.json", f"{root}/1", f"{root}/1.json"}
    assert set(diary.tags) == {f"c{collection}-doc", f"c{collection}-t0", f"c{collection}-t1"}


def test_publish_again_does_nothing(rig: Rig) -> None:
    collection = prepared(rig, range(3))
    assert rig.world.publishing.publish(rig.project, collection, 0, 3) == 3
    before = feed(rig)
    assert rig.world.publishing.publish(rig.project, collection, 0, 3) == 0
    assert feed(rig) == before


def test_publish_takes_only_its_range_and_its_project(rig: Rig) -> None:
    collection = prepared(rig, range(4))
    assert rig.world.publishing.publish(rig.project, collection, 1, 2) == 2
    assert [state(rig, collection, token_id)[0] for token_id in range(4)] == [0, 1, 1, 0]


def test_publish_before_it_is_sealed_and_after_it_is_read(rig: Rig) -> None:
    collection = prepared(rig, range(1))
    contract = rig.contract(collection).lower()
    with pytest.raises(SealedToken):
        rig.world.reading.token(CHAIN_ID, contract, 0)
    rig.world.publishing.publish(rig.project, collection, 0, 1)
    assert rig.world.reading.token(CHAIN_ID, contract, 0).snapshot == 1


def test_publish_purge_that_fails_leaves_it_shown_but_not_live_and_a_repeat_goes_on(rig: Rig) -> None:
    collection = prepared(rig, range(2))
    purger = FailingPurger(Unavailable("The cache's purge hook answered 500."))
    publishing = Publishing(rig.world.database, purger, rig.clock, lambda seconds: None)
    with pytest.raises(Unavailable):
        publishing.publish(rig.project, collection, 0, 2)
    assert state(rig, collection, 0) == (1, "prepared")
    assert rig.committed(collection) is None
    purger.down = False
    assert publishing.publish(rig.project, collection, 0, 2) == 2
    assert state(rig, collection, 0) == (1, "live")
    assert f"c{collection}-t1" in purger.tags


def test_publish_without_a_hook_a_first_snapshot_need_not_wait(rig: Rig) -> None:
    collection = prepared(rig, range(1))
    waits: list[float] = []
    publishing = Publishing(rig.world.database, rig.world.purger, rig.clock, waits.append)
    publishing.publish(rig.project, collection, 0, 1)
    assert waits == []
    with rig.world.database.write() as unit:
        unit.session.add(rows.snapshot(rig.project, collection, 0, 2))
    publishing.publish(rig.project, collection, 0, 1)
    assert waits == [VISIBILITY_WINDOW]


def test_publish_several_snapshots_of_a_token_shows_the_newest(rig: Rig) -> None:
    collection = prepared(rig, range(1))
    with rig.world.database.write() as unit:
        unit.session.add_all(rows.snapshot(rig.project, collection, 0, n) for n in (2, 3))
    assert rig.world.publishing.publish(rig.project, collection, 0, 1) == 3
    assert state(rig, collection, 0) == (3, "live")
    assert rig.world.reading.token(CHAIN_ID, rig.contract(collection).lower(), 0).snapshot == 3


def test_publish_slower_than_another_that_committed_takes_nothing_back(both: Rig) -> None:
    collection = prepared(both, range(1))

    def meanwhile(seconds: float) -> None:
        Publishing(both.world.database, both.world.purger, both.clock, lambda seconds: None).publish(
            both.project, collection, 0, 1
        )
        assert both.committed(collection) == 1

    slow = Publishing(both.world.database, Diary(both, collection), both.clock, meanwhile)
    slow.publish(both.project, collection, 0, 1)
    assert state(both, collection, 0) == (1, "committed")


def test_publish_killed_at_every_point_then_again_is_live_and_purged(tmp_path: Path) -> None:
    rig, kills = make_rig(tmp_path), Kills()

    def attempt(at: int) -> bool:
        collection = prepared(rig, range(2), slug=f"town-{at}")
        purger = FailingPurger(Unavailable(""))
        purger.down = False
        cut = Publishing(
            KillingDatabase(rig.world.database, kills),
            Killing(purger, kills),
            rig.clock,
            kills.around(lambda seconds: None),
        )
        killed = False
        try:
            cut.publish(rig.project, collection, 0, 2)
        except Killed:
            killed = True
        Publishing(rig.world.database, purger, rig.clock, lambda seconds: None).publish(rig.project, collection, 0, 2)
        assert [state(rig, collection, token_id) for token_id in (0, 1)] == [(1, "live")] * 2
        assert f"c{collection}-t0" in purger.tags
        return killed

    assert everywhere(kills, attempt) > 8
