"""How much documents share, in word 5-grams: the nearest neighbour's Jaccard index, and boilerplate."""

import re

import numpy as np
import pytest

from personalities import beauvoir, birth, load_pack

SEED = bytes(range(32))
_WORD = re.compile(r"\w+(?:[’'-]\w+)*")


def grams(texts: list[str]) -> tuple[list[list[int]], list[list[tuple[int, int]]], int]:
    """Per text the ids of its word 5-grams in order and their spans, and how many ids there are. Case is ignored."""
    known: dict[tuple[str, ...], int] = {}
    ids, spans = [], []
    for text in texts:
        words = [(match.group().lower(), match.start(), match.end()) for match in _WORD.finditer(text)]
        windows = [words[at : at + 5] for at in range(len(words) - 4)]
        ids.append([known.setdefault(tuple(word for word, _, _ in window), len(known)) for window in windows])
        spans.append([(window[0][1], window[-1][2]) for window in windows])
    return ids, spans, len(known)


def nearest_jaccard(ids: list[list[int]], count: int) -> float:
    """The largest Jaccard index of any two texts' sets of 5-grams."""
    sets = [np.unique(np.array(text)) for text in ids]
    sizes = np.array([len(text) for text in sets])
    everything = np.concatenate(sets)
    owners = np.repeat(np.arange(len(sets)), sizes)[np.argsort(everything, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(everything, minlength=count))])
    worst = 0.0
    for at, text in enumerate(sets):
        shared = np.bincount(np.concatenate([owners[starts[g] : starts[g + 1]] for g in text]), minlength=len(sets))
        index = shared / (sizes + sizes[at] - shared)
        index[at] = 0
        worst = max(worst, float(index.max()))
    return worst


def boilerplate(texts: list[str], ids: list[list[int]], spans: list[list[tuple[int, int]]], count: int) -> float:
    """The share of all bytes covered by 5-grams that more than 5 % of the texts contain."""
    spread = np.bincount(np.concatenate([np.unique(np.array(text)) for text in ids]), minlength=count)
    common = spread > len(texts) / 20
    covered = total = 0
    for text, text_ids, text_spans in zip(texts, ids, spans, strict=True):
        marks = bytearray(len(text))
        for gram, (start, end) in zip(text_ids, text_spans, strict=True):
            if common[gram]:
                marks[start:end] = b"\1" * (end - start)
        covered += sum(len(char.encode()) for char, mark in zip(text, marks, strict=True) if mark)
        total += len(text.encode())
    return covered / total


@pytest.mark.parametrize("name", ["dixie", "mibera"])
@pytest.mark.parametrize("supply", [400, pytest.param(10_000, marks=pytest.mark.full)])
def test_documents_share_little(supply: int, name: str) -> None:
    pack = load_pack(name)
    texts = [beauvoir(birth(SEED, supply, token, pack), pack) for token in range(supply)]
    ids, spans, count = grams(texts)
    nearest, common = nearest_jaccard(ids, count), boilerplate(texts, ids, spans, count)
    print(f"{name}, {supply} documents: nearest neighbour {nearest:.3f}, boilerplate {common:.3f}")
    assert nearest <= 0.30
    assert common <= 0.25


def test_measures_find_copies_and_boilerplate() -> None:
    texts = ["the same ten words are in this very text here", "the same ten words are in this very text here"]
    ids, spans, count = grams(texts)
    assert nearest_jaccard(ids, count) == 1.0
    assert boilerplate(texts, ids, spans, count) == 1.0
