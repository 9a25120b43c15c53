"""Measures against definitions written out the slow way."""

import re
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalities import bands, beauvoir, birth, load_pack
from personalities.measures import (
    Closest,
    Grams,
    Pair,
    boilerplate,
    closest_names,
    collisions,
    distinct_bands,
    evaluate,
    nearest,
    prose,
    shared_passages,
    slot_distances,
)
from personalities.measures.names import distance
from personalities.measures.prose import plain, syllables

PACK = load_pack("dixie")
SEED = bytes(range(32))
BIRTHS = [birth(SEED, 1000, token, PACK) for token in range(300)]
DOCUMENTS = [beauvoir(p, PACK) for p in BIRTHS]

few_words = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=30).map(" ".join)
texts = st.lists(few_words, min_size=2, max_size=8)


def grams_of(text: str) -> list[tuple[tuple[str, ...], int, int]]:
    """Every run of five words with its span, by definition."""
    words = list(re.finditer(r"\w+(?:[’'-]\w+)*", text))
    windows = [words[at : at + 5] for at in range(len(words) - 4)]
    return [(tuple(word[0].lower() for word in five), five[0].start(), five[-1].end()) for five in windows]


def jaccards(documents: list[str]) -> list[list[float]]:
    """The Jaccard index of each two documents, by definition."""
    sets = [{gram for gram, _, _ in grams_of(text)} for text in documents]
    return [[len(a & b) / max(1, len(a | b)) for b in sets] for a in sets]


@pytest.mark.parametrize("documents", [DOCUMENTS[:60], [*DOCUMENTS[:5], DOCUMENTS[2]], ["", "one two", "", "x " * 40]])
def test_nearest_real_documents_match_the_definition(documents: list[str]) -> None:
    found = nearest(Grams.of(documents))
    for at, row in enumerate(jaccards(documents)):
        others = [-1.0 if other == at else index for other, index in enumerate(row)]
        assert found.jaccard[at] == pytest.approx(max(others), abs=1e-15)
        assert others[found.nearest[at]] == max(others)


@given(texts)
def test_nearest_any_texts_match_the_definition(documents: list[str]) -> None:
    found = nearest(Grams.of(documents), pairs=3)
    table = jaccards(documents)
    every = sorted((table[a][b] for a, b in combinations(range(len(documents)), 2)), reverse=True)
    assert [pair.jaccard for pair in found.pairs] == pytest.approx(every[:3])
    assert max(found.jaccard) == pytest.approx(every[0])
    for pair in found.pairs:
        assert pair.left < pair.right
        assert pair.jaccard == table[pair.left][pair.right]


@given(texts)
def test_grams_index_both_ways(documents: list[str]) -> None:
    grams = Grams.of(documents)
    every = [{gram for gram, _, _ in grams_of(text)} for text in documents]
    assert grams.count == len(set().union(*every))
    for at, own in enumerate(every):
        assert len(grams.of_document(at)) == len(own)
    holders = [grams.owners[grams.posted[g] : grams.posted[g + 1]].tolist() for g in range(grams.count)]
    assert all(a < b for each in holders for a, b in pairwise(each))
    assert sorted(map(len, holders)) == sorted(sum(gram in own for own in every) for gram in set().union(*every))


@given(texts, st.sampled_from([5, 30, 60]))
def test_boilerplate_matches_the_definition(documents: list[str], percent: int) -> None:
    documents = [text.replace("a", "ä") for text in documents]
    found = boilerplate(documents, Grams.of(documents), percent)
    every = [{gram for gram, _, _ in grams_of(text)} for text in documents]
    for at, text in enumerate(documents):
        covered = set()
        for gram, start, end in grams_of(text):
            if sum(gram in own for own in every) * 100 > percent * len(documents):
                covered |= set(range(start, end))
        assert found[at].tolist() == [len(text.encode()), sum(len(text[place].encode()) for place in covered)]


def test_boilerplate_real_documents_are_counted_in_bytes() -> None:
    found = boilerplate(DOCUMENTS, Grams.of(DOCUMENTS))
    assert found[:, 0].tolist() == [len(text.encode()) for text in DOCUMENTS]
    assert (found[:, 1] < found[:, 0] // 2).all()
    assert boilerplate(["a b c d e"] * 3, Grams.of(["a b c d e"] * 3)).tolist() == [[9, 9]] * 3


def test_shared_passages_are_what_stands_in_both() -> None:
    documents = [
        "Alpha. One two three four five six. Omega, and nothing else.",
        "Beta: one, two, three; four five six!",
    ]
    left, right = shared_passages(documents, Grams.of(documents), Pair(0.0, 0, 1))
    assert [documents[0][a:b] for a, b in left] == ["One two three four five six"]
    assert [documents[1][a:b] for a, b in right] == ["one, two, three; four five six"]


def test_slot_distances_match_the_definition() -> None:
    found = slot_distances(BIRTHS)
    every = [sum(x != y for x, y in zip(a.slots, b.slots, strict=True)) for a, b in combinations(BIRTHS, 2)]
    assert found.counts == tuple(np.bincount(every, minlength=17).tolist())
    assert found.least == min(every) >= 13
    left, right = (BIRTHS[place].slots for place in found.closest)
    assert sum(x != y for x, y in zip(left, right, strict=True)) == found.least


def test_slot_distances_more_than_a_block_finds_the_copy() -> None:
    many = [birth(SEED, 1000, token, PACK) for token in range(600)]
    many[517] = many[41]
    found = slot_distances(many)
    assert (found.least, found.closest) == (0, (41, 517))
    assert sum(found.counts) == 600 * 599 // 2


def test_distinct_bands_counts_tuples() -> None:
    assert distinct_bands([*BIRTHS, BIRTHS[0]]) == len({bands(p.dials) for p in BIRTHS}) == 300


@given(st.lists(st.text("abcé ", max_size=7), min_size=2, max_size=12))
@settings(max_examples=300)
def test_closest_names_any_names_match_the_definition(names: list[str]) -> None:
    least = min(distance(a.casefold(), b.casefold()) for a, b in combinations(names, 2))
    found = closest_names(names)
    assert found.edits == min(least, 3)
    if found.pair and found.edits:
        assert distance(found.pair[0].casefold(), found.pair[1].casefold()) == found.edits


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("Ann", "Anna", 1), ("ab", "ba", 2)],
)
def test_distance_known_pairs(left: str, right: str, edits: int) -> None:
    assert distance(left, right) == distance(right, left) == edits


