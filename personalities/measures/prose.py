"""How documents read: ease, length of sentences, vocabulary, and how well they compress.

Reading ease is Flesch's formula for English in integer tenths; syllables are counted by rule, without a dictionary.
"""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isqrt
from statistics import median

_MARKUP = re.compile(r"^(?:#.*|- Dials:.*|- [^:\n]{1,40}: .*)$|^(?:[->] |\*\*[^*\n]*\*\* )", re.MULTILINE)
_SENTENCE = re.compile(r"[^.!?\n]*[A-Za-z][^.!?\n]*")
_WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^aeiouyl]e|[^aeiouytd]ed|[^aeiouyscxzgh]es)$")


@dataclass(frozen=True, slots=True)
class Prose:
    """Per document, in the documents' order, unless it says otherwise."""

    ease: tuple[int, ...]
    """Flesch reading ease in tenths: 600 to 800 is plain English, above 900 very easy."""
    sentence: tuple[int, ...]
    """Words per sentence, in tenths."""
    spread: tuple[int, ...]
    """Standard deviation of the words per sentence, in tenths: how uneven the rhythm is."""
    words: tuple[int, ...]
    vocabulary: tuple[int, ...]
    """Different words."""
    compression: tuple[int, ...]
    """Compressed bytes of a hundred bytes, each document alone."""
    whole_vocabulary: int
    """Different words of all documents."""
    whole_compression: int
    """Compressed bytes of a thousand bytes, all documents in one stream."""


def prose(documents: Sequence[str], tick: Callable[[int], None] = lambda _: None) -> Prose:
    """Measure documents of one word or more each. `tick` is told how many are done."""
    rows = []
    whole: set[str] = set()
    stream = zlib.compressobj(6)
    before = after = 0
    syllables = _Syllables()
    for at, document in enumerate(documents):
        encoded = document.encode()
        before += len(encoded)
        after += len(stream.compress(encoded))
        sentences = [_WORD.findall(sentence) for sentence in _SENTENCE.findall(plain(document))]
        lengths = [len(words) for words in sentences if words]
        words = [word.lower() for word in chain.from_iterable(sentences)]
        own = set(words)
        whole |= own
        count, beats = max(1, len(words)), sum(map(syllables.__getitem__, words))
        turns = max(1, len(lengths))
        mean_square = sum(length * length for length in lengths) * turns - sum(lengths) ** 2
        rows.append(
            (
                (206_835 - 1015 * count // turns - 84_600 * beats // count) // 100,
                10 * count // turns,
                isqrt(100 * mean_square) // turns,
                len(words),
                len(own),
                100 * len(zlib.compress(encoded, 6)) // max(1, len(encoded)),
            )
        )
        tick(at + 1)
    after += len(stream.flush())
    ease, sentence, spread, lengths_of, vocabulary, compression = zip(*rows, strict=True) if rows else [()] * 6
    return Prose(
        ease, sentence, spread, lengths_of, vocabulary, compression, len(whole), 1000 * after // max(1, before)
    )


def plain(document: str) -> str:
    """The document's sentences without headings, marks and lists of facts."""
    return _MARKUP.sub("", document)


def syllables(word: str) -> int:
    """Syllables of an English word in lower case, by rule: groups of vowels, without a silent ending."""
    groups = len(_VOWELS.findall(word))
    if groups > 1 and _SILENT.search(word):
        groups -= 1
    return max(1, groups)


class _Syllables(dict[str, int]):
    """Each word counted once."""

    def __missing__(self, word: str) -> int:
        self[word] = syllables(word)
        return self[word]


def middle(values: Sequence[int]) -> float:
    """The median, 0 of nothing."""
    return float(median(values)) if values else 0.0
