"""What is worth remembering of what somebody told, and which of it to bring up. Pure; integers only.

    score = relevance (0–2000) + recency (0–1000) + importance (0–1000) + due (0 or 500)

relevance: which share of the query's words the fact has, each weighted by how rare it is inside the scope.
recency: half for every 30 days since it was last said, straight lines in between.
due: the fact is about a day close to today.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from personalities.voice import Noticed

MAX_FACTS: Final = 200
"""Facts kept in one scope."""
MAX_TEXT: Final = 120
MAX_WORDS: Final = 400
"""Characters."""
HALF_LIFE_DAYS: Final = 30
MAX_IMPORTANCE: Final = 10
IMPORTANCE: Final[Mapping[str, int]] = {
    **{"name": 10, "promise": 9, "person": 8, "pet": 8, "date": 8, "project": 7},
    **{"like": 6, "dislike": 6, "fact": 5, "topic": 2},
}
"""By kind; anything else is a fact. Every repetition adds one, up to MAX_IMPORTANCE."""

_QUERY_CHARACTERS: Final = 4_000
_QUERY_WORDS: Final = 200
_DUE_BEFORE, _DUE_AFTER = 3, 1
_WORD: Final = re.compile(r"\w+")
_FAVOURITE: Final = re.compile(r"\bfavou?rite (\w+)")
_SPACELESS: Final = 0x2E80
"""From here on, scripts that put no spaces between words; those below it that do the same are few."""
_COMMON: Final = """
a about am an and any are as at be been but by can could did do does for from get got had has have he her him
his how i if in into is it its just me my no not now of on or our she so some than that the their them then
there they this to us was we were what when where which who will with would you your
"""
_STOP: Final = frozenset(_COMMON.split())


@dataclass(frozen=True, slots=True)
class Remembered:
    """Something the holder told. All texts are theirs: data, never instructions."""

    id: int
    """0 while it is not stored."""
    kind: str
    text: str
    """The gist: the name, the thing liked, `dog Rex`, …"""
    words: str
    """Their own words, one sentence."""
    day: str
    """Day it was last said, YYYY-MM-DD."""
    when: str | None = None
    """Day it is about."""
    relation: str | None = None
    importance: int = 5
    ended: str | None = None
    """Day from which something newer holds instead."""
    used_at: int | None = None
    """When it was last part of a prompt, unix seconds."""


def remembered(item: Noticed) -> Remembered:
    """An item as it is kept: bounded, on one line, without control characters."""
    kind = item.kind if item.kind in IMPORTANCE else "fact"
    return Remembered(
        id=0,
        kind=kind,
        text=_line(item.text, MAX_TEXT),
        words=_line(item.words, MAX_WORDS),
        day=_line(item.day, 10),
        when=_line(item.when, 10) if item.when else None,
        relation=_line(item.relation, 40) if item.relation else None,
        importance=IMPORTANCE[kind],
    )


# --- what a new fact does to the known ones --------------------------------------------------------------------------


class Change(NamedTuple):
    """What telling something changes."""

    now: Remembered
    """It, with id 0; or the known fact that says the same, said again."""
    instead_of: Remembered | None
    """That known fact, as it was."""
    ended: list[Remembered]
    """Known facts that hold no more, as they were."""


def told(known: Sequence[Remembered], new: Remembered) -> Change:
    """What changes when `new` is told: the newest word holds."""
    same = next((fact for fact in known if fact.ended is None and _same(fact, new)), None)
    over = [fact for fact in known if fact is not same and fact.ended is None and _contradicts(new, fact)]
    if same is None:
        return Change(new, None, over)
    fuller = new if len(new.text) >= len(same.text) else same
    again = replace(
        same,
        text=fuller.text,
        words=new.words,
        day=max(same.day, new.day),
        when=new.when or same.when,
        relation=new.relation or same.relation,
        importance=min(MAX_IMPORTANCE, same.importance + 1),
    )
    return Change(again, same, over)


def surplus(facts: Sequence[Remembered]) -> list[Remembered]:
    """Those that go when there are more than MAX_FACTS: first what no longer holds, then the least important, then the
    longest unsaid, then the longest unused."""
    by_worth = sorted(
        facts, key=lambda fact: (fact.ended is None, fact.importance, fact.day, fact.used_at or 0, fact.id)
    )
    return by_worth[: max(0, len(facts) - MAX_FACTS)]


def _same(old: Remembered, new: Remembered) -> bool:
    if old.kind != new.kind:
        return False
    if _plain(old.text) == _plain(new.text):
        return True
    # “my dog” and later “my dog Rex”, or the other way round: one of them names no one.
    return old.kind in ("pet", "person") and old.relation == new.relation and old.relation in (old.text, new.text)


def _contradicts(new: Remembered, old: Remembered) -> bool:
    """Whether both cannot hold."""
    if new.kind == "name" and old.kind == "name":
        return True
    if {new.kind, old.kind} == {"like", "dislike"}:
        return _plain(new.text) == _plain(old.text)
    if new.kind == old.kind == "like":
        favourites = _FAVOURITE.search(new.words.casefold()), _FAVOURITE.search(old.words.casefold())
        return None not in favourites and len({match[1] for match in favourites if match}) == 1
    if new.kind == old.kind == "fact":
        return _place(new.text) is not None and _place(new.text) == _place(old.text)
    return False


def _place(text: str) -> str | None:
    """What a person has one of at a time: where they live, what they work as."""
    match = re.match(r"(?:i )?(live in|work (?:as|for|at)|study at)\b", _plain(text))
    return match[1] if match else None


# --- which to bring up -----------------------------------------------------------------------------------------------


def ranked(facts: Iterable[Remembered], query: str, today: str, limit: int) -> list[Remembered]:
    """The `limit` facts that still hold and score highest, best first. `today` is YYYY-MM-DD."""
    holding = [fact for fact in facts if fact.ended is None]
    words = [tokens(fact.words if fact.text in fact.words else f"{fact.text} {fact.words}") for fact in holding]
    wanted = set(tokens(query))
    weights = {}
    for word in wanted:
        holders = sum(word in has for has in words)
        if holders:
            weights[word] = (16 * len(holding) // holders).bit_length()
    total = sum(weights.values())

    def score(fact: Remembered, has: frozenset[str]) -> int:
        hit = sum(weight for word, weight in weights.items() if word in has)
        relevance = 2000 * hit // total if total else 0
        return relevance + recency(fact.day, today) + 100 * fact.importance + _due(fact.when, today)

    scored = [(-score(fact, has), -fact.id, fact) for fact, has in zip(holding, words, strict=True)]
    return [fact for _, _, fact in sorted(scored, key=lambda each: each[:2])[: max(0, limit)]]


def recency(day: str, today: str) -> int:
    """1000 today, 500 after HALF_LIFE_DAYS, 250 after twice that."""
    age = max(0, _between(day, today) or 0)
    halvings, rest = divmod(age, HALF_LIFE_DAYS)
    return (1000 * (2 * HALF_LIFE_DAYS - rest) // (2 * HALF_LIFE_DAYS)) >> min(halvings, 20)


def _due(when: str | None, today: str) -> int:
    ahead = _between(today, when) if when else None
    return 500 if ahead is not None and -_DUE_AFTER <= ahead <= _DUE_BEFORE else 0


def _between(first: str, last: str) -> int | None:
    """Days from one day to the other; None when either is none."""
    try:
        return (date.fromisoformat(last) - date.fromisoformat(first)).days
    except ValueError:
        return None


def tokens(text: str) -> frozenset[str]:
    """The words that count, each cut to its stem; scripts without spaces give pairs of letters. Bounded."""
    found: set[str] = set()
    for word in _WORD.findall(_folded(text[:_QUERY_CHARACTERS])):
        if not word.isascii() and any(ord(letter) >= _SPACELESS for letter in word):
            found.update(word[at : at + 2] for at in range(max(1, min(len(word), 64) - 1)))
        elif word not in _STOP:
            found.add(stem(word[:40]))
        if len(found) >= _QUERY_WORDS:
            break
    return frozenset(found)


@lru_cache(maxsize=4_096)  # of words alone, which tell nothing of who said them
def stem(word: str) -> str:
    """Without the commonest English endings: `baking`, `bakes` and `bake` become `bak`."""
    for ending, least, instead in (("ies", 5, "y"), ("ing", 6, ""), ("ed", 5, ""), ("s", 4, ""), ("e", 4, "")):
        if word.endswith(ending) and len(word) >= least and not (ending == "s" and word.endswith(("ss", "us", "is"))):
            word = word[: -len(ending)] + instead
            if ending in ("ing", "ed") and len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            return word[:-1] if ending == "s" and len(word) >= 4 and word.endswith("e") else word
    return word


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(_folded(text)))


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def _line(text: str, limit: int) -> str:
    """One line of at most `limit` characters; what is not a letter, mark, number, sign or space goes."""
    kept = (letter if unicodedata.category(letter)[0] != "C" else " " for letter in text[: 4 * limit])
    return " ".join("".join(kept).split())[:limit]
