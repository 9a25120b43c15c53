"""Births: the same bytes each time, shown to nobody before enough stores have given them back.

Pictures take a third of a second each, so the pure part of a birth is remembered between tests.
"""

import gzip
import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import brotli
import pytest
from sqlmodel import select

from app.adapters.replicas import Replica, Replicas
from app.adapters.store_files import FileStore
from app.adapters.store_memory import MemoryStore
from app.adapters.workshop import InlineWorkshop
from app.db.tables import Birth, Collection, Content, Snapshot, Token
from app.errors import Conflict, SealedToken, StoreUnavailable, UnknownContent
from app.ports import Cid
from app.provenance import unixfs
from app.provenance.canonical import canonical_json
from app.services import births
from app.services.births import Births, Newborn
from personalities import Pack, load_pack
from tests.services.kills import Killed, Killing, KillingDatabase, Kills, LyingStore, everywhere
from tests.services.rig import CHAIN_ID, Rig, make_rig

_known: dict[tuple[Any, ...], Newborn] = {}
really = births.newborn


def remembered(collection: Collection, pack: Pack, token_id: int, day: str, **numbers: Any) -> Newborn:
    there = (collection.contract, collection.origin, collection.seed, collection.supply, pack.hash, token_id, day)
    key = (*there, *sorted(numbers.items()))
    if key not in _known:
        _known[key] = really(collection, pack, token_id, day, **numbers)
    return _known[key]


@pytest.fixture(autouse=True)
def _remember(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(births, "newborn", remembered)


def replica(store: Any = None) -> Replica:
    store = store or MemoryStore()
    return Replica(store, store)


def maker(rig: Rig, replicas: Sequence[Replica], wanted: int = 1, **parts: Any) -> Births:
    values = {"packs": rig.world.packs.of, "workshop": InlineWorkshop(), "polish": unpolished, **parts}
    return Births(rig.world.database, Replicas(replicas, wanted), rig.clock, **values)


def unpolished(*_: object) -> None:
    """No model."""


def kept(rig: Rig, collection: int) -> tuple[list[Token], list[Birth], list[Snapshot]]:
    with rig.world.database.read() as unit:
        ids = sorted(unit.tokens.born(rig.project, collection, 0, 100))
        snapshots = list(unit.tokens.snapshots(rig.project, collection, range(100)))
        tokens = [unit.public.token(collection, each) for each in ids]
        found = [unit.public.birth(collection, each) for each in ids]
    return [each for each in tokens if each], [each for each in found if each], snapshots


def test_make_stores_checks_and_prepares_but_shows_nothing(both: Rig) -> None:
    collection, store = both.deployed(), MemoryStore()
    assert maker(both, [replica(store)]).make(both.project, collection, 0, 1) == 1
    ((token,), (birth,), (snapshot,)) = kept(both, collection)
    assert (token.head, token.minted, snapshot.n, snapshot.state) == (0, False, 1, "prepared")
    assert snapshot.day == both.clock.now().date().isoformat()
    # The bytes in the row are the bytes in the store, under the ids and hashes in the row.
    assert store.get_block(Cid(snapshot.document_cid)) == snapshot.canonical
    assert hashlib.sha256(snapshot.canonical).hexdigest() == snapshot.document_sha256
    assert canonical_json(json.loads(snapshot.canonical)) == snapshot.canonical
    assert hashlib.sha256(snapshot.hosted).hexdigest() == snapshot.hosted_sha256
    assert gzip.decompress(snapshot.hosted_gzip) == brotli.decompress(snapshot.hosted_br) == snapshot.hosted
    with both.world.database.read() as unit:
        version = unit.public.version(collection, birth.token_id, token.document)
    assert version is not None
    assert (version.number, version.parent, version.trigger) == (1, None, "birth")
    assert hashlib.sha256(version.document.encode()).hexdigest() == version.sha256
    assert json.loads(snapshot.canonical)["beauvoir"]["sha256"] == version.sha256
    assert {snapshot.document_cid, snapshot.media_cid} == set(store.pinned())
    media = unixfs.decode(0x70, store.get_block(Cid(snapshot.media_cid)))
    assert {link.name for link in media.links} >= {"image.png", "image.svg", "animation.html", "beauvoir.md"}
    assert json.loads(snapshot.canonical)["image"] == f"ipfs://{snapshot.media_cid}/image.png"
    with pytest.raises(SealedToken):
        both.world.reading.token(CHAIN_ID, both.contract(collection).lower(), 0)


def test_make_again_makes_nothing_and_asks_no_store(rig: Rig) -> None:
    collection, store = rig.deployed(), MemoryStore()
    maker(rig, [replica(store)]).make(rig.project, collection, 0, 2)
    before = kept(rig, collection)
    rig.clock.advance(86_400)
    heard: list[int] = []

    class Deaf:
        name = "deaf"

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} was asked of a store")

    assert maker(rig, [replica(Deaf())]).make(rig.project, collection, 0, 2, heard.append) == 0
    assert heard == [2]
    assert kept(rig, collection) == before


