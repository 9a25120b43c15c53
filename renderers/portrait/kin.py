"""Kin: what kind of being it is. Ears, and what the dark plane of the face is made of."""

import math
from itertools import pairwise

from renderers.draws import Draws
from renderers.portrait.frame import Frame
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Path, Shape
from renderers.shapes import bar, brush, ellipse, leaf, polygon, smooth, star, swell, together

Parts = list[Shape | Group]


def ears(frame: Frame, cast: Cast, colours: Palette) -> Parts:
    """Ears beside the head, behind the face."""
    if cast.kin == "feline":
        return []
    shapes: Parts = []
    for s in (-1, 1):
        tone = colours.skin.lighter(-0.03) if s == frame.lit else colours.shade
        x, y = frame.at(s * 1.02, 0.55)
        dark = colours.shade.lighter(-0.09).hex()
        if cast.kin == "elf":
            ear = smooth(
                [
                    (x - s * 22, y - 22),
                    (x + s * 26, y - 52),
                    (x + s * 74, y - 92),
                    (x + s * 42, y - 6),
                    (x + s * 8, y + 40),
                    (x - s * 16, y + 34),
                ],
                0.8,
            )
            shapes += [
                Shape(ear, tone.hex()),
                Shape(brush([(x - s * 2, y + 4), (x + s * 22, y - 34), (x + s * 58, y - 74)], 8), dark, 0.7),
            ]
        elif cast.kin == "finned":
            rays = [leaf(x - s * 12, y + 4 * k, x + s * (66 - 7 * abs(k - 1)), y - 58 + 30 * k, 15) for k in range(5)]
            shapes += [Shape(together(rays), colours.accent.toward(tone, 0.35).hex())]
            shapes += [
                Shape(
                    together(
                        [
                            bar(x - s * 8, y + 4 * k, x + s * (52 - 6 * abs(k - 1)), y - 46 + 26 * k, 2.6)
                            for k in range(5)
                        ]
                    ),
                    dark,
                    0.6,
                )
            ]
        else:
            shapes.append(Shape(ellipse(x, y, 24, 44, s * 0.16), tone.hex()))
            shapes.append(Shape(brush([(x - s * 4, y - 24), (x + s * 9, y - 12), (x + s * 5, y + 10)], 6), dark, 0.7))
    return shapes


def crest(frame: Frame, cast: Cast, colours: Palette) -> Parts:
    """What grows out of the hair: a cat's ears, an owl's tufts."""
    at, shapes = frame.at, list[Shape | Group]()
    for s in (-1, 1):
        if cast.kin == "feline":
            outer = smooth(
                [
                    at(s * 0.34, 0.02),
                    at(s * 0.62, -0.17),
                    at(s * 0.92, -0.27),
                    at(s * 1.06, -0.06),
                    at(s * 1.06, 0.17),
                    at(s * 0.7, 0.10),
                ],
                0.6,
            )
            inner = smooth(
                [
                    at(s * 0.56, -0.01),
                    at(s * 0.72, -0.13),
                    at(s * 0.90, -0.205),
                    at(s * 0.975, -0.03),
                    at(s * 0.95, 0.09),
                ],
                0.6,
            )
            shapes += [
                Shape(outer, colours.hair.hex()),
                Shape(inner, colours.shade.hex() if s != frame.lit else colours.skin.lighter(-0.05).hex()),
            ]
        elif cast.kin == "owl":
            tuft = [
                leaf(*at(s * (0.30 + 0.13 * k), 0.13 + 0.02 * k), *at(s * (0.95 + 0.20 * k), -0.20 + 0.085 * k), 17)
                for k in range(4)
            ]
            tones = (colours.hair_light, colours.dress_light, colours.hair_light, colours.accent)
            shapes += [Shape(path, tones[k].hex()) for k, path in enumerate(tuft)]
    return shapes


