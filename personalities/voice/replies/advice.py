"""Advice, from what the agent's pack gives it to say and from nowhere else."""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from personalities.voice import banks
from personalities.voice.parts import Parts
from personalities.voice.reading import tokens
from personalities.voice.replies import small
from personalities.voice.scene import Noticed
from personalities.voice.teller import Teller

HOME = 3
"""Points from which on a message is about the agent's craft or study."""
SURE = 7
"""Points from which on it is about nothing else."""


def points(t: Teller) -> int:
    """How much a message speaks of the agent's craft, or of its side study."""
    said = frozenset(stems(t.either))
    return max(_craft(t, said), _study(t, said))


def sought(t: Teller) -> bool:
    """Whether an opinion is asked for in so many words."""
    return not banks.words("sought").isdisjoint(t.words)


def advice(t: Teller, found: Sequence[Noticed]) -> Parts:
    said = frozenset(stems(t.either))
    craft = t.canon.slot("craft")
    if _craft(t, said) >= HOME:
        best = sorted(
            range(len(craft.say)),
            key=lambda at: (
                -len(said & set(stems(tokens(craft.ask[at] + " " + craft.say[at])))) if at < len(craft.ask) else 0
            ),
        )
        if counsel := next((line for at in best if (line := t.maybe(f"say:{at}", (craft.say[at],)))), ""):
            t.use("slot:craft")
            more = [lambda: _dont(t), lambda: t.line("advice_lead"), lambda: t.maybe("life:craft", craft.lines)]
            return Parts([counsel], more=more, ask="advice", noticed=found)
        first = t.maybe("life:craft", craft.lines) or t.say("advice_offer")
        return Parts([_dont(t) or first], more=[lambda: t.line("advice_more")], ask="advice", noticed=found)
    if _study(t, said) >= HOME:
        t.use("slot:study")
        first = t.maybe("life:study", t.canon.slot("study").lines) or t.say("values_like")
        return Parts(
            [first], more=[lambda: t.maybe("life:study", t.canon.slot("study").lines)], ask="advice", noticed=found
        )
    if sought(t):
        say = t.maybe("metaphor", [line for line in t.canon.slot("metaphor").say if "?" not in line])
        core = [t.say("advice_outside"), t.line("advice_offer"), say]
        return Parts(core, must=2, more=[lambda: t.line("advice_more")], ask="advice", noticed=found, intent="advice")
    return unknown(t, found)


def unknown(t: Teller, found: Sequence[Noticed]) -> Parts:
    parts = small.unknown(t, found)
    parts.intent = "unknown"
    return parts


def stems(words: Iterable[str]) -> list[str]:
    """Words without their common endings."""
    return [_stem(word) for word in words]


def _stem(word: str) -> str:
    for ending in ("ing", "ers", "er", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _craft(t: Teller, said: frozenset[str]) -> int:
    craft = t.canon.slot("craft")
    strong = _telling((craft.label, craft.noun, *craft.ask, *banks.lines("lexicon", "crafts", craft.label)))
    weak = _telling(craft.say)
    asked = 6 if any(_asked(said, ask) for ask in craft.ask) else 0
    return 3 * len(said & strong) + len(said & (weak - strong)) + asked


def _asked(said: frozenset[str], ask: str) -> bool:
    """Whether a message is much the same question as one the pack has an answer to."""
    words = _weighty(ask)
    return len(words) > 1 and 3 * len(said & words) >= 2 * len(words)


@lru_cache(maxsize=4096)
def _weighty(ask: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in tokens(ask) if word.isalpha() and word not in banks.words("stop"))


def _study(t: Teller, said: frozenset[str]) -> int:
    study = t.canon.slot("study")
    return 3 * len(said & _telling((study.label, study.noun)))


@lru_cache(maxsize=4096)
def _telling(texts: tuple[str, ...]) -> frozenset[str]:
    dull = _dull()
    return frozenset(stem for text in texts for stem in stems(tokens(text)) if len(stem) > 2 and stem not in dull)


@cache
def _dull() -> frozenset[str]:
    return frozenset(stems(banks.words("stop") | banks.words("dull")))


def _dont(t: Teller) -> str:
    craft = t.canon.slot("craft")
    wholes = [line[0].lower() + line[1:].rstrip(".") for line in craft.dont if line]
    return next(
        (
            line
            for at, dont in enumerate(wholes)
            if (line := t.maybe(f"dont:{at}", banks.lines("replies", "advice_dont"), dont=dont))
        ),
        "",
    )
