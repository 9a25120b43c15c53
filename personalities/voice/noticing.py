"""What a message tells about its writer, in plain statements: names, likes, people, pets, projects, dates, promises."""

import re
from collections.abc import Iterator, Mapping

from personalities.voice import banks
from personalities.voice.dates import find_day
from personalities.voice.reading import clean, quote, sentences
from personalities.voice.scene import Noticed

MAX_NOTICED = 12
_MAX_SENTENCES = 60
_MAX_SENTENCE = 400

_BOOK = banks.read("noticing")
_PART = re.compile("%([a-z]+)%")


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_PART.sub(lambda match: str(_BOOK["parts"][match[1]]), text), re.I)


_IS: Mapping[str, re.Pattern[str]] = {
    key: _pattern(text) for key, text in _BOOK["patterns"].items() if isinstance(text, str)
}
_FACTS = tuple(_pattern(text) for text in _BOOK["patterns"]["facts"])
_NAMES_TOO = frozenset(("rose", "april", "june", "may", "hope", "rain", "sunny", "pepper"))
"""Common words that are names as well."""


def noticed(text: str, day: str) -> list[Noticed]:
    """What `text` tells about its writer, in order, at most `MAX_NOTICED`. `day` (YYYY-MM-DD) is when it was said.
    Questions tell nothing; sentences that hold secrets are passed over. Time is linear in the text, of which 32,000
    characters are read."""
    found: list[Noticed] = []
    seen: set[tuple[str, str]] = set()
    for sentence in sentences(clean(text))[:_MAX_SENTENCES]:
        for item in _in_sentence(sentence[:_MAX_SENTENCE], day):
            key = (item.kind, item.text.casefold())
            if item.text and item.words and key not in seen:
                seen.add(key)
                found.append(item)
    strong = [item for item in found if item.kind != "topic"]
    told = {word for item in strong if item.kind in ("pet", "person") for word in item.text.casefold().split()}
    topics = [item for item in found if item.kind == "topic" and item.text.split()[-1] not in told]
    return (strong + topics[:2])[:MAX_NOTICED]


def asked_to_keep(text: str) -> str:
    """What follows “remember that …” in a message; empty when nothing does."""
    for sentence in sentences(clean(text))[:_MAX_SENTENCES]:
        if (found := _IS["remember"].match(sentence[:_MAX_SENTENCE])) and not _IS["secret"].search(found[1]):
            return quote(found[1])
    return ""


def _in_sentence(sentence: str, day: str) -> Iterator[Noticed]:
    kept = _IS["remember"].match(sentence)
    said = kept[1] if kept else sentence
    if _IS["secret"].search(said) or re.search(r"\bif i\b|\bi wish\b", said, re.I):
        return
    if not kept and (said.rstrip().endswith("?") or _IS["question"].match(said)):
        return
    words = quote(said)
    strong = False
    for kind, text, relation, when in _statements(said, day):
        strong = True
        yield Noticed(kind, text, words, day, when, relation)
    if kept and not strong:
        yield Noticed("fact", quote(said, 100), words, day)
    for match in _bounded(_IS["topic"].finditer(said), 2):
        topic = match[1].lower()
        topic = re.sub(r"['’]s$", "", topic)
        word = topic.split()[-1]
        if (
            re.search(r"\b(?:i|my|we|our)\b", said, re.I)
            and word not in banks.words("no_topic")
            and word not in banks.words("stop")
        ):
            yield Noticed("topic", topic, words, day)


def _statements(said: str, day: str) -> Iterator[tuple[str, str, str | None, str | None]]:
    """(kind, text, relation, ISO day) of each statement found."""
    if (match := _IS["name"].search(said) or _IS["i_am_name"].match(said)) and (name := _proper(match[1])):
        yield "name", name, None, None
    for pattern, alone, kind in (
        (_IS["pet_named"], _IS["pet_only"], "pet"),
        (_IS["kin_named"], _IS["kin_only"], "person"),
    ):
        named = [(m[1].lower(), _proper(m[2] or m[3])) for m in _bounded(pattern.finditer(said), 3)]
        named = [(relation, name) for relation, name in named if name]
        for relation, name in named:
            yield kind, f"{relation} {name}", relation, None
        if not named and (match := alone.search(said)):
            yield kind, match[1].lower(), match[1].lower(), None
    if match := _IS["favourite"].search(said):
        yield "like", _tidy(match[2]), None, None
    elif match := _IS["dislike"].search(said):
        yield "dislike", _tidy(match[1]), None, None
    elif (match := _IS["like"].search(said)) and not re.search(
        r"\b(?:would|['’]d) (?:really )?(?:like|love|prefer)", said, re.I
    ):
        yield "like", _tidy(match[2]), None, None
    if match := _IS["project"].search(said) or _IS["my_project"].search(said):
        yield "project", _tidy(match[1]), None, None
    when = find_day(said, day)
    promise = _IS["promise"].search(said)
    if promise and (
        when or "promise" in promise[0].lower() or "swear" in promise[0].lower() or _IS["deed"].match(promise[1])
    ):
        yield "promise", _tidy(promise[1]), None, when[1] if when else None
    elif when and re.search(r"\b(?:my|i|our|we|i['’]m|i['’]ve)\b", said, re.I):
        yield "date", _tidy(said.replace(when[0], ""), 100) or when[0], None, when[1]
    for pattern in _FACTS:
        if (match := pattern.search(said)) and not _IS["i_am_name"].match(said):
            yield "fact", _tidy(match[1]), None, None


def _bounded(matches: Iterator[re.Match[str]], most: int) -> Iterator[re.Match[str]]:
    for match, _ in zip(matches, range(most), strict=False):
        yield match


def _proper(name: str | None) -> str:
    plain = (name or "").strip("’'-")
    first = plain.split()[0].lower() if plain else ""
    if not plain or first in banks.words("not_a_name") or (first in banks.words("plain") and first not in _NAMES_TOO):
        return ""
    return plain[0].upper() + plain[1:]


def _tidy(text: str, limit: int = 80) -> str:
    """The thing itself, without what is tacked on."""
    plain = re.split(
        r" (?:because|but|although|though|so that|and (?:i|my|we|he|she|it|they))\b", quote(text, limit), maxsplit=1
    )[0]
    return re.sub(
        r"\s+(?:so much|very much|a lot|too|as well|more than anything|the most|the best|on|is on|is|at)$", "", plain
    ).strip(" ,:-")
