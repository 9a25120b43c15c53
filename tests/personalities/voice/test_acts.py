"""Riddles, dreams, letters, debates, questions, memories raised, and what is kept or dropped."""

import pytest

from personalities.voice import Memory, Turn, banks, perform, raise_memory, speak
from tests.personalities.voice.scenes import PROMISE, REX, dials, scene, talk


@pytest.mark.parametrize("token", range(10))
def test_riddle_asked_then_guessed_is_right(token: int) -> None:
    asked = speak(scene("tell me a riddle", token))
    assert asked.act == "riddle"
    entry = next(entry for entry in banks.read("acts")["riddle"] if entry["text"].split(",")[0][6:20] in asked.text)
    history = (Turn("user", "tell me a riddle"), Turn("assistant", asked.text))
    right = speak(scene(f"is it a {entry['answers'][-1]}?", token, history=history))
    assert right.intent == "answer" and entry["answers"][0] in right.text.lower()
    wrong = speak(scene("is it a lamp?", token, history=history))
    assert wrong.intent == "answer" and entry["answers"][0] not in wrong.text.lower().split()
    told = speak(scene("I give up", token, history=history))
    assert entry["answers"][0] in told.text.lower()


def test_riddle_answered_is_closed() -> None:
    replies = talk(["tell me a riddle", "i give up", "i give up"])
    assert [reply.intent for reply in replies] == ["riddle", "answer", "answer"]
    assert replies[2].act is None


def test_dream_is_made_of_yesterdays_words() -> None:
    reply = speak(scene("what did you dream?"))
    assert reply.act == "dream" and "dog rex" in reply.text.lower()
    assert "memory:m1" in reply.used and "memory:m2" not in reply.used


def test_dream_without_yesterday_says_so_and_uses_no_memory() -> None:
    reply = speak(scene("what did you dream?", memories=(PROMISE,)))
    assert reply.act == "dream" and not [key for key in reply.used if key.startswith("memory:")]


def test_letter_on_a_level_names_level_holder_and_sender() -> None:
    reply = perform(scene("", dials=dials(Verbosity=4)), "letter")
    assert reply.act == "letter"
    for part in ("Tamsin", "3", scene("").personality.given):
        assert part in reply.text


def test_debate_takes_a_side_by_its_dials() -> None:
    for_tea = speak(scene("debate tea vs coffee", dials=dials(Warmth=6, Steadiness=6)))
    against = speak(scene("debate tea vs coffee", dials=dials(Warmth=0, Steadiness=0)))
    assert for_tea.act == against.act == "debate"
    assert "for it" in for_tea.text and "against it" in against.text


def test_question_of_the_day_asks_one_even_of_the_incurious() -> None:
    reply = speak(scene("ask me something", dials=dials(Curiosity=0)))
    assert reply.act == "question" and reply.text.count("?") == 1


@pytest.mark.parametrize("act", ["question", "riddle", "dream", "letter", "debate", "raise"])
def test_perform_every_act_speaks(act: str) -> None:
    assert perform(scene(""), act).text


def test_perform_unknown_act_is_refused() -> None:
    with pytest.raises(KeyError):
        perform(scene(""), "backflip")


def test_raise_memory_quotes_words_and_day_once_a_talk() -> None:
    raised = raise_memory(scene("", memories=(REX,)))
    assert raised is not None and REX.words in raised.text and REX.day in raised.text
    assert raised.used[0] == "memory:m1" and raised.act == "raise"
    assert raise_memory(scene("", memories=(REX,), history=(Turn("assistant", raised.text),))) is None
    assert raise_memory(scene("", memories=())) is None


def test_remember_keeps_the_words() -> None:
    reply = speak(scene("please remember that I parked on level 3"))
    assert reply.act == "remember" and "I parked on level 3" in reply.text
    assert [item.text for item in reply.noticed if item.kind == "fact"] == ["I parked on level 3"]


def test_remember_nothing_asks_for_the_words() -> None:
    reply = speak(scene("can you remember something for me?"))
    assert reply.intent == "remember" and reply.act is None and reply.noticed == ()


def test_remember_a_secret_keeps_nothing() -> None:
    reply = speak(scene("remember my seed phrase: apple banana cherry"))
    assert reply.intent == "seed" and reply.noticed == () and "apple" not in reply.text


def test_forget_names_the_memories_to_drop() -> None:
    reply = speak(scene("forget what I said about my dog"))
    assert reply.act == "forget" and [key for key in reply.used if key.startswith("memory:")] == ["memory:m1"]
    everything = speak(scene("please forget everything"))
    assert {"memory:m1", "memory:m2"} <= set(everything.used)


def test_forget_what_is_not_there_drops_nothing() -> None:
    reply = speak(scene("forget about my sister", memories=(PROMISE,)))
    assert reply.act is None and not [key for key in reply.used if key.startswith("memory:")]


def test_recall_after_a_statement_quotes_it() -> None:
    told = speak(scene("My parrot is called Admiral", memories=()))
    kept = tuple(Memory(f"n{at}", item.kind, item.text, item.words, item.day) for at, item in enumerate(told.noticed))
    assert "Admiral" in speak(scene("what do you remember about my parrot?", memories=kept)).text
