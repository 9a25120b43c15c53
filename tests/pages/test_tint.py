"""Every text colour of every room can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages import tint

channel = st.integers(0, 255)
colours = st.tuples(channel, channel, channel)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ((0, 0, 0), (255, 255, 255), 2100),
        ((255, 255, 255), (255, 255, 255), 100),
        ((118, 118, 118), (255, 255, 255), 454),  # the lightest grey that may carry text on white
        ((119, 119, 119), (255, 255, 255), 447),
        ((255, 0, 0), (255, 255, 255), 399),
    ],
)
def test_contrast_known_pairs_match_the_guideline(one: tint.Rgb, other: tint.Rgb, ratio: int) -> None:
    assert tint.contrast(one, other) == ratio == tint.contrast(other, one)


@given(colours)
def test_palette_any_ground_every_text_has_contrast(ground: tint.Rgb) -> None:
    for palette in (tint.light(ground), tint.dark(ground)):
        for text, on in (
            (palette.wall_ink, palette.wall),
            (palette.wall_quiet, palette.wall),
            (palette.ink, palette.paper),
            (palette.quiet, palette.paper),
            (palette.accent, palette.paper),
            (palette.paper, palette.ink),
        ):
            assert tint.contrast(text, on) >= 450, (ground, palette)


@given(colours)
def test_dark_any_ground_is_dark_and_light_paper_is_light(ground: tint.Rgb) -> None:
    assert tint.luminance(tint.dark(ground).wall) <= 30_000
    assert tint.luminance(tint.dark(ground).paper) <= 30_000
    assert tint.luminance(tint.light(ground).paper) >= 700_000


@pytest.mark.parametrize("given_colour", [None, "", "red", "#10336", "10336", "10336g", "103368;}", 7, ["103368"]])
def test_parse_anything_but_six_digits_gives_the_default(given_colour: object) -> None:
    assert tint.parse(given_colour) == tint.parse(tint.DEFAULT)


def test_parse_six_digits_gives_the_colour() -> None:
    assert tint.parse("103368") == (0x10, 0x33, 0x68) == tint.parse("103368".upper())
