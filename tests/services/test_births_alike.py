"""A birth is the same bytes wherever it is made: in one process or several, on either database, alone or with all."""

import hashlib
from pathlib import Path

import pytest

from app.adapters.replicas import Replica, Replicas
from app.adapters.store_memory import MemoryStore
from app.adapters.workshop import InlineWorkshop, ProcessWorkshop
from app.ports import Workshop
from app.services.births import Births
from tests.parts import Postgres
from tests.services.rig import Rig, make_rig

SUPPLY = 10_000


def fingerprint(rig: Rig, collection: int, ids: list[int]) -> dict[int, str]:
    """sha256 over everything a token's birth stored."""
    found = {}
    with rig.world.database.read() as unit:
        for each in ids:
            (snapshot,) = unit.tokens.snapshots(rig.project, collection, [each])
            (version,) = unit.texts.of(rig.project, collection, each)
            birth = unit.tokens.birth(rig.project, collection, each)
            assert birth is not None
            digest = hashlib.sha256()
            for part in (
                *(snapshot.canonical, snapshot.hosted, snapshot.hosted_gzip, snapshot.hosted_br, snapshot.diagnosis),
                *(snapshot.media_cid, snapshot.bands, version.document, version.dials, version.signals),
                *(birth.personality, birth.introduction),
            ):
                digest.update(part if isinstance(part, bytes) else part.encode())
                digest.update(b"\0")
            found[each] = digest.hexdigest()
    return found


def make(folder: Path, url: str | None, workshop: Workshop, chunks: list[tuple[int, int]]) -> dict[int, str]:
    folder.mkdir()
    rig = make_rig(folder, url)
    collection = rig.deployed(supply=SUPPLY)
    store = MemoryStore()
    births = Births(
        rig.world.database,
        Replicas([Replica(store, store)], 1),
        rig.clock,
        rig.world.packs.of,
        workshop,
        lambda *_: None,
    )
    try:
        for first, count in chunks:
            births.make(rig.project, collection, first, count)
        ids = [each for first, count in chunks for each in range(first, first + count)]
        return fingerprint(rig, collection, ids)
    finally:
        workshop.close()
        rig.world.close()


@pytest.mark.part("postgres")
def test_make_in_one_process_or_two_on_either_database_alone_or_together(tmp_path: Path, postgres: Postgres) -> None:
    together = make(tmp_path / "a", None, InlineWorkshop(), [(0, 9)])
    spread = make(tmp_path / "b", postgres.url(), ProcessWorkshop(2), [(0, 9)])
    alone = make(tmp_path / "c", None, InlineWorkshop(), [(7, 1), (3, 1)])
    assert spread == together
    assert alone == {each: together[each] for each in (7, 3)}


@pytest.mark.full
@pytest.mark.part("postgres")
@pytest.mark.timeout(900)
def test_make_a_hundred_in_one_process_or_eight_on_either_database(tmp_path: Path, postgres: Postgres) -> None:
    places = [(0, 50), (9_950, 50)]
    together = make(tmp_path / "a", None, InlineWorkshop(), places)
    assert len(set(together.values())) == 100
    assert make(tmp_path / "b", postgres.url(), ProcessWorkshop(8), places) == together
