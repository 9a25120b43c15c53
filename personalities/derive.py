"""Everything random about a personality, derived by SHA-256 and SHAKE-256 from the collection seed.

Each use has its own label and every part is length-prefixed, so no two uses can ever hash the same bytes. Sampling is
by integers only: the same seed gives the same birth on every machine and in every language.
"""

from collections.abc import Sequence
from hashlib import sha256, shake_256
from math import isqrt
from typing import TypeVar

_DOMAIN = b"dnft/personality/1"
_ROUNDS = 8
_WORD = 1 << 32

T = TypeVar("T")


def derive(label: str, *parts: bytes) -> bytes:
    """32 bytes bound to `label` and `parts`."""
    hasher = sha256(_DOMAIN)
    for part in (label.encode(), *parts):
        hasher.update(len(part).to_bytes(4, "big") + part)
    return hasher.digest()


def permute(key: bytes, index: int, size: int) -> int:
    """Where a permutation of 0..size-1, chosen by `key`, sends `index`.

    A Feistel network on pairs (left < a, right < b) with a·b ≥ size, in which each round adds a keyed hash of one half
    to the other; values that fall outside the range walk on along their cycle, so the map stays one-to-one.
    """
    if not 0 <= index < size:
        raise ValueError(f"{index} is not below {size}")
    columns = isqrt(size - 1) + 1
    rows = (size + columns - 1) // columns
    start = sha256(key)
    while True:
        left, right = divmod(index, columns)
        for turn in range(_ROUNDS):
            hasher = start.copy()
            if turn % 2:
                hasher.update(b"%d:%d" % (turn, left))
                right = (right + int.from_bytes(hasher.digest()[:8], "big")) % columns
            else:
                hasher.update(b"%d:%d" % (turn, right))
                left = (left + int.from_bytes(hasher.digest()[:8], "big")) % rows
        index = left * columns + right
        if index < size:
            return index


class Draws:
    """An endless stream of fair choices, fixed by its key."""

    def __init__(self, key: bytes) -> None:
        self._xof = shake_256(key)
        self._bytes = self._xof.digest(256)
        self._at = 0

    def below(self, limit: int) -> int:
        """A uniform integer 0..limit-1; limit ≤ 2^32."""
        fair = _WORD - _WORD % limit
        while True:
            if self._at == len(self._bytes):
                self._bytes = self._xof.digest(2 * len(self._bytes))
            word = int.from_bytes(self._bytes[self._at : self._at + 4], "big")
            self._at += 4
            if word < fair:
                return word % limit

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in a random order (Fisher–Yates)."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1)
            result[last], result[other] = result[other], result[last]
        return result
