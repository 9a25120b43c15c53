"""Finds what a text does that the rules forbid, in time bounded by its length."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from personalities.birth import Personality
from personalities.dials import DIALS
from personalities.pack import Pack
from personalities.rules import catalog

MAX_VIOLATIONS = 100
SELF_KNOWLEDGE = "Self-knowledge"

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff]"
)
_MARKS = re.compile("[\u0300-\u036f]")
_EMPHASIS = re.compile(r"[*_`~]")
_QUOTES = str.maketrans("’‘‛′“”„‟″", "'''" + "'" + '"""""')
_HEADING = re.compile(r"#{1,2} (.{1,200})")
_STARTS = ("- ", "> ", "#")


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    """Id of the rule, such as AN-6."""
    found: str
    """The words that broke it, folded, at most 80 characters."""
    where: str
    """Heading of the section, or `text` where there are none."""


@dataclass(frozen=True, slots=True)
class _Passage:
    where: str
    spared: bool
    """Whether only rules that reach everywhere apply."""
    text: str


def violations(text: str, pack: Pack | None = None, personality: Personality | None = None) -> list[Violation]:
    """Everything in `text` that breaks a rule, in reading order, at most `MAX_VIOLATIONS`.

    `text` is a BEAUVOIR.md or any other text, from anywhere. With `pack`, its labels count as labels; with
    `personality` too, so do its era and tradition. Time is linear in the text, a few seconds for the worst megabyte.
    """
    patterns = _patterns(pack, personality)
    found: list[Violation] = []
    for passage in _passages(text):
        hits = [
            (match.start(), Violation(rule.id, match.group()[:80], passage.where))
            for rule, pattern in patterns
            if rule.reach == "everywhere" or not passage.spared
            for match in _bounded(pattern.finditer(passage.text))
        ]
        found += [hit for _, hit in sorted(hits, key=lambda each: each[0])]
        if len(found) >= MAX_VIOLATIONS:
            return found[:MAX_VIOLATIONS]
    return found


def fold(text: str) -> str:
    """The form patterns are written for: one case, straight quotes, one kind of space, no invisible characters, no
    accents, no emphasis marks, no full-width or styled letters."""
    text = _MARKS.sub("", unicodedata.normalize("NFKD", _INVISIBLE.sub("", text)))
    return " ".join(_EMPHASIS.sub("", text.translate(_QUOTES)).casefold().split())


def _passages(text: str) -> Iterator[_Passage]:
    """Paragraphs, list items and quotes, each folded, so that a line break hides nothing."""
    where, lines = "text", list[str]()

    def passage() -> _Passage:
        raw = "\n".join(lines)
        return _Passage(where, where == SELF_KNOWLEDGE or raw.startswith(">"), fold(raw))

    for line in text.splitlines():
        if lines and (not line.strip() or line.startswith(_STARTS)):
            yield passage()
            lines = []
        if heading := _HEADING.fullmatch(line):
            where = heading[1] if line.startswith("## ") else "text"
        if line.strip():
            lines.append(line)
    if lines:
        yield passage()


def _bounded(matches: Iterator[re.Match[str]]) -> Iterator[re.Match[str]]:
    for match, _ in zip(matches, range(MAX_VIOLATIONS), strict=False):
        yield match


def _patterns(pack: Pack | None, personality: Personality | None) -> list[tuple[catalog.Rule, re.Pattern[str]]]:
    lists = _lists(pack, personality)
    return [
        (rule, _compiled(rule.id, tuple((name, lists.get(name, ())) for name in sorted(rule.lists))))
        for rule in catalog.rules()
    ]


def _lists(pack: Pack | None, personality: Personality | None) -> Mapping[str, tuple[str, ...]]:
    lists = {"words": catalog.label_words(), "dials": tuple(dial.lower() for dial in DIALS)}
    if pack is None:
        return lists
    scope = pack.scope
    signals = {signal.id: signal for signal in pack.signals}
    labels = {key: _folded(tuple(option.label for option in signal.options)) for key, signal in signals.items()}
    lists["labels"] = tuple(label for key in scope.labels for label in labels[key])
    lists["unspoken"] = tuple(label for key in scope.unspoken for label in labels[key])
    lists["eras"] = labels.get(scope.era, ())
    if personality is not None:
        own = {key: str(personality.signal(signal.title)) for key, signal in signals.items()}
        lists["unspoken"] = _folded(tuple(own[key] for key in scope.unspoken))
        lists["banned"] = _joined(scope.banned.get(own.get(scope.era, ""), ()), catalog.word_fields())
        lists["tradition"] = _joined(scope.traditions.get(own.get(scope.tradition, ""), ()), catalog.traditions())
    return lists


@lru_cache(maxsize=1024)
def _folded(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Labels as patterns; an id such as `greek_philosopher` is met as words too."""
    return tuple(re.escape(fold(label.replace("_", " "))) for label in labels)


def _joined(keys: Iterable[str], table: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(pattern for key in keys for pattern in table[key])


@lru_cache(maxsize=1024)
def _compiled(rule_id: str, lists: tuple[tuple[str, tuple[str, ...]], ...]) -> re.Pattern[str]:
    rule = catalog.rule(rule_id)
    pattern = "|".join(rule.patterns)
    for name, words in lists:
        pattern = pattern.replace(f"%{name}%", f"(?:{'|'.join(words)})" if words else "(?!)")
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)" if rule.whole else pattern)
