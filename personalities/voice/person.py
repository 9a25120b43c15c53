"""Turns what a pack says to an agent (“You keep your string”) into what the agent says (“I keep my string”)."""

import re

from personalities.voice import banks

_YOU = re.compile(r"\b([Yy]ou|YOU)(?:(’re|’ve|’ll|’d)| (are|were))?\b(?=(\W*)(\w*))")
_QUOTED = re.compile(r"(“[^”]*”)")
_OTHERS = re.compile(r"\b([Yy])(ours|ourself|our)\b")
_FORMS = {"ours": "mine", "ourself": "myself", "our": "my"}
_BEFORE_OBJECT = banks.words("before_you")
_SUBJECT_NEXT = frozenset(
    [
        "are",
        "were",
        "have",
        "had",
        "do",
        "did",
        "can",
        "could",
        "will",
        "would",
        "should",
        "may",
        "might",
        "must",
        "know",
        "keep",
    ]
)
_EITHER = frozenset(["before", "after", "than", "as"])


def first_person(line: str) -> str:
    """The line with `you` and its kin as `I`, `me`, `my` and `mine`."""
    return "".join(part if part.startswith("“") else _turned(part) for part in _QUOTED.split(line))


def _turned(part: str) -> str:
    part = part.replace("the two of you", "the two of us").replace("so do you", "so do I")
    return _OTHERS.sub(_possessive, _YOU.sub(lambda match: _pronoun(match, part), part))


def _pronoun(match: re.Match[str], line: str) -> str:
    contraction, verb, gap, following = match[2], match[3], match[4], match[5]
    if contraction:
        return {"’re": "I am", "’ve": "I have", "’ll": "I will", "’d": "I would"}[contraction]
    if verb:
        return "I am" if verb == "are" else "I was"
    before = re.findall(r"[\w’]+(?= $)", line[: match.start()][-30:])
    previous = before[-1].lower() if before else ""
    joined = line[: match.start()].endswith(" ")
    ends = not following or any(mark in gap for mark in ".,;:!?”)")
    if not joined:
        return "I"
    if previous in _EITHER:
        return "me" if ends else "I"
    if ends and line[: match.start()].rstrip()[-1:] not in ",;:.“(":
        return "me"
    if previous in _BEFORE_OBJECT and following not in _SUBJECT_NEXT:
        return "me"
    return "I"


def _possessive(match: re.Match[str]) -> str:
    word = _FORMS[match[2]]
    return word.capitalize() if match[1] == "Y" else word
