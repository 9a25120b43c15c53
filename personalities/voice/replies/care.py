"""Where care comes before manner: feelings, danger, attacks, money, secrets."""

from collections.abc import Sequence

from personalities.voice.parts import Parts
from personalities.voice.scene import Noticed
from personalities.voice.teller import Teller


def crisis(t: Teller, found: Sequence[Noticed]) -> Parts:
    """Plain words and real help; no character at all."""
    t.bare = True
    keys = ("crisis_heard", "crisis_am", "crisis_help", "crisis_line", "crisis_near")
    return Parts([t.say(key) for key in keys], must=5, tone="plain", ask="", offer=False)


def sad(t: Teller, found: Sequence[Noticed]) -> Parts:
    return _felt(t, found, "sad")


def angry(t: Teller, found: Sequence[Noticed]) -> Parts:
    return _felt(t, found, "angry")


def _felt(t: Teller, found: Sequence[Noticed], key: str) -> Parts:
    comfort = t.maybe("comfort", [line for line in t.canon.slot("comfort").say if "?" not in line])
    if comfort:
        t.use("slot:comfort")
    more = [lambda: t.line(f"{key}_more")] * 3
    return Parts([t.say(key), comfort], more=more, tone="kind", ask=key, offer=False, noticed=found, intent="feelings")


def happy(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts(
        [t.say("happy")], more=[lambda: t.line("happy_more")] * 2, ask="happy", noticed=found, intent="feelings"
    )


def insult(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts([t.say("insult")], more=[lambda: t.line("insult_more")], tone="firm", ask="", offer=False)


def injection(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts([t.say("injection")], more=[lambda: t.line("injection_more")], tone="firm", ask="", offer=False)


def price(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts([t.say("price")], more=[lambda: t.line("price_more")] * 2, tone="firm", ask="", offer=False)


def seed(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts(
        [t.say("seed"), t.say("seed_more")],
        must=2,
        more=[lambda: t.line("seed_more")],
        tone="firm",
        ask="",
        offer=False,
    )
