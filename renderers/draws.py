"""Choices drawn from a token's birth seed: named, independent streams, so adding one choice moves no other."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """An endless stream of choices, fixed by (seed, label): SHA-256 in counter mode, 32 bits a draw."""

    def __init__(self, seed: str, label: str = "") -> None:
        self._seed = seed
        self._label = label
        self._counter = 0
        self._words: list[int] = []

    def at(self, label: str) -> "Draws":
        """The stream of a named part."""
        return Draws(self._seed, f"{self._label}/{label}")

    def word(self) -> int:
        """The next 32 bits."""
        if not self._words:
            block = hashlib.sha256(f"{self._seed}:{self._label}:{self._counter}".encode()).digest()
            self._counter += 1
            self._words = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 32, 4)]
        return self._words.pop()

    def below(self, n: int) -> int:
        """An integer of 0..n-1."""
        return self.word() * n >> 32

    def unit(self) -> float:
        """A number of [0, 1)."""
        return self.word() / 4294967296

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.unit()

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def sign(self) -> int:
        return 1 if self.word() & 1 else -1


def family(value: str, size: int) -> int:
    """Which of `size` families a free word belongs to: stable, blind to case and outer space."""
    digest = hashlib.sha256(value.strip().casefold().encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") % size
