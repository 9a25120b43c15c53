"""Private memory on both databases: what goes in comes out in its own scope, and nowhere else."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from app.adapters.vault_memory import MemoryVault
from app.db.tables import ChatMessage, Conversation, DataKey, Memory, Summary
from app.errors import Erased, NotFound, Unreadable
from app.folding import Said
from app.provenance.ids import AgentId, checksum_address
from app.provenance.sealing import OVERHEAD
from app.remembering import MAX_FACTS
from app.scope import Scope
from personalities.voice import Noticed, noticed
from tests.db import rows
from tests.services.rig import Rig
from tests.test_remembering import HOSTILE

ALICE, BOB = "a1" * 16, "b0" * 16


@pytest.fixture
def scope(both: Rig) -> Scope:
    """Alice with token 7, unsold."""
    return Scope(both.project, town(both, both.project), 7, 0, ALICE)


def town(rig: Rig, project_id: int, slug: str = "town", contract: str = "0x" + "ab" * 20) -> int:
    with rig.world.database.write() as unit:
        return unit.collections.add(rows.collection(project_id, slug, contract=contract)).id or 0


def tell(rig: Rig, scope: Scope, *sentences: str, day: str = "2026-11-20") -> None:
    with rig.world.database.write() as unit:
        for sentence in sentences:
            rig.world.memory.note(unit, scope, noticed(sentence, day), message_id=5)


def known(rig: Rig, scope: Scope, about: str = "", limit: int = MAX_FACTS) -> list[str]:
    return [each.text for each in rig.world.memory.recall(scope, about, limit)]


def talk(rig: Rig, scope: Scope, *texts: str, name: str = "1") -> str:
    """A conversation as the chat stores it."""
    identity = (name * 32)[:32]
    now = int(rig.clock.now().timestamp())
    with rig.world.database.write() as unit:
        box = rig.world.memory.box(unit, scope)
        unit.session.add(
            Conversation(
                id=identity,
                project_id=scope.project_id,
                collection_id=scope.collection_id,
                token_id=scope.token_id,
                tenure=scope.tenure,
                user=scope.user,
                role="owner",
                consent="1",
                created_at=now,
                updated_at=now,
            )
        )
        unit.flush()
        for number, text in enumerate(texts, start=1):
            unit.session.add(
                ChatMessage(
                    project_id=scope.project_id,
                    conversation_id=identity,
                    number=number,
                    role="user",
                    state="complete",
                    body=box.seal(text),
                    created_at=now,
                )
            )
    return identity


def neighbours(rig: Rig, scope: Scope) -> list[Scope]:
    """Scopes that differ from this one in one thing each."""
    with rig.world.database.write() as unit:
        stranger = unit.collections.project("stranger", 1).id or 0
    return [
        replace(scope, user=BOB),
        replace(scope, tenure=scope.tenure + 1),
        replace(scope, token_id=scope.token_id + 1),
        replace(scope, collection_id=town(rig, scope.project_id, "other", "0x" + "cd" * 20)),
        replace(scope, project_id=stranger),
    ]


# --- recall -----------------------------------------------------------------------------------------------------------


def test_recall_empty_scope_is_empty(both: Rig, scope: Scope) -> None:
    assert known(both, scope, "anything") == []
    assert both.world.memory.summary(scope) == ""
    with both.world.database.read() as unit:
        assert unit.memories.key(scope) is None, "looking makes no key"


def test_recall_gives_what_was_told_best_first(both: Rig, scope: Scope) -> None:
    tell(both, scope, "My dog is called Rex.", "I like sailing.", "I live in Rome.")
    (best, *_) = both.world.memory.recall(scope, "Shall we sail?")
    assert (best.kind, best.text, best.words, best.day) == ("like", "sailing", "I like sailing", "2026-11-20")
    assert len(both.world.memory.recall(scope, "Shall we sail?", 2)) == 2


def test_note_merges_repetitions_and_ends_contradictions(both: Rig, scope: Scope) -> None:
    tell(both, scope, "I like sailing.", "I like sailing.", "I live in Rome.", day="2026-11-01")
    tell(both, scope, "I hate sailing.", "I live in Oslo.")
    assert sorted(known(both, scope)) == ["live in Oslo", "sailing"]
    kept = {(each.fact.text, each.fact.kind): each.fact for each in both.world.belongings.memories(ALICE)}
    assert kept["sailing", "like"].ended == kept["live in Rome", "fact"].ended == "2026-11-20"
    assert kept["sailing", "like"].importance == 7
    assert kept["sailing", "dislike"].ended is None


def test_note_in_a_unit_that_fails_leaves_nothing(both: Rig, scope: Scope) -> None:
    def note_and_fail() -> None:
        with both.world.database.write() as unit:
            both.world.memory.note(unit, scope, noticed("I like sailing.", "2026-11-20"))
            unit.memories.add_key(replace(scope, project_id=404), b"", 1)

    with pytest.raises(IntegrityError):
        note_and_fail()
    assert known(both, scope) == []


def test_note_keeps_the_source_and_the_use(both: Rig, scope: Scope) -> None:
    tell(both, scope, "I like sailing.")
    (fact,) = both.world.memory.recall(scope, "")
    with both.world.database.write() as unit:
        assert both.world.memory.note(unit, scope, [], used=[fact.id]) == []
    with both.world.database.read() as unit:
        (row,) = unit.memories.facts(scope)
    assert (row.message_id, row.used_at) == (5, int(both.clock.now().timestamp()))


def test_note_beyond_the_limit_drops_the_least_worth(both: Rig, scope: Scope) -> None:
    items = [Noticed("fact", f"thing {number}", f"thing {number}", "2026-11-20") for number in range(MAX_FACTS + 30)]
    with both.world.database.write() as unit:
        both.world.memory.note(unit, scope, [Noticed("name", "Ada", "I am Ada", "2026-01-01")])
        both.world.memory.note(unit, scope, items)
    kept = known(both, scope)
    assert len(kept) == MAX_FACTS
    assert "Ada" in kept and f"thing {MAX_FACTS + 29}" in kept and "thing 0" not in kept


def test_note_hostile_texts_are_bounded_or_nothing(both: Rig, scope: Scope) -> None:
    for token_id, text in enumerate(HOSTILE):
        mine = replace(scope, token_id=token_id)
        with both.world.database.write() as unit:
            both.world.memory.note(unit, mine, [Noticed("like", text, text, "2026-11-20", text, text)] * 3)
            assert all(len(row.sealed) < 4_096 for row in unit.memories.facts(mine))
        facts = both.world.memory.recall(mine, text)
        assert [len(each.text) <= 120 and len(each.words) <= 400 for each in facts] in ([True], [])
        assert facts or "\ud800" in text, "half a letter is no word; everything else is kept"


# --- the summary ------------------------------------------------------------------------------------------------------


def test_fold_adds_to_what_is_there(both: Rig, scope: Scope) -> None:
    both.world.memory.fold(scope, [Said("user", "My name is Ada.", "2026-11-01")])
    with both.world.database.write() as unit:
        both.world.memory.fold(scope, [Said("user", "I promise to write tomorrow.", "2026-11-02")], unit)
    summary = both.world.memory.summary(scope)
    assert "Ada (2026-11-01)" in summary and "write tomorrow (2026-11-02" in summary
    assert summary.startswith("2 earlier messages, 2026-11-01 to 2026-11-02.")


# --- isolation --------------------------------------------------------------------------------------------------------


def test_nothing_is_seen_from_a_scope_that_differs_in_one_thing(both: Rig, scope: Scope) -> None:
    tell(both, scope, "My name is Ada.", "I like sailing.")
    both.world.memory.fold(scope, [Said("user", "I like olives.", "2026-11-01")])
    sealed = both.world.memory.seal_text(scope, "secret")
    assert both.world.memory.open_text(scope, sealed) == "secret"
    for other in neighbours(both, scope):
        assert known(both, other, "sailing Ada") == [], other
        assert both.world.memory.summary(other) == "", other
        with pytest.raises(Erased):
            both.world.memory.open_text(other, sealed)
        both.world.memory.seal_text(other, "mine")  # now it has a key of its own, which opens nothing of ours either
        with pytest.raises(Unreadable):
            both.world.memory.open_text(other, sealed)
        assert known(both, other, "sailing Ada") == [], other


small = st.integers(0, 2)
words = st.sampled_from([f"kumquat{number}" for number in range(12)])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(small, small, small, st.sampled_from([ALICE, BOB]), words), min_size=1, max_size=8))
def test_every_scope_recalls_exactly_its_own(both: Rig, told: list[tuple[int, int, int, str, str]]) -> None:
    # Every example has projects and towns of its own, for the database stays.
    with both.world.database.write() as unit:
        name = os.urandom(8).hex()
        projects = [unit.collections.project(f"{name}{number}", 1).id or 0 for number in range(3)]
        towns = [
            unit.collections.add(rows.collection(project, contract="0x" + os.urandom(20).hex())).id or 0
            for project in projects
        ]
    expected: dict[Scope, set[str]] = {}
    for project, token, tenure, user, word in told:
        scope = Scope(projects[project], towns[project], token, tenure, user)
        expected.setdefault(scope, set()).add(word)
        with both.world.database.write() as unit:
            both.world.memory.note(unit, scope, [Noticed("like", word, f"I like {word}", "2026-11-20")])
    everyone = [
        Scope(projects[project], towns[project], token, tenure, user)
        for project in range(3)
        for token in range(3)
        for tenure in range(3)
        for user in (ALICE, BOB)
    ]
    for scope in everyone:
        assert set(known(both, scope, "kumquat1 kumquat2")) == expected.get(scope, set())


def test_row_moved_to_another_scope_does_not_open(both: Rig, scope: Scope) -> None:
    tell(both, scope, "I like sailing.")
    thief = replace(scope, user=BOB)
    tell(both, thief, "I like olives.")
    with both.world.database.write() as unit:
        (row,) = unit.memories.facts(scope)
        row.user = BOB
        unit.memories.save(row)
    with pytest.raises(Unreadable):
        known(both, thief)


def test_data_key_moved_to_another_scope_does_not_open(both: Rig, scope: Scope) -> None:
    sealed = both.world.memory.seal_text(scope, "secret")
    with both.world.database.write() as unit:
        (key,) = unit.belongings.keys(scope.project_id, ALICE)
        key.user = BOB
        unit.memories.save(key)
    with pytest.raises(Unreadable):
        both.world.memory.open_text(replace(scope, user=BOB), sealed)


def test_another_vault_opens_nothing_and_says_so(both: Rig, scope: Scope) -> None:
    tell(both, scope, "I like sailing.")
    both.world.boxes._vault = MemoryVault(os.urandom)
    with pytest.raises(Unreadable) as caught:
        known(both, scope)
    assert caught.value.hint and "sailing" not in caught.value.message


# --- transfers --------------------------------------------------------------------------------------------------------


def test_seal_older_ends_recall_and_notes_and_leaves_reading_to_its_user(both: Rig, scope: Scope) -> None:
    memory = both.world.memory
    tell(both, scope, "I like sailing.")
    memory.fold(scope, [Said("user", "I like olives.", "2026-11-01")])
    guest = replace(scope, user=BOB)
    tell(both, guest, "I like bread.")
    assert memory.seal_older(scope.project_id, scope.collection_id, scope.token_id, 1) == 2
    assert memory.seal_older(scope.project_id, scope.collection_id, scope.token_id, 1) == 0
    for each in (scope, guest):
        assert known(both, each, "sailing") == [] and memory.summary(each) == ""
        tell(both, each, "I like rain.")
    after = replace(scope, tenure=1)
    assert known(both, after, "sailing") == []
    (mine,) = both.world.belongings.memories(ALICE)
    assert mine.sealed and mine.fact.text == "sailing"
    assert [each.fact.text for each in both.world.belongings.memories(BOB)] == ["bread"]


def test_seal_older_leaves_other_tokens_alone(both: Rig, scope: Scope) -> None:
    other = replace(scope, token_id=8)
    tell(both, other, "I like sailing.")
    both.world.memory.seal_older(scope.project_id, scope.collection_id, scope.token_id, 5)
    assert known(both, other) == ["sailing"]


def test_seal_older_transfer_undone_by_a_reorg_opens_the_tenure_again(both: Rig, scope: Scope) -> None:
    tell(both, scope, "I like sailing.")
    both.world.memory.seal_older(scope.project_id, scope.collection_id, scope.token_id, 1)
    both.world.memory.seal_older(scope.project_id, scope.collection_id, scope.token_id, 0)
    assert known(both, scope) == ["sailing"]


# --- for the user -----------------------------------------------------------------------------------------------------


def test_forget_deletes_one_and_the_summary_and_only_for_its_user(both: Rig, scope: Scope) -> None:
    tell(both, scope, "I like sailing.", "I like olives.")
    both.world.memory.fold(scope, [Said("user", "I like sailing.", "2026-11-01")])
    target = next(each.fact.id for each in both.world.belongings.memories(ALICE) if each.fact.text == "sailing")
    with pytest.raises(NotFound):
        both.world.belongings.forget(BOB, target)
    assert len(known(both, scope)) == 2
    both.world.belongings.forget(ALICE, target)
    assert known(both, scope) == ["olives"] and both.world.memory.summary(scope) == ""
    with pytest.raises(NotFound):
        both.world.belongings.forget(ALICE, target)


def test_memories_of_one_agent_are_of_that_one(both: Rig, scope: Scope) -> None:
    tell(both, scope, "I like sailing.")
    tell(both, replace(scope, token_id=8), "I like olives.")
    agent = AgentId(31337, checksum_address("0x" + "ab" * 20), 8)
    (kept,) = both.world.belongings.memories(ALICE, agent)
    assert (kept.agent, kept.fact.text) == (str(agent), "olives")
    assert both.world.belongings.memories(ALICE, agent._replace(chain_id=1)) == []


def test_export_holds_everything_of_one_user_and_nothing_of_another(both: Rig, scope: Scope) -> None:
    tell(both, scope, "I like sailing.")
    talk(both, scope, "secret one", "secret two")
    both.world.memory.seal_older(scope.project_id, scope.collection_id, scope.token_id, 1)
    tell(both, replace(scope, tenure=1), "I like rain.")
    bob = replace(scope, user=BOB)
    tell(both, bob, "I like olives.")
    talk(both, bob, "hidden", name="2")
    first, second = both.world.belongings.export(ALICE)
    assert [message["content"] for message in first["conversations"][0]["messages"]] == ["secret one", "secret two"]
    assert (first["sealed"], second["sealed"], second["tenure"]) == (True, False, 1)
    assert [fact["text"] for each in (first, second) for fact in each["memories"]] == ["sailing", "rain"]
    assert "olives" not in str([first, second]) and "hidden" not in str([first, second])


# --- at rest ----------------------------------------------------------------------------------------------------------


def test_seal_text_adds_a_constant(both: Rig, scope: Scope) -> None:
    assert {len(both.world.memory.seal_text(scope, "x" * size)) - size for size in (0, 1, 1000)} == {OVERHEAD}


PLANTED = ("Quetzalcoatl", "Xanthippe", "zephyrous")


def plant(rig: Rig, scope: Scope) -> None:
    tell(rig, scope, "My dog is called Quetzalcoatl.", "I like zephyrous evenings.")
    rig.world.memory.fold(scope, [Said("user", "My sister Xanthippe visits. I like zephyrous days.", "2026-11-01")])
    talk(rig, scope, "Quetzalcoatl and Xanthippe are zephyrous")


def test_nothing_readable_is_in_the_database_file(rig: Rig, tmp_path: Path) -> None:
    scope = Scope(rig.project, town(rig, rig.project), 7, 0, ALICE)
    plant(rig, scope)
    account = "eip155:1:0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"
    tell(rig, replace(scope, user=rig.world.pseudonym(account)), "I like rain.")
    rig.world.database.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("dnft.db*"))
    assert ALICE.encode() in stored, "the rows are there"
    for word in (*PLANTED, account[-40:]):
        assert word.lower().encode() not in stored.lower()
    assert bytes.fromhex((tmp_path / "vault.key").read_text()) not in stored


def test_nothing_readable_is_in_any_column(both: Rig, scope: Scope) -> None:
    plant(both, scope)
    with both.world.database.read() as unit:
        found = [row for table in (DataKey, Memory, Summary, ChatMessage) for row in unit.session.exec(select(table))]
    assert len(found) >= 4
    for row in found:
        values = [value for value in row.model_dump().values() if isinstance(value, str | bytes)]
        raw = b" ".join(value if isinstance(value, bytes) else value.encode() for value in values).lower()
        assert not any(word.lower().encode() in raw for word in PLANTED)


def test_box_made_by_many_at_once_is_one_key(both: Rig, scope: Scope) -> None:
    with ThreadPoolExecutor(8) as threads:
        sealed = list(threads.map(lambda number: both.world.memory.seal_text(scope, str(number)), range(16)))
    assert [both.world.memory.open_text(scope, each) for each in sealed] == [str(number) for number in range(16)]
