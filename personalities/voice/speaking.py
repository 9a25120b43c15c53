"""`speak`: a scene in, a reply out. Same scene, same reply."""

import re
from collections.abc import Sequence

from personalities.voice import banks
from personalities.voice.flavour import dial_lines, question_lines, slot_lines, tail
from personalities.voice.intents import hear
from personalities.voice.noticing import noticed
from personalities.voice.parts import Parts
from personalities.voice.reading import clean, tokens
from personalities.voice.replies import HANDLERS, acts, listening, raising
from personalities.voice.scene import Scene, Spoken
from personalities.voice.spelling import speller
from personalities.voice.teller import Teller

MAX_REPLY = 4_000
"""Characters of a reply at most."""
_FLAVOURS = {1: 0, 2: 1, 3: 1, 4: 2, 5: 2, 7: 3, 9: 4}
_SILENT = frozenset({"crisis", "seed", "injection"})
"""Intents in which nothing is noticed."""


def speak(scene: Scene) -> Spoken:
    """The agent's reply to `scene.message`."""
    raw = tokens(clean(scene.message))
    words = speller().correct(raw)
    heard = hear(words)
    t = Teller(scene, words, raw)
    intent = listening.decide(t, raw, heard)
    found = noticed(scene.message, scene.today) if intent not in _SILENT else []
    if listening.told(t, intent, found):
        intent = "share"
    if intent in ("unknown", "share") or (intent == "advice" and listening.at_a_loss(t)):
        tells = found and not scene.message.rstrip().endswith("?")
        intent = "share" if tells else "advice" if intent == "advice" else "unknown"
    return _spoken(t, intent, HANDLERS[intent](t, found))


def perform(scene: Scene, act: str) -> Spoken:
    """An act nobody asked for in words: `question`, `riddle`, `dream`, `letter`, `debate` or `raise`. Raises KeyError
    for any other."""
    t = Teller(scene)
    return _spoken(t, act, acts.ACTS[act](t, []))


def raise_memory(scene: Scene) -> Spoken | None:
    """Brings up one remembered thing in the holder's own words, with its date; None when there is nothing that the
    talk has not brought up already."""
    t = Teller(scene)
    parts = raising.raised(t)
    return _spoken(t, "raise", parts) if parts else None


def _spoken(t: Teller, intent: str, parts: Parts) -> Spoken:
    text = compose(t, parts)[:MAX_REPLY]
    return Spoken(text, parts.intent or intent, tuple(t.used), tuple(parts.noticed), parts.act)


def compose(t: Teller, parts: Parts) -> str:
    """The words: what has to be said, then as much more of fact and manner as today's dials have room for."""
    core = [line for line in parts.core if line]
    if parts.tone == "plain":
        return " ".join(core)
    room = t.manner.statements
    core = core[: max(parts.must, room)]
    if room == 1 and parts.must <= 1 and parts.tone == "easy":
        core[0] = tail(t, core[0])
    touches = _FLAVOURS[room]
    for more in parts.more:
        if len(core) >= room - touches:
            break
        if line := more():
            core.append(line)
    spare = room - len(core)
    touches = (
        max(0, spare)
        if parts.tone == "kind"
        else min(1, touches)
        if parts.tone == "act"
        else max(touches, min(spare, touches + 2))
    )
    first, after = _touches(t, parts.tone, touches if room > 1 else 0)
    closing = [line for line in parts.close if line]
    asked = _questions(t, parts)
    offer = _offer(t) if parts.offer and room > 2 else ""
    statements = _stressed(t, [*first, *core, *after], parts.tone)
    return " ".join(line for line in (*statements, offer, *asked, *closing) if line)


def _touches(t: Teller, tone: str, count: int) -> tuple[list[str], list[str]]:
    """Flavour: what goes before the matter, and what comes after it."""
    slots, dials = slot_lines(t, tone), dial_lines(t, tone)
    first: list[str] = []
    after: list[str] = []
    for at in range(count):
        for queue in (dials, slots) if at % 2 else (slots, dials):
            line, source = _next(t, queue)
            if line:
                (first if source == "opener" else after).append(line)
                t.use(source if source.startswith("dial:") else f"slot:{source}")
                break
    return first, after


def _next(t: Teller, queue: list[tuple[str, Sequence[str]]]) -> tuple[str, str]:
    while queue:
        source, lines = queue.pop(0)
        if line := t.maybe(source, [line for line in lines if "?" not in line]):
            return line, source
    return "", ""


def _questions(t: Teller, parts: Parts) -> list[str]:
    if not parts.ask:
        return []
    wanted = t.manner.questions(t.draw("questions", 6))
    if parts.question:
        wanted = max(wanted, 1)
    asked = [parts.question] if parts.question else []

    def own() -> str:
        return t.maybe("ask:" + parts.ask, banks.lines("replies", "ask", parts.ask))

    def slot() -> str:
        return t.maybe("question", question_lines(t))

    kind = parts.tone == "kind"
    for at in range(wanted - len(asked)):
        turn = at + t.draw("asking", 2)
        line = own() if kind else (own() or slot()) if turn % 2 == 0 else (slot() or own())
        if line:
            t.use("slot:question")
            asked.append(line)
    return asked


def _offer(t: Teller) -> str:
    band = t.manner.band("Initiative")
    likely = (0, 0, 0, 1, 2, 4, 6)[band]
    return t.line("offer") if t.draw("offer", 6) < likely else ""


def _stressed(t: Teller, lines: list[str], tone: str) -> list[str]:
    """Heat shows as exclamation marks, rarely and only at the top of its dial."""
    marks = {5: 1, 6: 2}.get(t.manner.band("Intensity"), 0) if tone in ("easy", "act") else 0
    for at in ([len(lines) - 1, 0] if len(lines) > 1 else [0])[:marks]:
        if at < len(lines) and re.search(r"[a-z]\.$", lines[at]):
            lines[at] = lines[at][:-1] + "!"
    return lines
