"""Erased stays erased: in the database, in its file, and in every backup that is restored later."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlmodel import select

from app.adapters.tombstones_file import FileTombstones
from app.adapters.tombstones_memory import MemoryTombstones
from app.bootstrap import World
from app.db.repositories.belongings import Counts
from app.db.tables import Charge, ChatMessage, Conversation, DataKey, Erasure, Memory, MessagePiece, Summary
from app.errors import Erased, StoreUnavailable
from app.folding import Said
from app.scope import Scope, Tombstone
from app.services.erasing import Erasing
from tests.services.rig import Rig, make_rig
from tests.services.test_memory import ALICE, BOB, known, talk, tell, town

FULL = Counts(keys=2, memories=2, summaries=1, conversations=1, messages=2)


@pytest.fixture
def scope(both: Rig) -> Scope:
    return Scope(both.project, town(both, both.project), 7, 0, ALICE)


def live(rig: Rig, scope: Scope, name: str = "1") -> bytes:
    """Everything that can be kept of a user, in two scopes; returns a sealed text."""
    tell(rig, scope, "I like sailing.")
    tell(rig, replace(scope, token_id=8), "I like olives.")
    rig.world.memory.fold(scope, [Said("user", "I like sailing.", "2026-11-01")])
    identity = talk(rig, scope, "secret one", "secret two", name=name)
    with rig.world.database.write() as unit:
        message = unit.session.exec(select(ChatMessage.id).where(ChatMessage.conversation_id == identity)).first()
        assert message is not None
        unit.session.add(MessagePiece(message_id=message, seq=1, project_id=scope.project_id, body=b"\x01piece"))
    return rig.world.memory.seal_text(scope, "secret three")


def rows_of(rig: Rig, user: str) -> int:
    """Rows that hold words of a user."""
    with rig.world.database.read() as unit:
        scoped: list[Memory | Summary | Conversation] = [
            *unit.session.exec(select(Memory)),
            *unit.session.exec(select(Summary)),
            *unit.session.exec(select(Conversation)),
        ]
        talks = {row.id for row in scoped if isinstance(row, Conversation) and row.user == user}
        messages = [row for row in unit.session.exec(select(ChatMessage)) if row.conversation_id in talks]
        return sum(row.user == user for row in scoped) + len(messages)


def test_erase_destroys_everything_of_one_user_and_nothing_of_another(both: Rig, scope: Scope) -> None:
    bob = replace(scope, user=BOB)
    sealed, theirs = live(both, scope), live(both, bob, "2")
    assert both.world.erasing.count(both.project, ALICE) == FULL
    assert rows_of(both, ALICE), "a dry run changes nothing"
    assert both.world.erasing.erase(both.project, ALICE) == FULL
    assert rows_of(both, ALICE) == 0
    assert known(both, scope) == [] and both.world.belongings.export(ALICE) == []
    with pytest.raises(Erased) as caught:
        both.world.memory.open_text(scope, sealed)
    assert not caught.value.retryable
    assert both.world.memory.open_text(bob, theirs) == "secret three"
    assert both.world.erasing.count(both.project, BOB) == FULL
    with both.world.database.read() as unit:
        assert len(unit.session.exec(select(MessagePiece)).all()) == 1


def test_erase_again_or_of_nobody_is_no_error(both: Rig, scope: Scope) -> None:
    live(both, scope)
    both.world.erasing.erase(both.project, ALICE)
    assert both.world.erasing.erase(both.project, ALICE) == Counts()
    assert both.world.erasing.erase(both.project, "cc" * 16) == Counts()


def test_erase_in_one_project_leaves_the_others_and_everywhere_does_not(both: Rig, scope: Scope) -> None:
    with both.world.database.write() as unit:
        stranger = unit.collections.project("stranger", 1).id or 0
    far = Scope(stranger, town(both, stranger, "far", "0x" + "cd" * 20), 7, 0, ALICE)
    live(both, scope)
    live(both, far, "2")
    both.world.erasing.erase(both.project, ALICE)
    assert known(both, far) == ["sailing"]
    assert both.world.erasing.count_everywhere(ALICE) == FULL
    assert both.world.erasing.erase_everywhere(ALICE) == FULL
    assert known(both, far) == [] and both.world.erasing.erase_everywhere(ALICE) == Counts()


def test_erase_takes_sealed_tenures_too(both: Rig, scope: Scope) -> None:
    live(both, scope)
    both.world.memory.seal_older(scope.project_id, scope.collection_id, scope.token_id, 3)
    both.world.erasing.erase(both.project, ALICE)
    assert both.world.belongings.memories(ALICE) == []


def test_erase_takes_what_was_written_by_a_clock_ahead_of_ours(both: Rig, scope: Scope) -> None:
    both.clock.advance(3_600)
    live(both, scope)
    both.clock.advance(60)
    slow = Erasing(both.world.database, MemoryTombstones(), type(both.clock)(both.clock.now().replace(year=2020)))
    assert slow.erase(both.project, ALICE) == FULL


def test_erase_charges_of_earlier_days_forget_whose_they_were(both: Rig, scope: Scope) -> None:
    live(both, scope)
    today = both.clock.now().date().isoformat()
    with both.world.database.write() as unit:
        for key, day in (("old", "2026-01-01"), ("new", today)):
            unit.session.add(
                Charge(
                    key=key,
                    project_id=scope.project_id,
                    collection_id=scope.collection_id,
                    token_id=7,
                    user=ALICE,
                    conversation_id="1",
                    number=1,
                    day=day,
                    pool="cheap",
                    task="chat",
                    state="settled",
                    reserved_micro=5,
                    cost_micro=5,
                    created_at=1,
                )
            )
    both.world.erasing.erase(both.project, ALICE)
    with both.world.database.read() as unit:
        assert {row.key: row.user for row in unit.session.exec(select(Charge))} == {"old": "", "new": ALICE}


def test_erased_user_comes_back_and_begins_anew(both: Rig, scope: Scope) -> None:
    sealed = live(both, scope)
    both.world.erasing.erase(both.project, ALICE)
    tell(both, scope, "I like rain.")
    assert known(both, scope) == ["rain"]
    with pytest.raises(Exception, match="do not open"):
        both.world.memory.open_text(scope, sealed)


# --- backups ----------------------------------------------------------------------------------------------------------


def copy(folder: Path, into: Path) -> None:
    """The database file as a backup has it; SQLite's log is empty once nothing has it open."""
    into.mkdir(exist_ok=True)
    shutil.copy(folder / "dnft.db", into / "dnft.db")


