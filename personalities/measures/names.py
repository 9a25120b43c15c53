"""How close names are: collisions, and the closest pair by edit distance.

Two texts at most k edits apart (insert, delete, replace) become equal when each loses at most k characters. So every
name is entered under the hashes of all it can become, names that meet under a hash are compared in full, and nobody is
compared with everybody: time and memory grow with the names' number and the square of their length, for k = 2.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.intp]
_BASE = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
MAX_EDITS = 2


@dataclass(frozen=True, slots=True)
class Closest:
    """No two names are fewer than `edits` apart; `pair` are two that are just that far, None when `edits` is more than
    was looked for."""

    edits: int
    pair: tuple[str, str] | None


def collisions(names: Sequence[str]) -> list[str]:
    """Names that occur more than once, ignoring case, as first written."""
    seen: dict[str, int] = defaultdict(int)
    for name in names:
        seen[name.casefold()] += 1
    written = {name.casefold(): name for name in reversed(names)}
    return [written[name] for name, count in seen.items() if count > 1]


def closest_names(names: Sequence[str]) -> Closest:
    """The smallest edit distance of any two of the names (case ignored), exactly, as far as 2; 3 means 3 or more."""
    if same := collisions(names):
        return Closest(0, (same[0], same[0]))
    folded = [name.casefold() for name in names]
    for edits in range(1, MAX_EDITS + 1):
        for left, right in _meeting(folded, edits):
            if distance(folded[left], folded[right]) <= edits:
                return Closest(edits, (names[left], names[right]))
    return Closest(MAX_EDITS + 1, None)


def distance(left: str, right: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def _meeting(names: Sequence[str], edits: int) -> Iterator[tuple[int, int]]:
    """Pairs of places whose names share a hash after losing up to `edits` characters each; a superset of the close."""
    shortened = [_shortened(name, edits) for name in names]
    owners = np.repeat(np.arange(len(names), dtype=np.int32), [len(each) for each in shortened])
    hashes = np.concatenate(shortened) if shortened else np.empty(0, np.uint64)
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], owners[order]
    # Runs of one hash, of two entries or more.
    edges = np.flatnonzero(np.diff(hashes, prepend=~hashes[:1], append=~hashes[-1:]))
    lengths = np.diff(edges)
    for start, length in zip(edges[:-1][lengths > 1].tolist(), lengths[lengths > 1].tolist(), strict=True):
        yield from combinations(sorted(set(owners[start : start + length].tolist())), 2)


def _shortened(name: str, edits: int) -> Hashes:
    """Hashes of the name and of all it becomes by losing up to `edits` (1 or 2) characters. Polynomials modulo 2^64:
    equal texts have equal hashes, and those that are equal by accident are found out by the comparison."""
    size = len(name)
    powers, prefixes = [1], [0]
    for character in name:
        powers.append(powers[-1] * _BASE & _MASK)
        prefixes.append((prefixes[-1] * _BASE + ord(character) + 1) & _MASK)
    power, prefix = np.array(powers, dtype=np.uint64), np.array(prefixes, dtype=np.uint64)

    def joined(left: Hashes, start: Places, end: Places) -> Hashes:
        """The hash of what `left` is the hash of, followed by the name's characters from start to end."""
        length = end - start
        hashes: Hashes = left * power[length] + prefix[end] - prefix[start] * power[length]
        return hashes

    one = np.arange(size)
    results = [prefix[-1:], joined(prefix[one], one + 1, np.full(size, size))]
    if edits > 1:
        first, second = np.triu_indices(size, 1)
        results.append(joined(joined(prefix[first], first + 1, second), second + 1, np.full(len(first), size)))
    return np.concatenate(results)
