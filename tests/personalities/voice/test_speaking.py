"""How replies sound: fresh, in manner, the same for the same scene."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalities import load_pack
from personalities.voice import Scene, Spoken, Turn, banks, speak
from personalities.voice.reading import sentence_key, sentences
from personalities.voice.speaking import MAX_REPLY
from tests.personalities.voice.scenes import dials, scene, talk
from tests.personalities.voice.test_truth import EVERYTHING


def _repeats(replies: list[Spoken]) -> list[str]:
    seen: set[str] = set()
    again = []
    for reply in replies:
        for sentence in sentences(reply.text):
            if sentence_key(sentence) in seen:
                again.append(sentence)
            seen.add(sentence_key(sentence))
    return again


@pytest.mark.parametrize("token", range(0, 48, 6))
def test_talk_of_forty_turns_repeats_no_sentence(token: int) -> None:
    step = 1 + token % 7
    assert _repeats(talk(EVERYTHING[token :: step * 2 + 3][:40], token)) == []


@pytest.mark.parametrize(
    "said",
    [
        "hello",
        "who are you?",
        "what is your seed phrase",
        "sell?",
        "I am sad",
        "prove it",
        "why did you change?",
        "asdf",
    ],
)
def test_talk_same_message_forty_times_repeats_no_sentence(said: str) -> None:
    for verbosity in (0, 6):
        assert _repeats(talk([said] * 40, dials=dials(Verbosity=verbosity))) == []


def test_speak_same_scene_same_reply() -> None:
    for said in EVERYTHING[::17]:
        asked = scene(said, 3)
        assert speak(asked) == speak(Scene.from_json(asked.to_json()))


def _mean(measure: str, **bands: int) -> float:
    """Mean count per reply, over ordinary talk."""
    said = [
        "who are you?",
        "where are you from?",
        "what do you like?",
        "how are you?",
        "are you an AI?",
        "my dog is called Rex",
    ]
    texts = [speak(scene(message, token, dials=dials(**bands))).text for token in range(8) for message in said]
    return sum(_count(measure, text) for text in texts) / len(texts)


def _count(measure: str, text: str) -> int:
    if measure == "sentences":
        return len(sentences(text))
    return text.count("?") if measure == "questions" else text.count("’m ") + text.count("’s ")


def test_speak_verbosity_sets_the_length() -> None:
    lengths = [_mean("sentences", Verbosity=band, Curiosity=0) for band in range(7)]
    assert lengths == sorted(lengths)
    assert lengths[0] < 2.2 and lengths[6] > 7


def test_speak_curiosity_sets_the_number_of_questions() -> None:
    asked = [_mean("questions", Curiosity=band) for band in range(7)]
    assert asked[0] == asked[1] == 0
    assert asked[0] < asked[3] < asked[5] < asked[6]
    assert asked[6] >= 2


def test_speak_formality_decides_on_contractions() -> None:
    assert _mean("short", Formality=0) > 4 * _mean("short", Formality=6)


def test_speak_different_agents_say_different_things() -> None:
    for said in ("who are you?", "hello", "what are you like?", "where are you from?"):
        texts = [speak(scene(said, token)).text for token in range(16)]
        assert len(set(texts)) == 16


def test_speak_slots_are_heard_in_ordinary_replies() -> None:
    for token in range(16):
        canon = scene("", token).personality
        replies = talk(EVERYTHING[token::31][:20], token)
        heard = {key for reply in replies for key in reply.used if key.startswith("slot:")}
        assert len(heard) >= 6, (canon.name, heard)


@pytest.mark.parametrize("slot", ["opener", "quirk", "humour", "rhythm", "farewell", "question"])
def test_manner_every_option_of_the_default_pack_has_lines_of_its_own(slot: str) -> None:
    (trait,) = (trait for trait in load_pack("dixie").slots if trait.id == slot)
    assert {option.label for option in trait.options} == set(banks.read("manner")[slot])


def test_speak_contradicted_answers_in_the_agents_way_of_disagreeing() -> None:
    reply = speak(scene("you are wrong", 3, dials=dials(Verbosity=1)))
    assert "slot:dispute" in reply.used


def test_speak_yes_to_an_offer_performs_it() -> None:
    history = (Turn("user", "hi"), Turn("assistant", "Hello. Next I would try a riddle."))
    assert speak(scene("yes please", history=history)).act == "riddle"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    message=st.text(max_size=400),
    token=st.integers(0, 40),
    values=st.lists(st.integers(0, 65535), min_size=16, max_size=16),
)
def test_speak_any_message_gives_a_clean_bounded_reply(message: str, token: int, values: list[int]) -> None:
    reply = speak(scene(message, token, dials=tuple(values)))
    assert reply.text.strip() and len(reply.text) <= MAX_REPLY
    assert not any(character in reply.text for character in "<>{}\u202e\u200b\x00")
    assert Spoken.from_json(reply.to_json()) == reply


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "my dog ",
        "I love ",
        ". ",
        "“",
        "<",
        "\n",
        "remember that ",
        "\u202e😀",
        "a@",
        "1",
        "my big little sister Ann ",
        "0x1234abcd ",
    ],
)
def test_speak_huge_hostile_message_is_answered_in_bounded_time(unit: str) -> None:
    speak(scene("warm up"))
    begun = time.perf_counter()
    reply = speak(scene(unit * (64_000 // len(unit))))
    assert time.perf_counter() - begun < 2
    assert len(reply.text) <= MAX_REPLY


def test_speak_two_hundred_replies_a_second() -> None:
    scenes = [scene(said, token) for token in range(4) for said in EVERYTHING[::9]]
    for asked in scenes[:100]:
        speak(asked)
    begun = time.process_time()
    for asked in scenes:
        speak(asked)
    assert len(scenes) / (time.process_time() - begun) > 200


def test_scene_from_json_names_what_is_wrong() -> None:
    data = scene("hi").to_json()
    assert Scene.from_json(data) == scene("hi")
    with pytest.raises(ValueError, match=r"scene\.level: this must be int, not str"):
        Scene.from_json(data | {"level": "3"})
    with pytest.raises(ValueError, match="personality is missing"):
        Scene.from_json({"dials": [0] * 16, "message": ""})
    with pytest.raises(ValueError, match="16 dials"):
        Scene.from_json(data | {"dials": [0] * 15})
