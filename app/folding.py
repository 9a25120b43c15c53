"""The rolling summary of a scope: what older talk said of names, topics and promises, with dates. Pure, and no model:
every line of it is the holder's own words, picked by rules.

    older messages ─▶ noticed ─▶ merged into the digest ─▶ at most MAX_BYTES of text
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from app.remembering import Remembered, remembered, told
from personalities.voice import noticed

MAX_TOKENS: Final = 600
MAX_BYTES: Final = 3 * MAX_TOKENS
"""Of UTF-8. Tokenisers take about 4 bytes a token in English and about 3 in scripts of 3 bytes a letter."""
_SECTIONS: Final = (
    (("name",), "They are called"),
    (("promise",), "They promised"),
    (("date",), "Dates"),
    (("person", "pet"), "People and pets"),
    (("project",), "Projects"),
    (("fact",), "They said"),
    (("like",), "They like"),
    (("dislike",), "They dislike"),
    (("topic",), "They spoke of"),
)
"""Kinds and what is said of them; when there is no room, the last ones go first."""
_MAX_KIND: Final = 12
_MAX_GIST: Final = 100


@dataclass(frozen=True, slots=True)
class Said:
    """An older message."""

    role: str
    """user | assistant"""
    text: str
    day: str
    """YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What the summary is written from."""

    messages: int = 0
    first: str = ""
    last: str = ""
    facts: tuple[Remembered, ...] = ()

    def to_json(self) -> dict[str, Any]:
        facts = [
            [fact.kind, fact.text, fact.words, fact.day, fact.when, fact.relation, fact.importance]
            for fact in self.facts
        ]
        return {"messages": self.messages, "first": self.first, "last": self.last, "facts": facts}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Digest":
        facts = tuple(Remembered(0, *row) for row in data["facts"])
        return cls(data["messages"], data["first"], data["last"], facts)


def fold(digest: Digest, older: Iterable[Said]) -> Digest:
    """The digest after some more messages, oldest first. Of replies it only counts how many there were."""
    for said in older:
        digest = replace(
            digest,
            messages=digest.messages + 1,
            first=min(digest.first or said.day, said.day),
            last=max(digest.last, said.day),
        )
        if said.role == "user":
            for item in noticed(said.text, said.day):
                digest = replace(digest, facts=_with(digest.facts, remembered(item)))
    return digest


def written(digest: Digest) -> str:
    """The summary: a line a section, at most MAX_BYTES; empty before anything was folded."""
    if not digest.messages:
        return ""
    span = digest.first if digest.first == digest.last else f"{digest.first} to {digest.last}"
    text = f"{digest.messages} earlier messages, {span}."
    for kinds, heading in _SECTIONS:
        line = ""
        for fact in sorted(digest.facts, key=lambda each: (each.importance, each.day), reverse=True):
            if fact.kind not in kinds:
                continue
            longer = f"{line}; {_gist(fact)}" if line else f"\n{heading}: {_gist(fact)}"
            if len((text + longer).encode()) >= MAX_BYTES:
                break
            line = longer
        text += f"{line}." if line else ""
    return text


def _with(facts: tuple[Remembered, ...], new: Remembered) -> tuple[Remembered, ...]:
    """The facts after a new one: what it repeats is said again, what it contradicts is gone, and each kind keeps its
    _MAX_KIND most repeated and newest."""
    change = told(facts, new)
    gone = [change.instead_of, *change.ended]
    before = [fact for fact in facts if not any(fact is each for each in gone)]
    now = change.now
    kept = [*before, now]
    alike = sorted((fact for fact in kept if fact.kind == now.kind), key=lambda each: (each.importance, each.day))
    least = alike[: max(0, len(alike) - _MAX_KIND)]
    return tuple(fact for fact in kept if not any(fact is each for each in least))


def _gist(fact: Remembered) -> str:
    about = f", for {fact.when}" if fact.when else ""
    said = fact.text.strip(" .;")[:_MAX_GIST]
    return f"{said} ({fact.day}{about})"
