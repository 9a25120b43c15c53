"""All measures of a collection's births and documents at once, each beside its target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from personalities.birth import Personality
from personalities.dials import bands
from personalities.measures.births import SlotDistances, distinct_bands, slot_distances
from personalities.measures.grams import Grams, boilerplate
from personalities.measures.names import Closest, closest_names, collisions
from personalities.measures.neighbours import Pair, nearest, shared_passages
from personalities.measures.prose import Prose, middle, prose

LEAST_SLOTS = 13
LEAST_EDITS = 2
MOST_JACCARD = 0.30
MOST_BOILERPLATE = 0.25
LEAST_DISTINCT = 0.99
LEAST_DOCUMENTS = 200
"""Among fewer, one in twenty is so few documents that options which are dealt evenly count as boilerplate."""

Check = Callable[[Personality, str], Sequence[str]]
"""The rules a document breaks, one sentence each."""
Tick = Callable[[str, int], None]
"""Told the stage of work and how many documents of it are done."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure. `passed` is None when it has no target, could not be taken (`value` is None then), or says nothing
    about so few births."""

    id: str
    title: str
    value: int | float | None
    unit: str
    target: str
    passed: bool | None
    detail: str = ""

    @property
    def shown(self) -> str:
        """The value for people: a share of the whole as a percentage."""
        if self.value is None:
            return "–"
        return f"{self.value:.2%}" if self.unit.startswith("of all") else f"{self.value:,}"


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two similar documents, by place, and the spans of characters that each shares with the other."""

    pair: Pair
    left: list[tuple[int, int]]
    right: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    measures: tuple[Measure, ...]
    slots: SlotDistances
    names: Closest
    jaccard: tuple[float, ...]
    """Per document, the similarity to its nearest neighbour."""
    boilerplate: tuple[float, ...]
    """Per document, the share of its bytes that is boilerplate."""
    bands: tuple[tuple[int, ...], ...]
    """Per dial, how many births are in each of the 7 bands."""
    prose: Prose
    pairs: tuple[Likeness, ...]
    """The ten most similar pairs, the closest first."""
    broken: tuple[tuple[int, str], ...]
    """(place, sentence) of the first hundred broken rules."""

    @property
    def passed(self) -> bool:
        """Whether no measure misses its target."""
        return all(measure.passed is not False for measure in self.measures)


def evaluate(
    births: Sequence[Personality],
    documents: Sequence[str],
    check: Check | None = None,
    tick: Tick = lambda _stage, _done: None,
) -> Evaluation:
    """Measure a collection of two or more births and their documents, in the same order. `check` finds broken rules.
    Raises ValueError when there are fewer, or not one document for each birth."""
    if len(births) < 2 or len(births) != len(documents):
        raise ValueError(f"{len(births)} births and {len(documents)} documents: two or more of each are needed")
    count = len(births)
    slots = slot_distances(births)
    tick("names", 0)
    names = [p.name for p in births]
    same, closest = collisions(names), closest_names(names)
    broken: list[tuple[int, str]] = []
    if check is not None:
        for at, (p, document) in enumerate(zip(births, documents, strict=True)):
            broken += [(at, sentence) for sentence in check(p, document)]
            tick("rules", at + 1)
    read = prose(documents, lambda done: tick("prose", done))
    grams = Grams.of(documents, lambda done: tick("word sequences", done))
    covered = boilerplate(documents, grams)
    near = nearest(grams, tick=lambda done: tick("neighbours", done))
    total, common = (int(each) for each in covered.sum(axis=0))
    distinct = distinct_bands(births)
    far = int((near.jaccard <= MOST_JACCARD).sum())
    measures = (
        Measure(
            "slots", "Slots in which any two differ, at least", slots.least, "of 16",
            f"≥ {LEAST_SLOTS}", slots.least >= LEAST_SLOTS,
            f"{_pairs(count):,} pairs compared",
        ),
        Measure("collisions", "Names given twice", len(same), "names", "0", not same, ", ".join(same[:3])),
        Measure(
            "edits", "Edits between any two names, at least", closest.edits, "edits",
            f"≥ {LEAST_EDITS}", closest.edits >= LEAST_EDITS,
            " and ".join(closest.pair) if closest.pair else "none closer than three",
        ),
        Measure(
            "jaccard", "Similarity to the nearest neighbour, at most", round(float(near.jaccard.max()), 4), "Jaccard",
            f"≤ {MOST_JACCARD:.2f}", far == count,
            f"{far:,} of {count:,} within; median {float(middle(near.jaccard.tolist())):.3f}",
        ),
        Measure(
            "boilerplate", "Bytes in runs of five words found in over 5 % of documents",
            round(common / max(1, total), 4), "of all bytes", f"≤ {MOST_BOILERPLATE:.0%}",
            None if count < LEAST_DOCUMENTS else common <= MOST_BOILERPLATE * total,
            f"too few to judge: {LEAST_DOCUMENTS} documents are needed" if count < LEAST_DOCUMENTS
            else f"{common:,} of {total:,} bytes",
        ),
        Measure(
            "rules", "Writing rules broken", None if check is None else len(broken), "times", "0",
            None if check is None else not broken,
            "not checked" if check is None else f"in {len({at for at, _ in broken}):,} documents",
        ),
        Measure(
            "bands", "Different tuples of band words", round(distinct / count, 4), "of all tokens",
            f"≥ {LEAST_DISTINCT:.0%}", distinct >= LEAST_DISTINCT * count, f"{distinct:,} of {count:,}",
        ),
        Measure(
            "ease", "Flesch reading ease, median", round(middle(read.ease) / 10, 1), "points",
            "", None, f"{min(read.ease) / 10:.0f} to {max(read.ease) / 10:.0f}",
        ),
        Measure("sentence", "Words a sentence, median", middle(read.sentence) / 10, "words", "", None),
        Measure("rhythm", "Spread of sentence length, median", middle(read.spread) / 10, "words", "", None),
        Measure("words", "Words a document, median", middle(read.words), "words", "", None),
        Measure("vocabulary", "Different words a document, median", middle(read.vocabulary), "words", "", None),
        Measure("lexicon", "Different words of the collection", read.whole_vocabulary, "words", "", None),
        Measure(
            "compression", "Compressed size, all documents in one stream", read.whole_compression / 1000,
            "of all bytes", "", None, f"{middle(read.compression):.0f} % for one document alone",
        ),
    )  # fmt: skip
    return Evaluation(
        measures=measures,
        slots=slots,
        names=closest,
        jaccard=tuple(near.jaccard.tolist()),
        boilerplate=tuple((covered[:, 1] / covered[:, 0].clip(1)).tolist()),
        bands=_band_counts(births),
        prose=read,
        pairs=tuple(Likeness(pair, *shared_passages(documents, grams, pair)) for pair in near.pairs),
        broken=tuple(broken[:100]),
    )


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _band_counts(births: Sequence[Personality]) -> tuple[tuple[int, ...], ...]:
    columns = zip(*(bands(p.dials) for p in births), strict=True)
    return tuple(tuple(column.count(number) for number in range(7)) for column in columns)