def skin(frame: Frame, cast: Cast, colours: Palette, shade: Path) -> Parts:
    """What lies on the skin; `shade` is the dark plane."""
    draws = cast.draws.at("skin")
    if cast.kin == "night":
        deep = (
            colours.ground
            if colours.ground.light < 0.4
            else colours.ground.lighter(0.20 - colours.ground.light).turned(20)
        )
        sky: Parts = [
            Shape(shade, deep.richer(1.2).hex(), 0.92),
            Shape(_stars(frame, draws), colours.metal.lighter(0.10).hex()),
        ]
        return [Group("", tuple(sky), shade)]
    if cast.kin == "mended":
        return [Shape(_cracks(frame, draws), colours.metal.hex())]
    if cast.kin == "finned":
        return [Shape(_scales(frame), colours.accent.hex(), 0.5)]
    if cast.kin == "feline":
        x, y = frame.x, frame.y
        whiskers = [
            brush(
                [
                    (x(s * 0.30), y(0.74 + 0.014 * k)),
                    (x(s * 0.62), y(0.728 + 0.03 * k)),
                    (x(s * 1.0), y(0.73 + 0.05 * k)),
                ],
                3.6,
                swell,
            )
            for s in (-1, 1)
            for k in range(3)
        ]
        stripes = [
            brush([(x(u * 0.12), y(0.16)), (x(u * 0.15), y(0.25)), (x(u * 0.10), y(0.33))], 11) for u in (-1.7, 0, 1.7)
        ]
        return [
            Shape(together(whiskers), colours.ink.hex(), 0.7),
            Shape(together(stripes), colours.shade.lighter(-0.10).hex(), 0.7),
        ]
    if cast.kin == "owl":
        x, y = frame.x, frame.y
        fan = []
        for s in (-1, 1):
            for i in range(9):
                angle = math.tau * (i / 13 + 0.06)
                cx, cy = x(s * 0.465), y(frame.eye)
                u, v = s * math.cos(angle), math.sin(angle)
                fan.append(leaf(cx + u * 52, cy + v * 46, cx + u * 84, cy + v * 76, 7))
        return [Shape(together(fan), colours.shade.lighter(-0.07).hex(), 0.55)]
    return []


def _stars(frame: Frame, draws: Draws) -> Path:
    d = -frame.lit
    points = [
        (frame.x(d * draws.between(0.12, 0.95)), frame.y(draws.between(0.10, 0.95)), draws.unit()) for _ in range(34)
    ]
    return together([star(x, y, 9 + 5 * u, 2.2, 4) if u > 0.75 else ellipse(x, y, 1.2 + 2.4 * u) for x, y, u in points])


def _cracks(frame: Frame, draws: Draws) -> Path:
    """Gold seams, as of a mended bowl."""
    d = -frame.lit
    seams: list[Path] = []
    u, v = 0.95, draws.between(0.20, 0.30)
    line = [(u, v)]
    for _ in range(6):
        u, v = u - draws.between(0.10, 0.24), v + draws.between(0.02, 0.13)
        line.append((u, v))
        if draws.unit() < 0.75:
            reach = draws.between(0.10, 0.34)
            seams.append(
                _seam(frame, d, [(u, v), (u + reach * 0.6, v + reach * 0.25), (u + reach, v + reach * 0.18)], 3.6)
            )
    seams.append(_seam(frame, d, line, 6.5))
    return together(seams)


def _seam(frame: Frame, d: int, line: list[tuple[float, float]], width: float) -> Path:
    points = [(frame.x(d * u), frame.y(v)) for u, v in line]
    return together(
        [bar(*a, *b, width) for a, b in pairwise(points)]
        + [star(*p, width * 0.5, width * 0.5, 3) for p in points[1:-1]]
    )


def _scales(frame: Frame) -> Path:
    rows = []
    for s in (-1, 1):
        for row in range(7):
            for k in range(3 - (row % 2)):
                u = s * (0.98 - 0.11 * k - 0.05 * (row % 2))
                x, y = frame.at(u, 0.50 + 0.036 * row)
                rows.append(polygon([(x, y - 8), (x + 8, y), (x, y + 9), (x - 8, y)]))
    return together(rows)
