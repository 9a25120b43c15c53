"""The portrait: tokens look different, a token stays itself, and every trait shows."""

import io

import numpy as np
import numpy.typing as npt
import pytest
import resvg_py
from PIL import Image

from renderers import DIALS, State, Subject, alt_text, background_color, get_renderer, render
from renderers.colour import Oklch, contrast
from renderers.portrait import compose
from renderers.portrait.palette import palette
from renderers.portrait.traits import cast
from renderers.raster import rasterise
from renderers.svg import svg_text
from tests.renderers.subjects import BEAUVOIR, state, subject

Pixels = npt.NDArray[np.float64]


def _pixels(who: Subject, how: State) -> Pixels:
    return np.asarray(rasterise(compose(who, how)), dtype=np.float64)


def _fingerprint(who: Subject, how: State) -> npt.NDArray[np.bool_]:
    """A difference hash, 8 × 8 in each of three channels: 192 bits."""
    small = rasterise(compose(who, how)).resize((9, 8), Image.Resampling.BOX)
    values = np.asarray(small, dtype=np.int64)
    return (values[:, 1:] > values[:, :-1]).ravel()


def _ssim(one: Pixels, other: Pixels) -> float:
    """Mean structural similarity (Wang et al., 2004) over 8 × 8 blocks of luma."""
    weights = np.array([0.299, 0.587, 0.114])
    x, y = ((image @ weights).reshape(128, 8, 128, 8).swapaxes(1, 2).reshape(-1, 64) for image in (one, other))
    mx, my = x.mean(1), y.mean(1)
    vx, vy, cov = x.var(1), y.var(1), ((x - mx[:, None]) * (y - my[:, None])).mean(1)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float((((2 * mx * my + c1) * (2 * cov + c2)) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean())


@pytest.mark.parametrize("number", range(4))
def test_compose_drawn_by_a_foreign_rasteriser_looks_the_same(number: int) -> None:
    scene = compose(subject(number), state(number))
    ours = np.asarray(rasterise(scene), dtype=np.float64)
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg_text(scene, "portrait")))
    theirs = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.float64)
    assert theirs.shape == ours.shape
    difference, similarity = float(np.abs(ours - theirs).mean()), _ssim(ours, theirs)
    print(f"token {number}: mean difference {difference:.3f} of 255, SSIM {similarity:.4f}")
    assert difference < 1.0
    assert similarity > 0.97


def test_compose_different_tokens_look_different() -> None:
    marks = [_fingerprint(subject(number), state(0)) for number in range(24)]
    distances = [int((a != b).sum()) for i, a in enumerate(marks) for b in marks[:i]]
    print(f"difference hash, 192 bits: least {min(distances)}, mean {sum(distances) / len(distances):.1f}")
    assert min(distances) >= 8
    assert sum(distances) / len(distances) > 50


def test_compose_each_dial_changes_the_picture_and_leaves_the_person() -> None:
    who, middle = subject(), (3,) * 16
    before = _pixels(who, State(1, middle, "Youth", 3))
    for index, dial in enumerate(DIALS):
        low, high = (tuple(band if i == index else 3 for i in range(16)) for band in (0, 6))
        apart = np.abs(_pixels(who, State(1, low, "Youth", 3)) - _pixels(who, State(1, high, "Youth", 3)))
        assert (apart.max(axis=2) > 24).mean() > 0.0004, f"{dial} does not show"
    other = np.abs(before - _pixels(subject(8), State(1, middle, "Youth", 3))).mean()
    extreme = np.abs(before - _pixels(who, State(1, (6,) * 16, "Youth", 3))).mean()
    assert extreme < other


def test_compose_stage_and_level_leave_marks() -> None:
    pictures = [
        _pixels(subject(), State(1, (3,) * 16, stage, level))
        for stage, level in (("Newborn", 1), ("Elder", 1), ("Newborn", 12))
    ]
    assert np.abs(pictures[0] - pictures[1]).mean() > 0.1
    assert np.abs(pictures[0] - pictures[2]).mean() > 0.01


def test_compose_same_traits_other_snapshot_number_same_pixels() -> None:
    one, two = state(snapshot=1), state(snapshot=9)
    assert (_pixels(subject(), one) == _pixels(subject(), two)).all()


def test_compose_words_of_another_pack_work() -> None:
    signals = (("Archetype", "freetekno"), ("Ancestor", "greek"), ("Molecule", "dmt"), ("Sun Sign", "gemini"))
    for given in (signals, (), (("Only", "one"),)):
        media = render(subject(signals=given), state(), BEAUVOIR)
        assert Image.open(io.BytesIO(media["image.png"])).size == (1024, 1024)


def test_palette_figure_stands_out_from_ground_and_ink_from_skin() -> None:
    for number in range(200):
        who = subject(number)
        colours = palette(who, cast(who, state(number)))
        apart = abs((colours.disc.hue - colours.skin.hue + 540) % 360 - 180)
        assert apart >= 40 or abs(colours.disc.light - colours.skin.light) >= 0.12
        assert abs(colours.skin.light - colours.hair.light) > 0.11
        assert contrast(colours.ink.hex(), colours.white.hex()) > 7
        assert contrast(colours.ink.hex(), colours.skin.hex()) > 2


def test_background_color_is_six_hex_digits_and_no_state_changes_it() -> None:
    for number in range(50):
        colour = background_color(subject(number))
        assert len(colour) == 6
        assert int(colour, 16) >= 0
        assert colour == colour.lower()


def test_oklch_hex_known_colours() -> None:
    assert Oklch(1.0, 0.0, 0).hex() == "ffffff"
    assert Oklch(0.0, 0.0, 0).hex() == "000000"
    # The sRGB primaries in OKLCH, as published with the colour space.
    assert Oklch(0.62796, 0.25768, 29.2339).hex() == "ff0000"
    assert Oklch(0.45201, 0.31321, 264.052).hex() == "0000ff"


def test_alt_text_is_plain_bounded_and_names_strong_dials() -> None:
    bands = (6, *(3,) * 14, 0)
    text = alt_text(subject(name="<script>\u202e\u200b" + "x" * 10_000), State(1, bands, "Youth", 3))
    assert "high warmth" in text
    assert "low tempo" in text
    assert "\u202e" not in text
    assert len(text) < 600


def test_get_renderer_portrait_composes_like_compose() -> None:
    assert get_renderer("portrait").compose(subject(), state()) == compose(subject(), state())
