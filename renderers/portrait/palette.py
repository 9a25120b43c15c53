"""Colours of a portrait, chosen in OKLCH. A scheme fixes lightness per role, so figure and ground never merge."""

import math
from dataclasses import dataclass
from typing import Final

from renderers.colour import Oklch
from renderers.model import Subject
from renderers.portrait.traits import Cast


@dataclass(frozen=True, slots=True)
class Scheme:
    """Lightness and chroma per role; skin hue None means a hue of flesh, else an offset from the ground's."""

    ground: tuple[float, float]
    disc: tuple[float, float]
    skin: tuple[float, float]
    skin_hue: float | None
    hair: tuple[float, float]
    dress: tuple[float, float]


SCHEMES: Final = (
    Scheme((0.27, 0.060), (0.79, 0.130), (0.84, 0.060), None, (0.20, 0.035), (0.52, 0.135)),  # nocturne
    Scheme((0.91, 0.032), (0.70, 0.150), (0.72, 0.090), None, (0.26, 0.050), (0.40, 0.090)),  # daylight
    Scheme((0.63, 0.140), (0.90, 0.070), (0.43, 0.075), None, (0.19, 0.030), (0.88, 0.045)),  # ember
    Scheme((0.42, 0.085), (0.86, 0.090), (0.78, 0.070), None, (0.94, 0.025), (0.27, 0.060)),  # silver
    Scheme((0.93, 0.020), (0.33, 0.080), (0.83, 0.055), None, (0.56, 0.150), (0.30, 0.050)),  # paper
    Scheme((0.20, 0.045), (0.56, 0.150), (0.68, 0.105), 150.0, (0.90, 0.050), (0.34, 0.090)),  # spirit
    Scheme((0.80, 0.085), (0.95, 0.040), (0.56, 0.090), None, (0.22, 0.060), (0.66, 0.150)),  # terracotta
    Scheme((0.33, 0.100), (0.72, 0.160), (0.90, 0.028), 60.0, (0.16, 0.040), (0.80, 0.085)),  # porcelain
)
_ACCENT_TURNS: Final = (180.0, 150.0, 210.0, 120.0, 165.0, 195.0, 60.0, 240.0)
_ELEMENT_HUES: Final = (35.0, 235.0, 265.0, 130.0, 300.0, 85.0, 180.0, 350.0)
_METALS: Final = (
    Oklch(0.62, 0.07, 55),
    Oklch(0.68, 0.09, 60),
    Oklch(0.86, 0.015, 250),
    Oklch(0.83, 0.125, 85),
    Oklch(0.89, 0.115, 95),
)


@dataclass(frozen=True, slots=True)
class Palette:
    ground: Oklch
    ground_far: Oklch
    disc: Oklch
    skin: Oklch
    shade: Oklch
    hair: Oklch
    hair_light: Oklch
    dress: Oklch
    dress_light: Oklch
    accent: Oklch
    lips: Oklch
    iris: Oklch
    white: Oklch
    ink: Oklch
    metal: Oklch


def _clear(colour: Oklch) -> Oklch:
    """Dark yellow is mud: below middle lightness it moves to amber or to leaf green."""
    if colour.light >= 0.74 or not 72 < colour.hue < 138:
        return colour
    return Oklch(colour.light, colour.chroma, 62.0 if colour.hue < 104 else 148.0)


def ground_of(subject: Subject) -> Oklch:
    """The ground colour at birth; no state changes it, so it suits every snapshot."""
    scheme = SCHEMES[subject.slots[13] % len(SCHEMES)]
    return _clear(Oklch(*scheme.ground, subject.slots[1] * 22.5 + 11))


def palette(subject: Subject, cast: Cast) -> Palette:
    """Birth gives the hues; intensity gives chroma, warmth the temperature of the skin."""
    scheme = SCHEMES[cast.slots[13] % len(SCHEMES)]
    vivid = 0.72 + 0.56 * cast.intensity
    ground = ground_of(subject)
    turn = _ACCENT_TURNS[cast.slots[13] // 8 * 4 + cast.slots[12] % 4]
    own = _ELEMENT_HUES[cast.element]
    accent_hue = (ground.hue + turn) % 360
    # The element pulls the disc a third of the way to its own hue.
    pull = ((own - accent_hue + 540) % 360 - 180) / 3
    disc = _clear(Oklch(scheme.disc[0], scheme.disc[1] * vivid, (accent_hue + pull) % 360))
    jitter = cast.draws.at("skin").between(-14, 14)
    flesh = (52.0 if scheme.skin[0] > 0.5 else 44.0) if scheme.skin_hue is None else ground.hue + scheme.skin_hue
    skin = Oklch(
        scheme.skin[0], scheme.skin[1] * (0.8 + 0.4 * cast.warmth), (flesh + jitter + 14 - 24 * cast.warmth) % 360
    )
    apart = (disc.hue - skin.hue + 540) % 360 - 180
    if abs(apart) < 45 and abs(disc.light - skin.light) < 0.16:
        # A face must not melt into the disc behind it.
        disc = _clear(disc.turned(math.copysign(75, apart)).lighter(-0.05))
    # Shadow turns towards violet by the shorter way, and stays quiet on dark skin: no olive, no blood.
    cool = (320 - skin.hue + 540) % 360 - 180
    shade_hue = skin.hue + math.copysign(min(abs(cool), 30), cool)
    depth = (0.15 + 0.05 * cast.intensity) * (1 if skin.light > 0.5 else 0.72)
    shade = Oklch(skin.light - depth, skin.chroma + (0.035 * vivid if skin.light > 0.5 else 0.0), shade_hue % 360)
    hair = Oklch(*scheme.hair, (ground.hue + cast.draws.at("hair").pick((0, 20, 180, 200, 330))) % 360)
    dress = _clear(
        Oklch(
            scheme.dress[0], scheme.dress[1] * vivid, (disc.hue + cast.draws.at("dress").pick((0, 40, 180, 320))) % 360
        )
    )
    lift = 0.13 if hair.light < 0.7 else -0.16
    ink = Oklch(0.17 if skin.light > 0.5 else 0.11, 0.03, shade.hue)
    return Palette(
        ground,
        ground.lighter(-0.07 if ground.light > 0.5 else 0.09).turned(12).richer(1.15),
        disc,
        skin,
        shade,
        hair,
        hair.lighter(lift).richer(1.4),
        dress,
        dress.lighter(0.12 if dress.light < 0.6 else -0.14).turned(-10),
        Oklch(0.66 if ground.light > 0.5 else 0.74, 0.16 * vivid, (disc.hue + 150) % 360),
        Oklch(skin.light - 0.24, 0.13 * (0.8 + 0.4 * cast.warmth), 18 if scheme.skin_hue is None else 350),
        Oklch(0.60, 0.15, (disc.hue + cast.draws.at("iris").pick((0, 90, 180, 270))) % 360),
        Oklch(0.965 if skin.light > 0.5 else 0.93, 0.012, skin.hue),
        ink,
        _METALS[cast.rank],
    )
