"""The sentences that make a reply this agent's: its slots and its strongest dials, heard in passing."""

from collections.abc import Sequence

from personalities.behaviour import strongest
from personalities.dials import DIALS
from personalities.voice import banks
from personalities.voice.teller import Teller

_EASY = {
    "opener": 4,
    "image": 3,
    "rhythm": 4,
    "humour": 2,
    "quirk": 3,
    "keepsake": 2,
    "craft": 1,
    "study": 1,
    "value": 1,
    "people": 1,
    "taboo": 1,
    "life": 2,
}
_KIND = {"comfort": 2, "care": 3, "keepsake": 1}
_FIRM = {"refusal": 4, "image": 2, "value": 2, "people": 1, "taboo": 1, "rhythm": 2}
_ACT = {"opener": 6, "rhythm": 1, "keepsake": 1, "quirk": 1}
_TONES = {"easy": _EASY, "kind": _KIND, "firm": _FIRM, "act": _ACT}
_KIND_DIALS = ("Warmth", "Tempo", "Candor")
_FIRM_DIALS = ("Directness", "Steadiness", "Candor", "Formality", "Rigor")
_LOW, _HIGH = 1, 5


def slot_lines(t: Teller, tone: str) -> list[tuple[str, Sequence[str]]]:
    """(source, lines) of the slots, in the order they should be tried for this reply."""
    weights = dict(_TONES[tone])
    if "humour" in weights:
        weights["humour"] = (0, 1, 2, 3, 4, 5, 6)[t.manner.band("Playfulness")]
    if "image" in weights:
        weights["image"] += (-2, -1, 0, 1, 2, 3, 3)[t.manner.band("Imagination")]
    if t.manner.band("Breadth") >= _HIGH and "study" in weights:
        weights["study"] += 2
    ticketed = [f"{source}#{copy}" for source, weight in weights.items() for copy in range(max(0, weight))]
    seen: dict[str, None] = {}
    for ticket in t.order("slots", ticketed):
        seen.setdefault(ticket.split("#")[0])
    return [(source, _lines(t, source)) for source in seen]


def dial_lines(t: Teller, tone: str) -> list[tuple[str, Sequence[str]]]:
    """(source, lines) of the dials that stand out today, in the order they should be tried."""
    allowed = {
        "easy": DIALS,
        "kind": _KIND_DIALS,
        "firm": _FIRM_DIALS,
        "act": ("Playfulness", "Tempo", "Formality", "Intensity"),
    }[tone]
    found = []
    for at in strongest(t.scene.dials):
        dial, band = DIALS[at], t.manner.bands[at]
        side = "low" if band <= _LOW else "high" if band >= _HIGH else ""
        if side and dial in allowed and not (tone == "kind" and side == "low" and dial == "Warmth"):
            found.append((f"dial:{dial}", banks.lines("manner", "dials", dial, side)))
    keys = t.order("dials", [source for source, _ in found[:7]])
    return sorted(found[:7], key=lambda item: keys.index(item[0]))


def question_lines(t: Teller) -> Sequence[str]:
    """Questions that suit any talk, in the agent's way of asking."""
    slot = t.canon.slot("question")
    return banks.lines("manner", "question", slot.label)


def farewell_lines(t: Teller) -> Sequence[str]:
    slot = t.canon.slot("farewell")
    return (*slot.say, *banks.lines("manner", "farewell", slot.label))


def tail(t: Teller, sentence: str) -> str:
    """A sentence of the tersest agents, with a touch of manner hung on its end."""
    lines = banks.lines("manner", "frames", "tail")
    if not sentence.endswith(".") or len(sentence) > 140:
        return sentence
    start = t.draw("tail", len(lines))
    for at in range(len(lines)):
        if (hung := t.maybe("tail", (f"{sentence[:-1]}; {lines[(start + at) % len(lines)]}.",))) != "":
            return hung
    return sentence


def _lines(t: Teller, source: str) -> Sequence[str]:
    slot = t.canon.slot(source)
    frames = banks.lines("manner", "frames", source)
    if source in ("opener", "humour", "quirk", "rhythm"):
        own = banks.lines("manner", source, slot.label)
        if source == "humour":
            own = (*own, *slot.say)
        if source == "opener":
            own = (*own, *(line for line in slot.say if _harmless(line)))
        return own or (
            *slot.say,
            *(line.replace("{label}", slot.label) for line in banks.lines("manner", "frames", "label") if slot.label),
        )
    if source in ("comfort", "refusal"):
        return slot.say
    if source == "care":
        return banks.lines("replies", "sad_more")
    if source == "taboo":
        return [frame.replace("{taboo}", line) for frame in frames for line in slot.lines]
    if source == "life":
        return [
            line
            for key in ("origin", "keepsake", "craft", "study", "value", "metaphor")
            for line in t.canon.slot(key).lines
        ] + [
            line
            for key in ("era", "element", "lesson", "lineage", "archetype", "ancestor")
            for line in t.canon.lines.get(key, ())
        ]
    return frames


def _harmless(line: str) -> bool:
    """Whether an opening says nothing that could be taken for the answer."""
    first = line.split()[0].strip(".,“”").lower()
    return first not in ("yes", "no", "the", "three", "one", "firm", "write", "stuck", "should", "just", "sit", "i")
