"""What the agent does of its own accord: a question, a riddle, a debate, a dream, a letter, a memory raised."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from personalities.dials import DIALS
from personalities.voice import banks
from personalities.voice.dates import day_before
from personalities.voice.parts import Parts
from personalities.voice.reading import quote, sentence_key, sentence_keys, tokens
from personalities.voice.replies.raising import raised, unraised
from personalities.voice.replies.who import trait_words
from personalities.voice.scene import Memory, Noticed
from personalities.voice.teller import Teller

_OPEN_FOR = 6
"""Own turns after which a riddle counts as dropped."""


def question(t: Teller, found: Sequence[Noticed]) -> Parts:
    asked = t.maybe("question of the day", banks.lines("acts", "questions"))
    if not asked:
        return riddle(t, found)
    return Parts(
        [t.say("question_lead", "acts")],
        question=asked,
        ask="share",
        offer=False,
        noticed=found,
        tone="act",
        act="question",
        intent="question",
    )


def riddle(t: Teller, found: Sequence[Noticed]) -> Parts:
    texts = [str(entry["text"]) for entry in banks.read("acts")["riddle"]]
    text = t.maybe("riddle", texts)
    if not text:
        return Parts([t.say("riddle_spent", "acts")], ask="", offer=False, noticed=found)
    return Parts(
        [t.say("riddle_lead", "acts"), text],
        must=2,
        ask="",
        offer=False,
        noticed=found,
        tone="act",
        act="riddle",
        intent="riddle",
    )


def open_riddle(t: Teller) -> Mapping[str, Any] | None:
    """The riddle that was asked last and not answered since."""
    own = [turn.text for turn in t.history if turn.role == "assistant"]
    for entry in banks.read("acts")["riddle"]:
        keys = sentence_keys(t.manner.wear(entry["text"]))
        for back, text in enumerate(reversed(own[-_OPEN_FOR:])):
            if keys <= sentence_keys(text):
                later = " ".join(own[len(own) - back :]).casefold()
                if any(entry["answers"][0] in tokens(line) for line in later.split(". ")):
                    return None
                return dict(entry)
    return None


def guessed(t: Teller, entry: Mapping[str, Any]) -> bool:
    return any(answer in t.either for answer in entry["answers"])


def answer(t: Teller, found: Sequence[Noticed]) -> Parts:
    """To a guess, or to somebody who gives up."""
    entry = open_riddle(t)
    if entry is None:
        return Parts([t.say("riddle_none", "acts")], ask="", noticed=found)
    word = _with_article(str(entry["answers"][0]))
    if guessed(t, entry):
        return Parts([t.say("riddle_right", "acts", answer=word)], ask="", noticed=(), act="answer", intent="answer")
    if {"up", "answer", "solution", "tell", "know", "idea", "clue", "stumped", "what"} & set(t.words):
        return Parts([t.say("riddle_told", "acts", answer=word)], ask="", noticed=(), act="answer", intent="answer")
    core = [t.say("riddle_wrong", "acts"), t.say("riddle_again", "acts")]
    return Parts(core, must=2, ask="", offer=False, noticed=(), intent="answer")


def _with_article(word: str) -> str:
    if word.endswith("s") or word in ("snow", "rain"):
        return word
    return ("an " if word[0] in "aeiou" else "a ") + word


def debate(t: Teller, found: Sequence[Noticed]) -> Parts:
    entries = banks.read("acts")["debate"]
    said = set(t.words)
    fresh = [
        entry
        for entry in entries
        if not any(
            sentence_key(entry["motion"]) in sentence_key(turn.text) for turn in t.history if turn.role == "assistant"
        )
    ]
    meant = [entry for entry in entries if said & set(entry["keys"])]
    pool = meant or fresh or entries
    chosen = pool[t.draw("debate", len(pool))]
    lean = sum(t.scene.dials[DIALS.index(dial)] for dial in chosen["leans"]) // len(chosen["leans"])
    side, other = ("for", "against") if lean >= 32768 else ("against", "for")
    t.use(*(f"dial:{dial}" for dial in chosen["leans"]))
    own = t.order("debate:own", chosen[side])
    reasons = [
        lambda point=point: t.maybe(f"point:{point}", banks.lines("acts", "debate_point"), point=point)
        for point in own[1:3]
    ]
    grant = t.maybe("grant", banks.lines("acts", "debate_grant"), point=t.order("debate:other", chosen[other])[0])
    core = [
        t.say("debate_lead", "acts", motion=chosen["motion"]),
        t.say("debate_side", "acts", side=side),
        t.say("debate_point", "acts", point=own[0]),
    ]
    more = [lambda: grant, *reasons]
    return Parts(
        core,
        must=3,
        more=more,
        close=[t.say("debate_turn", "acts")],
        ask="",
        offer=False,
        noticed=found,
        tone="act",
        act="debate",
        intent="debate",
    )


def dream(t: Teller, found: Sequence[Noticed]) -> Parts:
    yesterday = day_before(t.scene.today)
    topics = [
        (memory.id, _topic(memory))
        for memory in t.scene.memories
        if memory.day == yesterday and memory.kind in ("topic", "like", "pet", "project")
    ]
    topics = [(key, topic) for key, topic in topics if topic]
    t.use(*(f"memory:{key}" for key, _ in topics[:2]))
    core = [t.say("dream_lead", "acts") if topics else t.say("dream_none", "acts")]
    core += [t.say("dream_of", "acts", topic=topic) for _, topic in topics[:2]] or [t.say("dream_own", "acts")]
    more = [lambda: t.maybe("dream_own", banks.lines("acts", "dream_own"))] * 2
    return Parts(
        core,
        must=min(3, len(core)),
        more=more,
        close=[t.say("dream_end", "acts")],
        ask="",
        offer=False,
        noticed=found,
        tone="act",
        act="dream",
        intent="dream",
    )


def _topic(memory: Memory) -> str:
    text = quote(memory.text, 40)
    return (
        text
        if text.split(" ", 1)[0].lower() in ("the", "a", "an", "my")
        else f"your {text}"
        if memory.kind == "pet"
        else f"the {text}"
        if memory.kind == "topic"
        else text
    )


def letter(t: Teller, found: Sequence[Noticed]) -> Parts:
    """A letter on a new level, or for the asking."""
    friend = t.holder or "friend"
    core = [t.say("letter_open", "acts", holder_or_friend=friend)]
    if t.fact("level"):
        core.append(t.say("letter_level", "acts"))
    if memory := unraised(t):
        t.use(f"memory:{memory.id}")
        core.append(t.say("letter_memory", "acts", day=quote(memory.day, 20), words=quote(memory.words)))
    body = 1 + t.manner.statements // 2
    core += [t.maybe(f"letter:{at}", banks.lines("acts", "letter_body"), list=trait_words(t, 3)) for at in range(body)]
    return Parts(
        core,
        must=len(core),
        close=[t.say("letter_close", "acts")],
        ask="",
        offer=False,
        noticed=found,
        tone="act",
        act="letter",
        intent="letter",
    )


def something(t: Teller, found: Sequence[Noticed]) -> Parts:
    """Whatever this agent would come up with: its dials choose."""
    band = t.manner.band
    likely = {
        "question": band("Curiosity"),
        "riddle": band("Playfulness"),
        "dream": band("Imagination"),
        "debate": band("Directness"),
        "life": band("Sociability"),
        "proverb": 3,
    }
    said = set(t.words)
    if said & {
        "story",
        "stories",
        "tale",
        "secret",
        "tales",
        "news",
        "gossip",
        "about",
        "fact",
        "facts",
        "interesting",
    }:
        likely = {"life": 5}
    elif said & {"wisdom", "proverb", "saying", "wise", "poem", "haiku", "rhyme", "thought", "inspire"}:
        likely = {"proverb": 5}
    elif said & {"joke", "jokes", "funny", "laugh", "giggle", "amuse"}:
        likely = {"joke": 5}
    tickets = [f"{act}#{copy}" for act, weight in likely.items() for copy in range(weight)] or ["proverb#0"]
    act = t.order("something", tickets)[0].split("#")[0]
    return SOMETHING[act](t, found)


def _proverb(t: Teller, found: Sequence[Noticed]) -> Parts:
    told = [
        line.replace("{proverb}", saying)
        for saying in banks.lines("acts", "proverb")
        for line in banks.lines("acts", "tell")[:1]
    ]
    line = t.maybe("proverb", [*(line.split(": ", 1)[1] for line in told), *told]) or t.say("mood_more")
    return Parts([line], ask="greeting", noticed=found, intent="something")


def _life(t: Teller, found: Sequence[Noticed]) -> Parts:
    """Something out of its own beginnings."""
    own = [line for key in ("origin", "keepsake", "study", "craft") for line in t.canon.slot(key).lines]
    own += [line for lines in t.canon.lines.values() for line in lines]
    first = t.maybe("own", own)
    return (
        Parts([first], more=[lambda: t.maybe("own", own)], ask="share", noticed=found, intent="something")
        if first
        else _proverb(t, found)
    )


def _joke(t: Teller, found: Sequence[Noticed]) -> Parts:
    slot = t.canon.slot("humour")
    first = t.maybe(
        "joke", [line for line in (*slot.say, *banks.lines("manner", "humour", slot.label)) if "?" not in line]
    )
    return Parts([first], ask="share", noticed=found, intent="something") if first else _proverb(t, found)


def _raised(t: Teller, found: Sequence[Noticed]) -> Parts:
    return raised(t) or Parts([t.say("recall_none")], ask="recall")


Handler = Callable[[Teller, Sequence[Noticed]], Parts]
ACTS: Mapping[str, Handler] = {
    "question": question,
    "riddle": riddle,
    "dream": dream,
    "letter": letter,
    "debate": debate,
    "raise": _raised,
}
SOMETHING: Mapping[str, Handler] = {
    "question": question,
    "riddle": riddle,
    "dream": dream,
    "debate": debate,
    "life": _life,
    "proverb": _proverb,
    "joke": _joke,
}
