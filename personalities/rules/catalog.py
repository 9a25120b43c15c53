"""The writing rules, read from the TOML files beside this module. The same rules test phrase banks, instruct models and
judge what comes back.

A pattern is a regular expression over folded text (see scanning.py) without `*`, `+` or open repeats, so the time it
takes is bounded by the length of the text. Words in percent signs stand for lists:

    %words% %dials%        labels nobody wears; the names of the dials
    %labels% %eras%        from the pack: values of the signals in `labels`; of the signal `era`
    %unspoken%             from pack and personality: values named in Self-knowledge only
    %banned% %tradition%   from pack and personality: words its era cannot know; stock phrases of its tradition
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

Reach = Literal["prose", "everywhere"]
_FILES = ("narration.toml", "era.toml", "safety.toml")
_UNBOUNDED = re.compile(r"(?<!\\)[*+]|\{\d*,\}")
_LIST = re.compile(r"%([a-z]+)%")


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    title: str
    """What a text that breaks the rule does."""
    why: str
    instead: str
    """The same as an instruction to a writer."""
    reach: Reach
    """`prose` spares Self-knowledge, which must name its facts, and what visitors say in examples."""
    patterns: tuple[str, ...]
    whole: bool
    """Whether a match must begin and end at a word's edge."""
    lists: frozenset[str]
    """The lists its patterns refer to."""


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order they are reported."""
    return tuple(_rule(entry) for name in _FILES for entry in _read(name)["rule"])


@cache
def rule(rule_id: str) -> Rule:
    """Raises KeyError when there is no such rule."""
    return {each.id: each for each in rules()}[rule_id]


@cache
def label_words() -> tuple[str, ...]:
    return tuple(_bounded(word) for word in _read("words.toml")["words"])


@cache
def word_fields() -> Mapping[str, tuple[str, ...]]:
    """Per word field (such as `screens`), its words as patterns."""
    return _by_id("era.toml", "field", "words")


@cache
def traditions() -> Mapping[str, tuple[str, ...]]:
    """Per tradition, the stock phrases that those of it avoid, as patterns."""
    return _by_id("tradition.toml", "tradition", "patterns")


def _rule(entry: Mapping[str, Any]) -> Rule:
    patterns = tuple(_bounded(pattern) for pattern in entry["patterns"])
    return Rule(
        id=entry["id"],
        title=entry["title"],
        why=entry["why"],
        instead=entry["instead"],
        reach=entry["reach"],
        patterns=patterns,
        whole=entry.get("whole", True),
        lists=frozenset(name for pattern in patterns for name in _LIST.findall(pattern)),
    )


def _by_id(name: str, key: str, field: str) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({entry["id"]: tuple(map(_bounded, entry[field])) for entry in _read(name)[key]})


def _bounded(pattern: str) -> str:
    if _UNBOUNDED.search(pattern):
        raise ValueError(f"rule pattern {pattern!r} has an unbounded repeat; give it an upper limit")
    return pattern


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("personalities").joinpath("rules", name).read_text(encoding="utf-8"))
