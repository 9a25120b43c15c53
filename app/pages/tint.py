"""Colours of a page, worked out from the one colour a token's document names. Integers only; every text colour is
checked against the ground it stands on (WCAG 2.2, 1.4.3) before it leaves this module.

A page is a room: the `wall` is painted in the token's colour and carries the portrait and its label, the `paper` below
it carries the reading. In dark mode the lights go down, and the hue stays.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

Rgb = tuple[int, int, int]

DEFAULT: Final = "3f4f46"
"""The colour of rooms that belong to nobody."""
TEXT: Final = 480
"""Least contrast of any text we set, in hundredths; the guideline asks 450."""

_HEX = re.compile(r"[0-9a-f]{6}")
_LINEAR: Final = tuple(
    round(1_000_000 * (value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4))
    for value in range(256)
)
"""Linear light of an sRGB channel, in millionths."""
_STRENGTH: Final = 110
"""Distance between the strongest and the weakest channel of an accent."""
_BLACK: Final[Rgb] = (18, 15, 14)
_WHITE: Final[Rgb] = (255, 253, 250)


class Palette(NamedTuple):
    """Colours of one scheme. `ink` is text, `quiet` lesser text, `line` hairlines, `accent` links and marks."""

    wall: Rgb
    wall_ink: Rgb
    wall_quiet: Rgb
    wall_line: Rgb
    paper: Rgb
    ink: Rgb
    quiet: Rgb
    line: Rgb
    accent: Rgb


def parse(colour: object) -> Rgb:
    """The colour of six hex digits; the default for anything else, because documents are not trusted here."""
    text = colour.lower() if isinstance(colour, str) else ""
    if not _HEX.fullmatch(text):
        text = DEFAULT
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def luminance(colour: Rgb) -> int:
    """Relative luminance in millionths."""
    red, green, blue = (_LINEAR[channel] for channel in colour)
    return (2126 * red + 7152 * green + 722 * blue) // 10_000


def contrast(one: Rgb, other: Rgb) -> int:
    """Contrast ratio in hundredths, 100 to 2100, rounded down."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 50_000) * 100 // (low + 50_000)


def mix(one: Rgb, other: Rgb, share: int) -> Rgb:
    """`share` hundredths of `other` in `one`."""
    red, green, blue = (a + (b - a) * share // 100 for a, b in zip(one, other, strict=True))
    return red, green, blue


def until(start: Rgb, end: Rgb, on: Rgb, least: int) -> Rgb:
    """The first colour on the way from `start` to `end` with that contrast on `on`; else the clearest pole."""
    for share in range(0, 101, 4):
        colour = mix(start, end, share)
        if contrast(colour, on) >= least:
            return colour
    return end if contrast(end, on) >= TEXT else _pole(on)


def _pole(ground: Rgb) -> Rgb:
    """Black or white, whichever is clearer on this ground: one of the two always has 4.5."""
    white, black = (255, 255, 255), (0, 0, 0)
    return white if contrast(white, ground) >= contrast(black, ground) else black


def _soft_pole(ground: Rgb) -> Rgb:
    return _WHITE if sum(_pole(ground)) else _BLACK


def _leaning(colour: Rgb, level: int, strength: int) -> Rgb:
    """The hue of `colour` at another level of grey, with `strength` between its strongest and weakest channel."""
    grey, spread = sum(colour) // 3, max(colour) - min(colour)
    if spread < 6:
        # What is as good as grey has no hue worth keeping.
        return level, level, level
    red, green, blue = (min(255, max(0, level + (channel - grey) * strength // spread)) for channel in colour)
    return red, green, blue


def _dimmed(colour: Rgb) -> Rgb:
    """The wall with the lights down. Pale walls are grey when merely darkened, so their hue is brought out."""
    strength = min(64, max(30, max(colour) - min(colour)))
    for level in range(min(sum(colour) // 3, 96), 0, -2):
        wall = _leaning(colour, level, strength)
        if luminance(wall) <= 24_000:
            return wall
    return 10, 8, 11


def _accent(ground: Rgb, paper: Rgb) -> Rgb:
    """A strong colour of the ground's hue that can be read on paper."""
    for level in range(190, -1, -4) if luminance(paper) > 200_000 else range(60, 256, 4):
        colour = _leaning(ground, level, _STRENGTH)
        if contrast(colour, paper) >= 520:
            return colour
    return _pole(paper)


def _scheme(ground: Rgb, wall: Rgb, paper: Rgb, ink: Rgb) -> Palette:
    pole = _soft_pole(wall)
    return Palette(
        wall=wall,
        wall_ink=until(mix(wall, pole, 86), pole, wall, 900),
        wall_quiet=until(mix(wall, pole, 55), pole, wall, 560),
        wall_line=mix(wall, pole, 26),
        paper=paper,
        ink=ink,
        quiet=until(mix(paper, ink, 50), ink, paper, 560),
        line=mix(paper, ink, 17),
        accent=_accent(ground, paper),
    )


@lru_cache(maxsize=1024)
def light(ground: Rgb) -> Palette:
    return _scheme(ground, ground, mix(_WHITE, _leaning(ground, 190, 80), 7), mix(_BLACK, ground, 10))


@lru_cache(maxsize=1024)
def dark(ground: Rgb) -> Palette:
    wall = _dimmed(ground)
    return _scheme(ground, wall, mix((15, 13, 14), wall, 24), mix((240, 235, 229), ground, 8))


def stylesheet(ground: Rgb, rules: str = "") -> str:
    """The `<style>` of a page: both schemes as custom properties, and rules of its own."""
    return (
        f":root{{{_properties(light(ground))}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_properties(dark(ground))}}}}}{rules}"
    )


def css(colour: Rgb) -> str:
    red, green, blue = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def _properties(palette: Palette) -> str:
    return ";".join(
        f"--{name.replace('_', '-')}:{css(colour)}" for name, colour in zip(palette._fields, palette, strict=True)
    )
