"""Decides what a message wants, from what was heard and from where the talk stands."""

from collections.abc import Sequence

from personalities.voice import banks
from personalities.voice.intents import Heard
from personalities.voice.reading import sentences, tokens
from personalities.voice.replies import acts, advice
from personalities.voice.scene import Noticed
from personalities.voice.teller import Teller

_ACTS = {
    "riddle": "riddle",
    "debate": "debate",
    "dream": "dream",
    "letter": "letter",
    "question": "question",
    "changed": "change",
    "papers": "proof",
}
_ADVISABLE = frozenset(("advice", "unknown", "share", "something", "help", "traits", "values", "origin"))
_SPEAKER = frozenset(["you", "your", "yours", "yourself", "me", "nft", "token", "agent"])
_PRONOUNS = frozenset(["you", "your", "yours", "yourself", "agent", "nft"])


def decide(t: Teller, raw: Sequence[str], heard: Heard) -> str:
    """The intent to answer: a key of `replies.HANDLERS`."""
    intent, words = heard.intent, set(t.words)
    if intent in ("crisis", "injection", "seed") and heard.score(intent) >= 11:
        return intent
    if foreign(t.scene.message, raw):
        return "foreign"
    if advice.points(t) >= advice.SURE:
        return "advice"
    riddle = acts.open_riddle(t)
    if riddle is not None and (
        acts.guessed(t, riddle) or (_short(raw) and intent in ("answer", "unknown", "share", "advice", "no", "nature"))
    ):
        return "answer"
    if intent == "answer":
        intent = next((other for other, _ in heard.ranking if other != "answer"), "unknown")
        if {"answer", "solution", "stumped", "hint", "clue"} & words or "give up" in " ".join(t.words):
            return "answer"
    if intent == "yes":
        return _accepted(t) or "yes"
    if intent == "feelings_happy" and heard.score("mood") >= 8 and "you" in words:
        return "mood"
    if intent == "price" and heard.score("price") <= 6 and advice.points(t) >= advice.HOME:
        return "advice"
    own = intent in ("traits", "origin") and words & _PRONOUNS
    if intent in _ADVISABLE and "yourself" not in words and not own and advice.points(t) >= advice.HOME:
        return "advice"
    return intent


def told(t: Teller, intent: str, found: Sequence[Noticed]) -> bool:
    """Whether a message that mentions one of our subjects only tells of its writer's own life."""
    plain = not t.scene.message.rstrip().endswith("?") and _SPEAKER.isdisjoint(t.either)
    return plain and intent in banks.words("subjects") and any(item.kind != "topic" for item in found)


def at_a_loss(t: Teller) -> bool:
    """Whether a message asks for no advice that the agent could give."""
    return advice.points(t) < advice.HOME and not advice.sought(t)


def _short(raw: Sequence[str]) -> bool:
    return len([word for word in raw if word != "."]) <= 8


def _accepted(t: Teller) -> str:
    """What was on offer in our last turn, when the holder says yes to it."""
    last = next((turn.text for turn in reversed(t.history) if turn.role == "assistant"), "")
    for sentence in reversed(sentences(last)):
        words = set(tokens(sentence))
        for word, intent in _ACTS.items():
            if word in words:
                return intent
    return ""


def foreign(message: str, raw: Sequence[str]) -> bool:
    """Whether a message is, as far as anybody can tell from its words, in another language than English."""
    letters = [character for character in message[:4_000] if character.isalpha()]
    other = sum(1 for character in letters if ord(character) > 0x24F)
    if letters and 2 * other > len(letters):
        return True
    words = [word for word in raw[:200] if word.isalpha()]
    if len(words) < 2:
        return False
    abroad = sum(1 for word in words if word in banks.words("abroad"))
    home = sum(
        1
        for word in words
        if word in banks.words("english") or word in banks.words("stop") or word in banks.words("plain")
    )
    return abroad > home and 3 * abroad >= len(words)