def test_newborn_twice_has_the_same_bytes(rig: Rig) -> None:
    collection, pack = rig.collection(rig.deployed()), load_pack("dixie")
    one, two = (really(collection, pack, 0, "2026-11-20") for _ in range(2))
    assert one == two
    assert one.published.directory.cid == two.published.directory.cid
    assert really(collection, pack, 1, "2026-11-20").published.document.cid != one.published.document.cid


def test_make_range_beyond_the_supply_ends_at_the_supply(rig: Rig) -> None:
    collection = rig.deployed(supply=2)
    assert maker(rig, [replica()]).make(rig.project, collection, 1, 50) == 1
    assert [token.token_id for token in kept(rig, collection)[0]] == [1]


@pytest.mark.parametrize("changes", [{"pack_hash": "0" * 64}, {"pack": "dixie@0.0.1"}], ids=["hash", "version"])
def test_make_with_another_pack_is_refused(rig: Rig, changes: dict[str, str]) -> None:
    collection = rig.deployed()
    with rig.world.database.write() as unit:
        row = unit.collections.get(rig.project, collection)
        for name, value in changes.items():
            setattr(row, name, value)
        unit.collections.add(row)
    with pytest.raises(Conflict, match="pack"):
        maker(rig, [replica()]).make(rig.project, collection, 0, 1)
    assert kept(rig, collection) == ([], [], [])


# --- stores that fail -----------------------------------------------------------------------------------------------


class Broken(MemoryStore):
    def __init__(self, method: str) -> None:
        super().__init__("broken")
        self._method = method

    def _break(self, method: str) -> None:
        if method == self._method:
            raise StoreUnavailable("The store broken does not answer.")

    def put_car(self, archive: bytes) -> Cid:
        self._break("put_car")
        return super().put_car(archive)

    def pin(self, cid: Cid) -> None:
        self._break("pin")
        super().pin(cid)

    def get_block(self, cid: Cid) -> bytes:
        self._break("get_block")
        return super().get_block(cid)


class Forgetful(MemoryStore):
    """Takes everything and has nothing."""

    def put_car(self, archive: bytes) -> Cid:
        root = super().put_car(archive)
        self._blocks.clear()
        return root


STORES: list[Callable[[], Any]] = [
    lambda: Broken("put_car"),
    lambda: Broken("pin"),
    lambda: Broken("get_block"),
    lambda: Forgetful("forgetful"),
]


@pytest.mark.parametrize("bad", STORES, ids=["put", "pin", "read back", "forgets"])
def test_make_with_too_few_good_replicas_is_unavailable_and_records_nothing(rig: Rig, bad: Callable[[], Any]) -> None:
    collection = rig.deployed()
    with pytest.raises(StoreUnavailable, match="Only 1 of 2") as caught:
        maker(rig, [replica(), replica(bad())], wanted=2).make(rig.project, collection, 0, 1)
    assert caught.value.retryable
    assert kept(rig, collection) == ([], [], [])
    assert maker(rig, [replica(), replica()], wanted=2).make(rig.project, collection, 0, 1) == 1


def test_make_with_fewer_replicas_than_wanted_is_unavailable(rig: Rig) -> None:
    collection = rig.deployed()
    with pytest.raises(StoreUnavailable, match="Only 1 of 2"):
        maker(rig, [replica()], wanted=2).make(rig.project, collection, 0, 1)
    assert kept(rig, collection) == ([], [], [])


@pytest.mark.parametrize("lie", [b"something else", b""])
def test_make_store_that_returns_other_bytes_is_no_replica(rig: Rig, lie: bytes) -> None:
    collection, real = rig.deployed(), MemoryStore()
    with pytest.raises(StoreUnavailable, match="liar"):
        maker(rig, [Replica(LyingStore(real, lie), real)]).make(rig.project, collection, 0, 1)
    assert kept(rig, collection) == ([], [], [])


def test_make_store_that_lies_about_one_block_only_is_noticed(rig: Rig) -> None:
    collection, real = rig.deployed(), MemoryStore()
    child = remembered(rig.collection(collection), load_pack("dixie"), 0, rig.clock.now().date().isoformat())
    directory = child.published.directory
    for cid in (child.published.document.cid, directory.cid, next(iter(directory.blocks))):
        liar = LyingStore(real)
        liar.about = lambda asked, cid=cid: asked == cid  # type: ignore[misc]  # bound per block
        with pytest.raises(StoreUnavailable, match="liar"):
            maker(rig, [Replica(liar, real)]).make(rig.project, collection, 0, 1)
    assert kept(rig, collection) == ([], [], [])


