"""What today's dials make of a reply: how long, how many questions, which words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from personalities.dials import DIALS, band, band_word
from personalities.voice import banks

_SENTENCES = (1, 2, 3, 4, 5, 7, 9)
"""Statements in a reply, by band of Verbosity; questions come on top."""
_NOT_AFTER = r"(?<!what )(?<!who )(?<!how )(?<!where )(?<!than )(?<!as )(?<!What )"
_CONTRACTIONS = tuple(
    (re.compile(rf"\b{_NOT_AFTER}{full}(?= [\w“])"), short)
    for full, short in banks.read("manner")["contractions"].items()
)
_CLIPPED = (
    (re.compile(r"^I am (?=[a-zA-Z{])"), ""),
    (re.compile(r"^I (?=(?:have|will|would|hear|keep|hold|know|take|say|put|stand|mean|see|think|wish|come)\b)"), ""),
    (re.compile(r"^(?:It|That|There|This) (?:is|was) "), ""),
    (re.compile(r"^(?:My name is|You are talking with) "), ""),
    (re.compile(r"^(?:The|A|An) (?=[a-z])"), ""),
)  # fmt: skip
_STACK = re.compile(r"(?:; | — |, and (?=I |it |you |that )|, but )([a-z“{I])")


@dataclass(frozen=True, slots=True)
class Manner:
    """How the agent speaks today."""

    bands: tuple[int, ...]
    rhythm: str
    """Label of the rhythm slot."""

    @classmethod
    def of(cls, dials: Sequence[int], rhythm: str) -> "Manner":
        return cls(tuple(band(value) for value in dials), rhythm)

    def band(self, dial: str) -> int:
        return self.bands[DIALS.index(dial)]

    def word(self, dial: str) -> str:
        return band_word(DIALS.index(dial), self.band(dial))

    @property
    def statements(self) -> int:
        return _SENTENCES[self.band("Verbosity")]

    def questions(self, draw: int) -> int:
        """How many questions to ask; `draw` decides where the dial leaves it open."""
        asked = (0, 0, draw % 3 == 0, draw % 2 == 0, 1, 1 + draw % 2, 2 + draw % 2)[self.band("Curiosity")]
        return min(int(asked), 1 + self.statements // 2)

    def wear(self, line: str) -> str:
        """The line, a template, as this agent would word it."""
        return _worn(line, self.band("Formality") <= 2, self.rhythm)


@lru_cache(maxsize=16_384)
def _worn(line: str, easy: bool, rhythm: str) -> str:
    if easy:
        for pattern, short in _CONTRACTIONS:
            line = pattern.sub(short, line)
    if rhythm == "clipped at the edges" and len(line) > 24:
        line = _clipped(line)
    if rhythm == "short and stacked" and "“" not in line:
        line = _STACK.sub(lambda match: ". " + match[1].upper(), line)
    return line


def _clipped(line: str) -> str:
    for pattern, short in _CLIPPED:
        cut = pattern.sub(short, line)
        if cut != line:
            return "{^" + cut[1:] if cut.startswith("{") and not cut.startswith("{^") else cut[0].upper() + cut[1:]
    return line