def restored(folder: Path, backup: Path, rig: Rig) -> World:
    for stale in folder.glob("dnft.db*"):
        stale.unlink()
    shutil.copy(backup / "dnft.db", folder / "dnft.db")
    return World(rig.world.settings, clock=rig.clock, calendar=rig.clock)


def test_restored_backup_is_erased_again(tmp_path: Path) -> None:
    rig = make_rig(tmp_path / "data")
    scope = Scope(rig.project, town(rig, rig.project), 7, 0, ALICE)
    sealed = live(rig, scope)
    bob = replace(scope, user=BOB)
    live(rig, bob, "2")
    rig.world.database.close()
    copy(tmp_path / "data", tmp_path / "backup")
    rig.clock.advance(86_400)
    rig.world.erasing.erase(rig.project, ALICE)
    rig.world.database.close()

    rig.world = restored(tmp_path / "data", tmp_path / "backup", rig)
    assert rig.world.memory.open_text(scope, sealed) == "secret three", "the backup is whole"
    assert rig.world.erasing.waiting() == 1
    replayed = rig.world.erasing.apply_tombstones()
    assert (replayed.tombstones, replayed.counts) == (1, FULL)
    assert rows_of(rig, ALICE) == 0 and known(rig, scope) == []
    with pytest.raises(Erased):
        rig.world.memory.open_text(scope, sealed)
    assert known(rig, bob) == ["sailing"]
    assert rig.world.erasing.apply_tombstones().tombstones == 0
    rig.world.close()


def test_restored_backup_that_is_newer_than_the_erasure_keeps_what_came_after(tmp_path: Path) -> None:
    rig = make_rig(tmp_path / "data")
    scope = Scope(rig.project, town(rig, rig.project), 7, 0, ALICE)
    live(rig, scope)
    rig.world.erasing.erase(rig.project, ALICE)
    tell(rig, scope, "I like rain.")  # in the same second
    with rig.world.database.write() as unit:  # as if the database had never heard of the tombstone
        unit.session.execute(delete(Erasure))
    assert rig.world.erasing.apply_tombstones().tombstones == 1
    assert known(rig, scope) == ["rain"]
    rig.world.close()


def test_crash_between_the_tombstone_and_the_erasure_is_mended_at_the_next_start(both: Rig, scope: Scope) -> None:
    live(both, scope)
    now = int(both.clock.now().timestamp())
    FileTombstones(both.world.settings.data / "erased.jsonl").add(Tombstone(both.project, ALICE, now))
    assert known(both, scope) == ["sailing"]
    assert both.world.erasing.apply_tombstones().counts == FULL
    assert known(both, scope) == []


def test_lost_log_is_written_anew_from_the_database(both: Rig, scope: Scope) -> None:
    live(both, scope)
    both.world.erasing.erase(both.project, ALICE)
    log = both.world.settings.data / "erased.jsonl"
    before = log.read_bytes()
    log.unlink()
    assert both.world.erasing.apply_tombstones().tombstones == 0
    assert log.read_bytes() == before


def test_log_of_a_project_that_the_database_does_not_have_is_no_error(both: Rig) -> None:
    FileTombstones(both.world.settings.data / "erased.jsonl").add(Tombstone(404, ALICE, 1))
    assert both.world.erasing.apply_tombstones().counts == Counts()


def test_erase_without_a_log_erases_nothing(both: Rig, scope: Scope) -> None:
    live(both, scope)
    (both.world.settings.data / "erased.jsonl").mkdir()
    with pytest.raises(StoreUnavailable):
        both.world.erasing.erase(both.project, ALICE)
    assert both.world.erasing.count(both.project, ALICE) == FULL


def test_erase_leaves_nothing_of_the_key_in_the_database_file(tmp_path: Path) -> None:
    rig = make_rig(tmp_path)
    scope = Scope(rig.project, town(rig, rig.project), 7, 0, ALICE)
    sealed = live(rig, scope)
    with rig.world.database.read() as unit:
        secrets = [row.wrapped for row in unit.session.exec(select(DataKey)) if row.wrapped]
        secrets += [row.sealed for row in unit.session.exec(select(Memory))]
    assert len(secrets) == 4 and sealed
    rig.world.erasing.erase(rig.project, ALICE)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("dnft.db*"))
    assert not any(secret[1:25] in stored for secret in secrets)
    rig.world.close()


def test_counts_add_up() -> None:
    assert asdict(FULL + FULL) == {"keys": 4, "memories": 4, "summaries": 2, "conversations": 2, "messages": 4}
    assert FULL and not Counts()
