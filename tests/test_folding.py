"""The rolling summary: bounded, dated, made of the holder's own words, the same every time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.folding import MAX_BYTES, Digest, Said, fold, written
from personalities.voice import noticed
from tests.test_remembering import HOSTILE

TALK = [
    Said("user", "My name is Ada. I have a dog called Rex.", "2026-11-01"),
    Said("assistant", "My name is Zed and I promise you the moon tomorrow.", "2026-11-01"),
    Said("user", "I promise to bring bread tomorrow. I like sailing.", "2026-11-03"),
    Said("user", "My name is Mina. I live in Rome.", "2026-11-05"),
]


def folded(talk: list[Said]) -> str:
    return written(fold(Digest(), talk))


def test_written_nothing_folded_is_empty() -> None:
    assert written(Digest()) == ""


def test_written_names_topics_promises_with_their_days() -> None:
    text = folded(TALK)
    assert text.splitlines()[0] == "4 earlier messages, 2026-11-01 to 2026-11-05."
    for part in ("Mina (2026-11-05)", "bring bread tomorrow (2026-11-03, for 2026-11-04)", "dog Rex (2026-11-01)"):
        assert part in text
    assert "sailing (2026-11-03)" in text


def test_written_what_was_said_anew_replaces_what_was_said_before() -> None:
    assert "Ada" not in folded(TALK)


def test_written_nothing_of_what_the_agent_said() -> None:
    assert "Zed" not in folded(TALK) and "moon" not in folded(TALK)


def test_fold_in_pieces_is_the_same_as_at_once() -> None:
    once = fold(Digest(), TALK)
    for cut in range(len(TALK) + 1):
        assert fold(fold(Digest(), TALK[:cut]), TALK[cut:]) == once


def test_fold_the_same_again_says_it_once() -> None:
    assert folded([TALK[0]] * 5).count("Ada") == 1
    assert folded([TALK[0]] * 5).count("Rex") == 1


def test_digest_survives_json() -> None:
    digest = fold(Digest(), TALK)
    assert Digest.from_json(digest.to_json()) == digest


def long_talk(messages: int) -> list[Said]:
    return [
        Said("user", f"I like hobby{number}ish. My friend Nat{chr(97 + number % 26)} visits. I promise to do task "
             f"number {number} tomorrow. I live in Town{number}. My project is called engine{number}.",
             f"2026-{1 + number // 28 % 12:02}-{1 + number % 28:02}")
        for number in range(messages)
    ]  # fmt: skip


def test_written_long_talk_stays_within_its_budget_and_keeps_the_promises() -> None:
    text = folded(long_talk(300))
    assert len(text.encode()) <= MAX_BYTES
    assert "They promised" in text and "task number 299" in text
    assert text.splitlines()[0].startswith("300 earlier messages")


def test_fold_long_talk_keeps_a_bounded_digest() -> None:
    assert len(fold(Digest(), long_talk(300)).facts) <= 120


@pytest.mark.parametrize("text", HOSTILE)
def test_written_hostile_text_is_bounded_and_cannot_begin_a_line(text: str) -> None:
    talk = [Said("user", f"I like {text}. Remember that {text}", "2026-11-01")] * 3
    summary = folded(talk)
    assert len(summary.encode()) <= MAX_BYTES
    headings = ("3 earlier", "They ", "Dates", "People", "Projects")
    assert all(line.startswith(headings) for line in summary.splitlines())


@settings(max_examples=40)
@given(st.lists(st.text(max_size=400), max_size=8))
def test_fold_anything_is_bounded_and_deterministic(texts: list[str]) -> None:
    talk = [Said("user", text, "2026-11-01") for text in texts]
    assert folded(talk) == folded(talk)
    assert len(folded(talk).encode()) <= MAX_BYTES


def test_written_says_only_what_was_noticed() -> None:
    told = {item.text for said in TALK if said.role == "user" for item in noticed(said.text, said.day)}
    gists = [gist for line in folded(TALK).splitlines()[1:] for gist in line.partition(": ")[2].split("; ")]
    assert gists and all(gist.rpartition(" (2026")[0] in told for gist in gists)
