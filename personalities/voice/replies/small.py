"""Small talk, and what to say when there is nothing to say."""

from collections.abc import Sequence

from personalities.voice import banks
from personalities.voice.flavour import farewell_lines
from personalities.voice.parts import Parts
from personalities.voice.scene import Noticed
from personalities.voice.teller import Teller

_CONTRARY = frozenset(("wrong", "disagree", "false", "incorrect", "mistaken", "untrue"))


def farewell(t: Teller, found: Sequence[Noticed]) -> Parts:
    goodbye = (t.holder and t.draw("named", 2) == 0 and t.line("farewell_named")) or t.say("farewell")
    sign_off = t.maybe("farewell", farewell_lines(t))
    if sign_off:
        t.use("slot:farewell")
    if t.manner.statements == 1 and sign_off:
        return Parts([sign_off], must=2, ask="", offer=False, noticed=found)
    return Parts([goodbye], must=2, close=[sign_off], ask="", offer=False, noticed=found)


def thanks(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts([t.say("thanks")], ask="thanks", noticed=found)


def compliment(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts([t.say("compliment")], ask="mood", noticed=found)


def helping(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts(
        [three(t)], more=[lambda: t.line("help_lead"), lambda: three(t)], ask="greeting", offer=False, noticed=found
    )


def three(t: Teller) -> str:
    """Three things the agent can do."""
    craft = t.fact("craft")
    things = [
        thing.replace("{craft}", craft)
        for thing in banks.lines("replies", "help_things")
        if craft or "{craft}" not in thing
    ]
    a, b, c = t.order("three", things)[:3]
    return t.say("help_three", a=a, b=b, c=c)


def unknown(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts([t.say("unknown"), three(t)], must=2, ask="unknown", offer=False, noticed=found)


def foreign(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts([t.say("foreign")], ask="", tone="firm", offer=False)


def repetition(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts([t.say("repetition"), three(t)], must=2, ask="", offer=False)


def yes(t: Teller, found: Sequence[Noticed]) -> Parts:
    return Parts([t.say("yes")], more=[lambda: three(t)], ask="greeting", noticed=found)


def no(t: Teller, found: Sequence[Noticed]) -> Parts:
    if _CONTRARY & t.either and (dispute := t.maybe("dispute", t.canon.slot("dispute").say)):
        t.use("slot:dispute")
        return Parts([dispute], ask="unknown", noticed=found)
    return Parts([t.say("no")], more=[lambda: three(t)], ask="greeting", noticed=found)
