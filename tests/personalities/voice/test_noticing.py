"""What a message tells about its writer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalities.voice import noticed
from personalities.voice.dates import find_day
from personalities.voice.scene import MEMORY_KINDS
from tests.personalities.voice.scenes import TODAY


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        ("my name is ana", "name", "Ana"),
        ("Hi, I'm Tom.", "name", "Tom"),
        ("I love black coffee because it is bitter", "like", "black coffee"),
        ("My favourite colour is green", "like", "green"),
        ("I really hate Mondays", "dislike", "Mondays"),
        ("I can't stand loud music", "dislike", "loud music"),
        ("my sister Ann came by", "person", "sister Ann"),
        ("My best friend is called Jo", "person", "best friend Jo"),
        ("I have a dog called rex", "pet", "dog Rex"),
        ("Our cat's name is Miso", "pet", "cat Miso"),
        ("I'm building a treehouse for my kids", "project", "building a treehouse for my kids"),
        ("I promise to water the plants", "promise", "water the plants"),
        ("I live in Lisbon", "fact", "live in Lisbon"),
        ("I'm allergic to nuts", "fact", "allergic to nuts"),
        ("remember that I parked on level 3", "fact", "I parked on level 3"),
    ],
)
def test_noticed_plain_statement_is_kept(said: str, kind: str, text: str) -> None:
    assert (kind, text) in [(item.kind, item.text) for item in noticed(said, TODAY)]


@pytest.mark.parametrize(
    ("said", "kind", "when"),
    [
        ("I'll send it on Friday", "promise", "2026-11-27"),
        ("I will finish the chapter tomorrow", "promise", "2026-11-22"),
        ("My exam is on 5 March", "date", "2027-03-05"),
        ("my birthday is December 24th", "date", "2026-12-24"),
        ("We move in two weeks", "date", "2026-12-05"),
        ("my interview is on 2026-12-01", "date", "2026-12-01"),
    ],
)
def test_noticed_days_are_computed(said: str, kind: str, when: str) -> None:
    assert (kind, when) in [(item.kind, item.when) for item in noticed(said, TODAY)]


def test_noticed_person_and_pet_carry_the_relation() -> None:
    found = {item.text: item.relation for item in noticed("My sister Ann has a dog named Rex.", TODAY)}
    assert found["sister Ann"] == "sister" and found["dog Rex"] == "dog"


@pytest.mark.parametrize(
    "said",
    [
        "do you like cats?",
        "what is my name?",
        "my seed phrase is apple banana cherry",
        "my password is hunter2",
        "I like you",
        "mail me at a.b@example.org",
        "my wallet is 0x12ab34cd56ef78900000000000000000deadbeef",
        "hello",
        "I'd like to go",
        "if I had a dog named Rex",
    ],
)
def test_noticed_questions_secrets_and_wishes_tell_nothing(said: str) -> None:
    assert [item for item in noticed(said, TODAY) if item.kind != "topic"] == []


def test_noticed_words_are_the_writers_own_and_clean() -> None:
    (item,) = [item for item in noticed("I love <b>green</b> tea\u202e. And more.", TODAY) if item.kind == "like"]
    assert item.words == "I love green tea" and item.day == TODAY


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", "2026-11-21"),
        ("on saturday", "2026-11-28"),
        ("last monday", "2026-11-16"),
        ("the day after tomorrow", "2026-11-23"),
        ("in 3 days", "2026-11-24"),
        ("31 February", None),
        ("2026-13-40", None),
        ("29 Feb 2028", "2028-02-29"),
        ("nothing here", None),
        ("every monday", None),
    ],
)
def test_find_day_reads_days(text: str, day: str | None) -> None:
    found = find_day(text, TODAY)
    assert (found[1] if found else None) == day


def test_find_day_today_unknown_gives_words_without_a_day() -> None:
    assert find_day("on Friday", "") == ("on Friday", None)


@given(st.text(max_size=500))
def test_noticed_any_text_gives_clean_items(text: str) -> None:
    for item in noticed(text, TODAY):
        assert item.kind in MEMORY_KINDS and item.text and item.words
        assert len(item.words) <= 161
