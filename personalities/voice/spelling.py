"""Forgives typing errors: a word one slip away from a known one is read as that one."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from personalities.voice import banks

MIN_LENGTH = 4
MAX_LENGTH = 18


class Speller:
    """Knows a vocabulary. A slip is a letter missing, added, changed or swapped with the next."""

    def __init__(self, vocabulary: Iterable[str], plain: Iterable[str]) -> None:
        """`vocabulary` is what slips are read as; `plain` are other words of the language, never changed."""
        self._known = {word for word in vocabulary if word.isalpha()}
        self._plain = frozenset(plain)
        self._near: dict[str, list[str]] = {}
        for word in sorted(self._known):
            if MIN_LENGTH <= len(word) <= MAX_LENGTH:
                for part in _deletions(word):
                    self._near.setdefault(part, []).append(word)

    def correct(self, words: Sequence[str]) -> list[str]:
        return [self.word(word) for word in words]

    def word(self, word: str) -> str:
        if len(word) < MIN_LENGTH or len(word) > MAX_LENGTH or not word.isalpha():
            return word
        if word in self._known or word in self._plain or self._inflected(word):
            return word
        best = ""
        for part in _deletions(word):
            for known in self._near.get(part, ()):
                if one_slip(word, known) and (not best or _closeness(word, known) > _closeness(word, best)):
                    best = known
        return best or word

    def _inflected(self, word: str) -> bool:
        stems = [word[:-1]] if word.endswith("s") else []
        stems += [word[:-2], word[:-1]] if word.endswith("ed") else []
        stems += [word[:-3], word[:-3] + "e"] if word.endswith("ing") else []
        return any(stem in self._plain or stem in self._known for stem in stems)


def one_slip(word: str, other: str) -> bool:
    """Whether the two differ by at most one missing, added, changed or swapped letter."""
    if word == other:
        return True
    if abs(len(word) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    a, b = word[start:], other[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (len(a) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:])


def _deletions(word: str) -> set[str]:
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def _closeness(word: str, known: str) -> tuple[int, int, int, str]:
    """Swaps before anything else, then the same first letter and the same letters."""
    swapped = len(word) == len(known) and sorted(word) == sorted(known)
    return (swapped, word[0] == known[0], sum(a == b for a, b in zip(word, known, strict=False)), known)


@lru_cache(maxsize=1)
def speller() -> Speller:
    """The speller of everything the voice listens for."""
    from personalities.voice.intents import vocabulary

    return Speller(vocabulary(), banks.words("plain"))