def test_closest_names_collisions_ignore_case() -> None:
    assert collisions(["Ada Low", "Bo", "ADA low"]) == ["Ada Low"]
    assert closest_names(["Ada Low", "Bo", "ADA low"]) == Closest(0, ("Ada Low", "Ada Low"))
    assert collisions(["Ada", "Bo"]) == []


@pytest.mark.parametrize(
    ("word", "count"),
    [("a", 1), ("stone", 1), ("table", 2), ("wanted", 2), ("walked", 1), ("makes", 1), ("houses", 2), ("agreement", 3),
     ("the", 1), ("rhythm", 1), ("library", 3), ("hmm", 1)],
)  # fmt: skip
def test_syllables_by_rule(word: str, count: int) -> None:
    assert syllables(word) == count


def test_prose_plain_text_leaves_sentences_only() -> None:
    text = plain(
        "# Name\n\n## Voice\n\nOne. Two!\n\n- Keep it short.\n\n> Why?\n\n**Ann:** Because.\n\n- Era: Now\n- Dials: x\n"
    )
    assert re.sub(r"\n+", "|", text.strip()) == "One. Two!|Keep it short.|Why?|Because."


def test_prose_figures_of_a_known_text() -> None:
    found = prose(["The cat sat. The dog ran off to the hill."])
    assert (found.words, found.vocabulary, found.sentence) == ((10,), (8,), (50,))
    assert found.spread == (20,)
    assert found.ease == (1171,)
    assert found.whole_vocabulary == 8


def test_prose_harder_text_is_less_easy() -> None:
    easy = "The cat sat on the mat. It was warm. It slept."
    hard = (
        "Notwithstanding considerable epistemological reservations, institutional deliberations continued indefinitely."
    )
    found = prose([easy, hard])
    assert found.ease[0] > 900 > 0 > found.ease[1]
    assert prose(["same words again. " * 400]).compression[0] < 3


def test_evaluate_real_collection_meets_every_target() -> None:
    stages: dict[str, int] = {}
    found = evaluate(BIRTHS, DOCUMENTS, tick=stages.__setitem__)
    assert found.passed
    assert {measure.id for measure in found.measures if measure.passed} == {
        "slots", "collisions", "edits", "jaccard", "boilerplate", "bands"
    }  # fmt: skip
    assert stages["word sequences"] == stages["prose"] == 300
    assert len(found.pairs) == 10
    assert [like.pair.jaccard for like in found.pairs] == sorted(
        (like.pair.jaccard for like in found.pairs), reverse=True
    )
    assert all(sum(counts) == 300 for counts in found.bands)
    for like in found.pairs:
        assert like.left
        assert like.right


def test_evaluate_copies_miss_their_targets() -> None:
    found = evaluate(
        [*BIRTHS[:20], BIRTHS[3]], [*DOCUMENTS[:20], DOCUMENTS[3]], lambda p, _: ["no"] * (p.token_id == 3)
    )
    assert not found.passed
    missed = {measure.id for measure in found.measures if measure.passed is False}
    assert {"slots", "collisions", "edits", "jaccard", "rules", "bands"} <= missed
    assert found.broken == ((3, "no"), (20, "no"))
    assert found.pairs[0].pair == Pair(1.0, 3, 20)


@pytest.mark.parametrize(("births", "documents"), [(1, 1), (3, 2), (0, 0)])
def test_evaluate_too_few_are_refused(births: int, documents: int) -> None:
    with pytest.raises(ValueError, match="two or more"):
        evaluate(BIRTHS[:births], DOCUMENTS[:documents])


@pytest.mark.full
def test_evaluate_ten_thousand_tokens_meet_every_target() -> None:
    births = [birth(SEED, 10_000, token, PACK) for token in range(10_000)]
    found = evaluate(births, [beauvoir(p, PACK) for p in births])
    assert [measure.id for measure in found.measures if measure.passed is False] == []
