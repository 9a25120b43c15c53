"""A personality in short."""

import pytest

from personalities import DIALS, band_word, bands, beauvoir, birth, levels, load_pack, refusals, traits

PACK = load_pack("dixie")
BORN = birth(bytes(range(32)), 100, 7, PACK)


def test_traits_are_signals_then_the_most_pronounced_dials() -> None:
    shown = bands(BORN.dials)
    found = traits(BORN.signals, shown)
    assert found[: len(BORN.signals)] == [str(value) for _, value in BORN.signals]
    words = {band_word(at, band): abs(band - 3) for at, band in enumerate(shown)}
    told = [words[word] for word in found[len(BORN.signals) :]]
    assert told == sorted(told, reverse=True)
    assert len(told) == 5
    assert min(told) >= sorted(words.values(), reverse=True)[4]


def test_traits_leave_out_numbers_and_the_middle() -> None:
    assert traits([("Score", 7), ("Rank", "S")], [3] * 16) == ["S"]


def test_refusals_are_the_documents_own() -> None:
    document = beauvoir(BORN, PACK)
    found = refusals(document)
    assert 2 <= len(found) <= 8
    for line in found:
        assert f"\n- {line}\n" in document
    assert document.index("Do not:") < document.index(found[0]) < document.index("## Examples")


@pytest.mark.parametrize("document", ["", "# X\n", "# X\n\n## Behavioural guidelines\n\nDo:\n\n- a\n"])
def test_refusals_of_a_text_without_any_are_none(document: str) -> None:
    assert refusals(document) == []


def test_levels_lie_between_nought_and_one_and_rise_with_the_band() -> None:
    assert list(levels([0] * 16)) == [dial.lower() for dial in DIALS]
    found = [levels([band] * 16)["warmth"] for band in range(7)]
    assert found == sorted(found)
    assert (found[0], found[6]) == (0.07, 0.93)
    assert levels([]) == {}