def test_make_one_bad_replica_more_than_needed_does_not_stop_births(rig: Rig) -> None:
    collection = rig.deployed()
    assert maker(rig, [replica(Broken("pin")), replica()]).make(rig.project, collection, 0, 1) == 1


# --- killed, and several at once ------------------------------------------------------------------------------------


def test_make_killed_at_every_point_then_again_is_born_once(tmp_path: Path) -> None:
    rig, kills = make_rig(tmp_path), Kills()
    collection = rig.deployed()
    day = rig.clock.now().date().isoformat()
    child = remembered(rig.collection(collection), load_pack("dixie"), 0, day)

    def attempt(at: int) -> bool:
        store = FileStore(tmp_path / f"content-{at}")
        keeper = Replicas([replica(Killing(store, kills))], 1)
        packs = rig.world.packs.of
        cut = Births(KillingDatabase(rig.world.database, kills), keeper, rig.clock, packs, InlineWorkshop(), unpolished)
        killed = False
        try:
            cut.make(rig.project, collection, 0, 1)
        except Killed:
            killed = True
        maker(rig, [replica(store)]).make(rig.project, collection, 0, 1)
        ((token,), _, (snapshot,)) = kept(rig, collection)
        assert (token.name, snapshot.document_cid) == (child.published.name, child.published.document.cid)
        if snapshot.document_cid in set(store.pinned()):
            store.pin(Cid(snapshot.document_cid))  # reads every block below
        _forget(rig, collection)
        return killed

    assert everywhere(kills, attempt) > 25


def _forget(rig: Rig, collection: int) -> None:
    with rig.world.database.write() as unit:
        for row in (
            *unit.tokens.snapshots(rig.project, collection, [0]),
            unit.public.version(collection, 0, 1),
            unit.public.birth(collection, 0),
            unit.public.token(collection, 0),
        ):
            unit.session.delete(row)
            unit.flush()


def test_make_the_same_by_three_at_once_is_born_once(both: Rig) -> None:
    collection, store = both.deployed(), MemoryStore()
    remembered(both.collection(collection), load_pack("dixie"), 0, both.clock.now().date().isoformat())
    gate, results = threading.Barrier(3), list[object]()

    def make() -> None:
        gate.wait()
        try:
            results.append(maker(both, [replica(store)]).make(both.project, collection, 0, 1))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=make) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each for each in results if isinstance(each, Exception)] == []
    assert len(kept(both, collection)[2]) == 1


# --- what was born can be read --------------------------------------------------------------------------------------


@pytest.fixture
def released(rig: Rig) -> tuple[Rig, Snapshot]:
    collection = rig.deployed()
    rig.world.births.make(rig.project, collection, 0, 1)
    rig.world.publishing.publish(rig.project, collection, 0, 1)
    return rig, kept(rig, collection)[2][0]


def test_content_of_a_released_token_is_served_path_by_path(released: tuple[Rig, Snapshot]) -> None:
    rig, snapshot = released
    directory = rig.world.reading.content(snapshot.media_cid, "")
    names = [name for name, _ in directory.entries]
    assert {"image.png", "image.webp", "beauvoir.md"} <= set(names)
    for name, size in directory.entries:
        file = rig.world.reading.content(snapshot.media_cid, name)
        assert len(file.body) == size
        assert unixfs.file(file.body).cid == file.cid
        assert rig.world.reading.content(file.cid, "").body == file.body
    assert rig.world.reading.content(snapshot.document_cid, "").body == snapshot.canonical


def test_content_that_we_did_not_publish_is_unknown(released: tuple[Rig, Snapshot]) -> None:
    rig, snapshot = released
    for cid, path in ((unixfs.file(b"foreign").cid, ""), (snapshot.media_cid, "../x"), (snapshot.media_cid, "none")):
        with pytest.raises(UnknownContent):
            rig.world.reading.content(cid, path)


def test_make_same_content_in_two_collections_at_once_is_registered_for_both(both: Rig) -> None:
    shared = [
        Content(cid=unixfs.file(b"%d" % number).cid, path="", project_id=both.project, target="", size=1, media_type="")
        for number in range(30)
    ]
    for number in range(5):
        gate, errors = threading.Barrier(3), list[Exception]()

        def register(backwards: bool, gate: threading.Barrier, errors: list[Exception], path: str) -> None:
            rows = [Content(**{**row.model_dump(), "path": path}) for row in shared]
            gate.wait()
            try:
                with both.world.database.write() as unit:
                    unit.contents.add(rows[::-1] if backwards else rows)
            except Exception as error:
                errors.append(error)

        threads = [
            threading.Thread(target=register, args=(way, gate, errors, str(number))) for way in (True, False, True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
    with both.world.database.read() as unit:
        assert len(unit.session.exec(select(Content)).all()) == 150
