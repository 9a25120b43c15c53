"""Packs that collections keep: births go on with the words they began with."""

import shutil
from pathlib import Path

import pytest
from sqlmodel import select

from app.db.tables import KeptPack
from app.errors import Conflict
from personalities import load_pack, packed, unpacked
from personalities.errors import PackError
from personalities.loading import CHECKSUMS, draft
from personalities.reading import packaged
from tests.services.rig import Rig


def another(folder: Path) -> Path:
    """A pack like dixie, with one word changed and signed again."""
    copy = folder / "dixie"
    shutil.copytree(str(packaged("dixie")), copy)
    file = copy / "placeholder.toml"
    file.write_text(file.read_text().replace("kettle", "basin"))
    (copy / CHECKSUMS).write_text(draft(copy)[1])
    return copy


@pytest.mark.parametrize("name", ["dixie", "mibera"])
def test_packed_pack_is_the_pack_again(name: str) -> None:
    assert unpacked(packed(name)) == load_pack(name)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"pack.toml": 1}', b"\xff"])
def test_unpacked_of_other_bytes_is_refused(data: bytes) -> None:
    with pytest.raises(PackError):
        unpacked(data)


def test_deployment_keeps_the_pack_once(both: Rig) -> None:
    both.deployed()
    both.deployed(slug="other")
    with both.world.database.read() as unit:
        (row,) = unit.session.exec(select(KeptPack)).all()
    assert (row.hash, row.pack) == (load_pack("dixie").hash, "dixie@1.0.0")


def test_births_go_on_with_the_kept_pack_when_the_one_at_hand_changed(rig: Rig, tmp_path: Path) -> None:
    collection = rig.deployed()
    changed = another(tmp_path)
    old, new = load_pack("dixie"), load_pack(changed)
    assert old.hash != new.hash
    # The collection of a team that deployed with the other words: this machine has never had them.
    with rig.world.database.write() as unit:
        row = unit.collections.get(rig.project, collection)
        row.pack_hash = new.hash
        unit.collections.add(row)
    with pytest.raises(Conflict, match="never mix packs") as refused:
        rig.world.births.make(rig.project, collection, 0, 1)
    assert "dnft pack keep" in refused.value.hint
    rig.world.packs.keep(changed)
    assert rig.world.births.make(rig.project, collection, 0, 1) == 1
    assert rig.world.packs.of(rig.collection(collection)) == new
    assert rig.world.versions.of(rig.project, collection, 0)[0].pack_hash == new.hash


def test_kept_bytes_that_are_damaged_are_not_used(rig: Rig) -> None:
    collection = rig.deployed()
    with rig.world.database.write() as unit:
        row = unit.session.exec(select(KeptPack)).one()
        row.data = b"broken"
        unit.session.add(row)
    assert rig.world.packs.of(rig.collection(collection)) == load_pack("dixie")
