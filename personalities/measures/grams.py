"""Word 5-grams of a collection's documents: an index from each to the documents that hold it, without hashing, so all
counts are exact.

Words are runs of letters and digits with inner hyphens and apostrophes, in lower case. Five words in a row get one
number by pairing twice: (1, 2) and (3, 4), then both pairs, then the fifth.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

SIZE = 5
"""Words in a gram."""
_WORD = re.compile(r"\w+(?:[’'-]\w+)*")


@dataclass(frozen=True, slots=True)
class Grams:
    """All arrays are flat. Document d holds the occurrences `place[d]` to `place[d + 1]`, in reading order, and the
    different grams `held[inside[d] : inside[d + 1]]`, sorted; gram g is held by the documents
    `owners[posted[g] : posted[g + 1]]`, sorted."""

    documents: int
    count: int
    """How many different grams there are."""
    place: Longs
    gram: Ints
    """The gram of each occurrence."""
    start: Ints
    end: Ints
    """Characters of its document that the occurrence covers."""
    inside: Longs
    held: Ints
    posted: Longs
    owners: Ints

    @classmethod
    def of(cls, documents: Sequence[str], tick: Callable[[int], None] = lambda _: None) -> "Grams":
        """Index the documents. `tick` is told how many have been read."""
        known: dict[str, int] = {}
        words, starts, ends = [], [], []
        for at, text in enumerate(documents):
            spans = [match.span() for match in _WORD.finditer(text)]
            lower = text.lower() if len(text.lower()) == len(text) else text
            words.append(np.array([known.setdefault(lower[a:b], len(known)) for a, b in spans], dtype=np.int32))
            borders = np.array(spans, dtype=np.int32).reshape(-1, 2)
            starts.append(borders[: max(0, len(spans) - SIZE + 1), 0].copy())
            ends.append(borders[SIZE - 1 :, 1].copy())
            tick(at + 1)
        place = _offsets([len(each) for each in starts])
        gram, count = _number(words)
        owner = np.repeat(np.arange(len(documents), dtype=np.int64), np.diff(place))
        pairs = np.unique(owner * max(1, count) + gram)
        del owner
        held_by = (pairs // max(1, count)).astype(np.int32)
        held = (pairs % max(1, count)).astype(np.int32)
        del pairs
        return cls(
            documents=len(documents),
            count=count,
            place=place,
            gram=gram,
            start=_joined(starts),
            end=_joined(ends),
            inside=_offsets(np.bincount(held_by, minlength=len(documents))),
            held=held,
            posted=_offsets(np.bincount(held, minlength=count)),
            owners=held_by[np.argsort(held, kind="stable")],
        )

    @property
    def spread(self) -> Longs:
        """In how many documents each gram occurs."""
        return np.diff(self.posted)

    def of_document(self, document: int) -> Ints:
        """The different grams of a document, sorted."""
        return self.held[self.inside[document] : self.inside[document + 1]]


def boilerplate(documents: Sequence[str], grams: Grams, percent: int = 5) -> Longs:
    """Per document, its bytes (UTF-8) and those of them inside grams that occur in more than `percent` of a hundred
    documents: an array of shape (documents, 2)."""
    common = grams.spread * 100 > percent * grams.documents
    result = np.zeros((grams.documents, 2), dtype=np.int64)
    for at, text in enumerate(documents):
        encoded = np.frombuffer(text.encode(), dtype=np.uint8)
        result[at, 0] = len(encoded)
        first, last = grams.place[at], grams.place[at + 1]
        chosen = common[grams.gram[first:last]]
        edges = np.zeros(len(text) + 1, dtype=np.int32)
        np.add.at(edges, grams.start[first:last][chosen], 1)
        np.add.at(edges, grams.end[first:last][chosen], -1)
        covered = np.cumsum(edges[:-1]) > 0
        # A byte that does not continue a character begins the next one.
        sizes = np.diff(np.flatnonzero((encoded & 0xC0) != 0x80), append=len(encoded))
        result[at, 1] = int(sizes[covered].sum())
    return result


def _number(words: Sequence[Ints]) -> tuple[Ints, int]:
    """One number 0..count-1 per window of five words, equal for equal windows; windows do not span documents."""
    lengths = np.array([len(each) for each in words], dtype=np.int64)
    flat = _joined(words).astype(np.int64)
    if len(flat) < SIZE:
        return np.empty(0, np.int32), 0
    size = int(flat.max()) + 1
    two, size_of_two = _paired(flat[:-1], flat[1:], size)
    four, _ = _paired(two[:-2].astype(np.int64), two[2:], size_of_two)
    del two
    five = four[:-1].astype(np.int64) * size + flat[4:]
    del four
    ends = np.cumsum(lengths)
    ahead = np.repeat(ends, lengths)[: len(five)] - np.arange(len(five))
    values, numbers = np.unique(five[ahead >= SIZE], return_inverse=True)
    return numbers.astype(np.int32), len(values)


def _paired(left: Longs, right: NDArray[np.integer], size: int) -> tuple[Ints, int]:
    values, numbers = np.unique(left * size + right, return_inverse=True)
    return numbers.astype(np.int32), len(values)


def _offsets(lengths: Iterable[int] | Longs) -> Longs:
    counted = np.asarray(lengths if isinstance(lengths, np.ndarray) else list(lengths), dtype=np.int64)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counted)])


def _joined(arrays: Sequence[Ints]) -> Ints:
    return np.concatenate(arrays) if arrays else np.empty(0, np.int32)
