"""Every document's nearest neighbour by the Jaccard index of their word 5-grams, exactly, and what close pairs share.

A sentence that many documents hold brings several grams with one and the same list of owners. Such grams are counted
together, once, with their number as weight: several times less work than gram by gram.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import shake_256
from heapq import heappush, heappushpop
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from personalities.measures.grams import Grams, Longs

_TICK = 100


class Pair(NamedTuple):
    jaccard: float
    left: int
    right: int
    """Places of the two documents, left < right."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Per document the Jaccard index of its nearest neighbour and that one's place; and the most similar pairs, the
    closest first."""

    jaccard: NDArray[np.float64]
    nearest: Longs
    pairs: tuple[Pair, ...]


def nearest(grams: Grams, pairs: int = 10, tick: Callable[[int], None] = lambda _: None) -> Neighbours:
    """Exact nearest neighbours; O(documents) memory beside the index. `tick` is told how many are done."""
    groups = _grouped(grams)
    sizes = np.diff(grams.inside)
    jaccard = np.zeros(grams.documents)
    found = np.zeros(grams.documents, dtype=np.int64)
    closest: list[Pair] = []
    for at in range(grams.documents):
        shared = groups.shared(at)
        index = shared / np.maximum(1, sizes + sizes[at] - shared)
        index[at] = -1
        found[at] = index.argmax()
        jaccard[at] = max(0.0, index[found[at]])
        later = index[at + 1 :]
        for other in np.argsort(later)[: -pairs - 1 : -1].tolist():
            pair = Pair(float(later[other]), at, at + 1 + other)
            if len(closest) < pairs:
                heappush(closest, pair)
            elif pair > closest[0]:
                heappushpop(closest, pair)
        if (at + 1) % _TICK == 0:
            tick(at + 1)
    return Neighbours(jaccard, found, tuple(sorted(closest, reverse=True)))


def shared_passages(documents: Sequence[str], grams: Grams, pair: Pair) -> tuple[list[tuple[int, int]], ...]:
    """For both documents of a pair, the spans of characters that stand in the other as well, five words or more."""
    result = []
    for at, other in ((pair.left, pair.right), (pair.right, pair.left)):
        first, last = grams.place[at], grams.place[at + 1]
        chosen = np.isin(grams.gram[first:last], grams.of_document(other))
        spans: list[tuple[int, int]] = []
        starts, ends = grams.start[first:last][chosen].tolist(), grams.end[first:last][chosen].tolist()
        for start, end in zip(starts, ends, strict=True):
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        result.append(spans)
    return tuple(result)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Grams that two or more documents hold, those of one list of owners together. Document d holds the groups
    `of[inside[d] : inside[d + 1]]`; group g stands for `weight[g]` grams of the documents
    `owners[posted[g] : posted[g + 1]]`."""

    documents: int
    inside: Longs
    of: Longs
    posted: Longs
    owners: Longs
    weight: NDArray[np.float64]

    def shared(self, document: int) -> NDArray[np.float64]:
        """How many grams the document shares with each (whole numbers); none with one that has only its own."""
        groups = self.of[self.inside[document] : self.inside[document + 1]]
        if not len(groups):
            return np.zeros(self.documents)
        starts, ends = self.posted[groups], self.posted[groups + 1]
        slices = zip(starts.tolist(), ends.tolist(), strict=True)
        holders = np.concatenate([self.owners[start:end] for start, end in slices])
        weights = np.repeat(self.weight[groups], ends - starts)
        return np.bincount(holders, weights, self.documents).astype(np.float64, copy=False)


def _grouped(grams: Grams) -> _Groups:
    """Lists of owners count as one when they are equally long and two sums of 64-bit keys of their members agree; two
    different lists do so by accident in one of 2^128 cases."""
    spread = grams.spread
    keys = np.frombuffer(shake_256(b"owners").digest(16 * grams.documents), dtype="<u8").reshape(2, -1)
    shared = np.flatnonzero(spread > 1)
    sums = [_sums(row[grams.owners], grams.posted)[shared] for row in keys]
    order = np.lexsort((*sums, spread[shared]))
    columns = [spread[shared][order], *(column[order] for column in sums)]
    first = np.ones(len(order), dtype=bool)
    first[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    leaders = shared[order[first]]
    weight = np.diff(np.flatnonzero(np.append(first, True))).astype(np.float64)
    number = np.full(grams.count, -1, dtype=np.int64)
    number[leaders] = np.arange(len(leaders))
    of = number[grams.held]
    holder = np.repeat(np.arange(grams.documents), np.diff(grams.inside))[of >= 0]
    lengths = spread[leaders]
    posted = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    begin = np.repeat(grams.posted[leaders] - posted[:-1], lengths)
    return _Groups(
        documents=grams.documents,
        inside=np.searchsorted(holder, np.arange(grams.documents + 1)).astype(np.int64),
        of=of[of >= 0],
        posted=posted,
        owners=grams.owners[begin + np.arange(posted[-1])].astype(np.int64),
        weight=weight,
    )


def _sums(values: NDArray[np.uint64], edges: Longs) -> NDArray[np.uint64]:
    """The sum (modulo 2^64) of the values between each edge and the next; no two edges are equal."""
    if not len(values):
        return values
    sums: NDArray[np.uint64] = np.add.reduceat(values, edges[:-1])
    return sums
