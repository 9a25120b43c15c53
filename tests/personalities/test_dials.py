"""Dials, bands and their words."""

import pytest

from personalities import BAND_WORDS, DIALS, band, band_word, bands


def test_dials_are_the_sixteen_in_order() -> None:
    assert " ".join(DIALS) == (
        "Warmth Directness Playfulness Verbosity Formality Curiosity Rigor Imagination "
        "Optimism Intensity Steadiness Candor Initiative Sociability Breadth Tempo"
    )


def test_band_words_are_single_and_belong_to_one_dial() -> None:
    words = [word for dial in DIALS for word in BAND_WORDS[dial]]
    assert len(words) == 16 * 7 == len(set(words))
    assert all(word.isalpha() and word.islower() for word in words)
    assert not set(words) & {dial.lower() for dial in DIALS}


def test_band_seven_equal_parts() -> None:
    assert [band(value) for value in (0, 9362, 9363, 32767, 32768, 56173, 56174, 65535)] == [0, 0, 1, 3, 3, 5, 6, 6]
    assert bands((0, 65535)) == (0, 6)
    assert band_word(0, 5) == "tender"


@pytest.mark.parametrize("value", [-1, 65536])
def test_band_outside_the_range_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="a dial is"):
        band(value)


@pytest.mark.parametrize(("dial", "number"), [(-1, 0), (0, -1), (16, 0), (0, 7)])
def test_band_word_outside_is_refused(dial: int, number: int) -> None:
    with pytest.raises(IndexError):
        band_word(dial, number)
