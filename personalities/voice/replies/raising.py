"""Brings up what the holder once said, in their own words and with its date, once per talk."""

from personalities.voice import banks
from personalities.voice.parts import Parts
from personalities.voice.reading import quote, sentence_key
from personalities.voice.scene import Memory
from personalities.voice.teller import Teller


def raised(t: Teller) -> Parts | None:
    """One remembered thing; None when there is none that is new to this talk."""
    first = raised_line(t)
    if not first:
        return None
    asked = t.maybe("raise_ask", banks.lines("acts", "raise_ask")) if t.manner.questions(t.draw("raise", 6)) else ""
    return Parts([first], question=asked, ask="recall" if asked else "", offer=False, act="raise")


def raised_line(t: Teller) -> str:
    memory = unraised(t)
    if memory is None:
        return ""
    t.use(f"memory:{memory.id}")
    key = "raise_promise" if memory.kind == "promise" else "raise"
    return t.say(key, "acts", day=quote(memory.day, 20), words=quote(memory.words))


def unraised(t: Teller) -> Memory | None:
    talk = " ".join(sentence_key(turn.text) for turn in t.history if turn.role == "assistant")
    new = [
        memory
        for memory in t.scene.memories
        if memory.kind not in ("topic", "name") and (words := quote(memory.words)) and sentence_key(words) not in talk
    ]
    return new[t.draw("raise", len(new))] if new else None
