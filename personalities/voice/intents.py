"""What a message wants: an integer-scored scan for known turns of phrase.

A pattern is a row of words: `a|b` is either, `word?` may be missing, `*` is up to three words, `^` and `$` are the
start and end of a clause (`$` may stand among alternatives). Each hit scores its group's weight; the best of an intent
counts in full, further hits a little. Before anything is matched, slips of the pen are forgiven.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from personalities.voice import banks

MAX_TOKENS = 600
"""Words of a message that are looked at for most intents; danger and attacks are looked for in all of them."""
WHOLE = frozenset({"crisis", "injection", "seed"})
THRESHOLD = 3


@dataclass(frozen=True, slots=True)
class Pattern:
    intent: str
    weight: int
    needs: tuple[frozenset[str], ...]
    """Words that must be there: one of each set."""
    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Heard:
    """The intents found, best first, with their scores."""

    ranking: tuple[tuple[str, int], ...]

    @property
    def intent(self) -> str:
        return self.ranking[0][0] if self.ranking and self.ranking[0][1] >= THRESHOLD else "unknown"

    def score(self, intent: str) -> int:
        return dict(self.ranking).get(intent, 0)


@cache
def order() -> tuple[str, ...]:
    """All intents, those that win a tie first."""
    return tuple(banks.read("intents"))


@cache
def patterns() -> tuple[Pattern, ...]:
    return tuple(_patterns())


@cache
def _by_word() -> dict[str, list[int]]:
    """Per word, the places of the patterns that need it first; under the empty word, those that need none."""
    index: dict[str, list[int]] = {}
    for at, pattern in enumerate(patterns()):
        for word in pattern.needs[0] if pattern.needs else ("",):
            index.setdefault(word, []).append(at)
    return index


@cache
def vocabulary() -> frozenset[str]:
    """Every word that a pattern looks for."""
    return frozenset(
        word
        for groups in banks.read("intents").values()
        for lines in groups.values()
        for line in lines
        for token in line.split()
        for word in token.replace("?", "").split("|")
        if word.isalpha()
    ) | banks.words("topics")


def hear(words: Sequence[str]) -> Heard:
    """The intents in a message, given as tokens (see `reading.tokens`) with slips already forgiven."""
    near = list(words[:MAX_TOKENS])
    head, whole = _joined(near), _joined(words) if len(words) > MAX_TOKENS else ""
    present = set(words)
    scores: dict[str, int] = {}
    extra: dict[str, int] = {}
    index = _by_word()
    due = sorted({at for word in present | {""} for at in index.get(word, ())})
    for pattern in map(patterns().__getitem__, due):
        if any(present.isdisjoint(need) for need in pattern.needs[1:]):
            continue
        text = whole if whole and pattern.intent in WHOLE else head
        if pattern.regex.search(text):
            best = scores.get(pattern.intent, 0)
            extra[pattern.intent] = extra.get(pattern.intent, -1) + 1
            scores[pattern.intent] = max(best, pattern.weight)
    rank = {intent: at for at, intent in enumerate(order())}
    found = [(intent, 4 * score + min(3, extra[intent])) for intent, score in scores.items()]
    found.sort(key=lambda item: (-item[1], rank[item[0]]))
    return Heard(tuple((intent, score // 4) for intent, score in found))


def _joined(words: Sequence[str]) -> str:
    return " . " + " ".join(words) + " . "


def _patterns() -> Iterator[Pattern]:
    for intent, groups in banks.read("intents").items():
        for group, lines in groups.items():
            weight = int(group.removeprefix("w"))
            for line in lines:
                yield _pattern(intent, weight, line)


def _pattern(intent: str, weight: int, line: str) -> Pattern:
    needs: list[frozenset[str]] = []
    parts: list[str] = []
    for piece in line.split():
        if piece == "^" or piece == "$":
            parts.append(r"\. ")
        elif piece == "*":
            parts.append(r"(?:\w+ ){0,3}")
        else:
            optional = "?" in piece
            words = piece.replace("?", "").split("|")
            if not all(word.isalnum() or word == "$" for word in words):
                raise ValueError(f"intents.toml: {intent}: {line!r} holds something that is not a word")
            choice = "|".join(word.replace("$", r"\.") for word in words)
            parts.append(f"(?:(?:{choice}) )?" if optional else f"(?:{choice}) ")
            if not optional and "$" not in words:
                needs.append(frozenset(words))
    needs.sort(key=lambda words: (len(words & banks.words("stop")), len(words)))
    return Pattern(intent, weight, tuple(needs), re.compile(" " + "".join(parts)))
