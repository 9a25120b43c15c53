"""Distances between births: every pair of slot vectors, and the tuples of band words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from personalities.birth import Personality
from personalities.dials import bands

_ROWS = 256


@dataclass(frozen=True, slots=True)
class SlotDistances:
    """`counts[d]` pairs differ in exactly d slots; `least` is the smallest such d, of the pair of places `closest`."""

    counts: tuple[int, ...]
    least: int
    closest: tuple[int, int]


def slot_distances(births: Sequence[Personality]) -> SlotDistances:
    """In how many slots each two of the births (two or more) differ: all pairs, block by block, O(n) memory."""
    if len(births) < 2:
        raise ValueError("distances need two births or more")
    slots = np.array([p.slots for p in births], dtype=np.uint8)
    width = slots.shape[1]
    columns = np.ascontiguousarray(slots.T)
    counts = np.zeros(width + 1, dtype=np.int64)
    least, closest = width + 1, (0, 1)
    for start in range(0, len(births), _ROWS):
        rows = columns[:, start : start + _ROWS]
        differing = np.zeros((rows.shape[1], len(births) - start), dtype=np.uint8)
        for row, column in zip(rows, columns, strict=True):
            differing += row[:, None] != column[None, start:]
        first, second = np.triu_indices(differing.shape[0], 1, differing.shape[1])
        values = differing[first, second]
        counts += np.bincount(values, minlength=width + 1)
        if len(values) and values.min() < least:
            at = int(values.argmin())
            least, closest = int(values[at]), (start + int(first[at]), start + int(second[at]))
    return SlotDistances(tuple(int(count) for count in counts), least, closest)


def distinct_bands(births: Sequence[Personality]) -> int:
    """How many different tuples of 16 bands the births have."""
    return len({bands(p.dials) for p in births})
