"""What is worn and what stays: headdress, ear ornament, and the lasting marks of stage, level and rarity."""

import math

from renderers.portrait.frame import Frame
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Path, Shape
from renderers.shapes import (
    Point,
    bar,
    brush,
    crescent,
    ellipse,
    leaf,
    polygon,
    rectangle,
    ring,
    smooth,
    star,
    swell,
    together,
)


def behind(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """The part of the headdress that stands behind the hair."""
    at, metal = frame.at, colours.metal.hex()
    dark = colours.metal.lighter(-0.20).hex()
    if cast.emblem == 1:
        rays: list[Path] = []
        for i in range(13):
            angle = math.pi * (1.14 + 0.72 * i / 12)
            x, y = at(0, 0.34)
            reach = frame.half * (1.78 if i % 2 == 0 else 1.50)
            rays.append(
                leaf(
                    x + frame.half * 0.9 * math.cos(angle),
                    y + frame.half * 0.9 * math.sin(angle),
                    x + reach * math.cos(angle),
                    y + reach * math.sin(angle),
                    13,
                )
            )
        return [Shape(together(rays), metal)]
    if cast.emblem == 2:
        horns = [
            brush([at(s * 0.52, 0.06), at(s * 0.98, -0.10), at(s * 1.22, -0.28), at(s * 1.02, -0.46)], 58, swell, 14)
            for s in (-1, 1)
        ]
        rings = [
            brush([at(s * (0.66 + 0.14 * k), 0.015 - 0.062 * k), at(s * (0.80 + 0.13 * k), 0.03 - 0.062 * k)], 5)
            for s in (-1, 1)
            for k in range(4)
        ]
        return [
            Shape(together(horns), colours.hair_light.toward(colours.metal, 0.5).hex()),
            Shape(together(rings), dark, 0.6),
        ]
    if cast.emblem == 5:
        plumes: list[Shape | Group] = []
        for i in range(7):
            angle = math.pi * (1.5 + (i - 3) * 0.105)
            x, y = at(0, 0.16)
            tip = (
                x + frame.half * 2.0 * math.cos(angle),
                y + frame.half * (1.95 - 0.08 * abs(i - 3)) * math.sin(angle),
            )
            colour = colours.accent if i % 2 else colours.dress_light
            plumes.append(Shape(leaf(x, y, *tip, 30), colour.hex()))
            plumes.append(Shape(brush([(x, y), ((x + tip[0]) / 2, (y + tip[1]) / 2), tip], 4), colours.ink.hex(), 0.5))
        return plumes
    if cast.emblem == 8:
        wings = [
            leaf(*at(s * 0.95, 0.30 + 0.02 * k), *at(s * (1.86 - 0.13 * k), -0.16 + 0.105 * k), 15)
            for s in (-1, 1)
            for k in range(5)
        ]
        return [
            Shape(together(wings), colours.metal.hex()),
            Shape(
                together(
                    [
                        brush([at(s * 1.0, 0.31 + 0.02 * k), at(s * (1.75 - 0.12 * k), -0.12 + 0.10 * k)], 3)
                        for s in (-1, 1)
                        for k in range(5)
                    ]
                ),
                dark,
                0.7,
            ),
        ]
    return []


def upon(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """The part of the headdress that lies on hair and brow, and the ear ornaments."""
    at, metal = frame.at, colours.metal.hex()
    dark, gem = colours.metal.lighter(-0.20).hex(), colours.accent.hex()
    band: list[Point] = [at(-1.08, 0.24), at(-0.6, 0.155), at(0, 0.13), at(0.6, 0.155), at(1.08, 0.24)]
    shapes: list[Shape | Group] = []
    kind = cast.emblem
    if kind == 0:
        shapes = [
            Shape(brush(band, 9, lambda _: 1.0), metal),
            Shape(ellipse(*at(0, 0.135), 15, 19), metal),
            Shape(ellipse(*at(0, 0.135), 9, 12), gem),
        ]
    elif kind == 1:
        shapes = [Shape(brush(band, 15, lambda _: 1.0), metal), Shape(brush(band, 4, lambda _: 1.0), dark, 0.8)]
    elif kind == 3:
        leaves: list[Path] = []
        for s in (-1, 1):
            for k in range(8):
                u, v = s * (0.16 + 0.125 * k), 0.13 + 0.014 * k * k * 0.30
                leaves.append(leaf(*at(u, v), *at(u + s * 0.19, v - 0.085), 9))
                leaves.append(leaf(*at(u, v), *at(u + s * 0.22, v + 0.028), 8))
        shapes = [Shape(together(leaves), colours.metal.toward(colours.accent, 0.25 if cast.rank < 2 else 0.0).hex())]
    elif kind == 4:
        x, y = at(0, 0.02)
        shapes = [
            Shape(brush(band, 7, lambda _: 1.0), metal),
            Shape(crescent(x, y - 30, 46, 0.72, math.pi / 2), metal),
            Shape(ellipse(x, y - 34, 10), gem),
        ]
    elif kind == 5:
        shapes = [
            Shape(brush(band, 20, lambda _: 1.0), colours.dress.hex()),
            Shape(ellipse(*at(0, 0.135), 17), metal),
            Shape(ellipse(*at(0, 0.135), 9), gem),
        ]
    elif kind == 6:
        stems = [brush([at(s * 0.30, 0.02), at(s * 0.50, -0.14), at(s * 0.72, -0.24)], 7) for s in (-1, 1)]
        balls = [ellipse(*at(s * 0.74, -0.25), 15) for s in (-1, 1)]
        shapes = [
            Shape(together(stems), metal),
            Shape(together(balls), gem),
            Shape(brush(band, 6, lambda _: 1.0), metal),
        ]
    elif kind == 7:
        x, y = at(frame.turn * 0.12, 0.285)
        shapes = [
            Shape(leaf(x - 26, y, x + 26, y, 17), metal),
            Shape(ellipse(x, y, 10), gem),
            Shape(ellipse(x, y, 4.5), colours.ink.hex()),
        ]
    elif kind == 8:
        shapes = [Shape(brush(band, 12, lambda _: 1.0), metal)]
    elif kind == 10:
        x, y = at(0, 0.035)
        shapes = [
            Shape(brush(band, 8, lambda _: 1.0), metal),
            Shape(star(x, y, 62, 13, 4), metal),
            Shape(star(x, y, 34, 12, 4, math.pi / 4), dark),
            Shape(ellipse(x, y, 8), gem),
        ]
    elif kind == 9:
        drops = [ellipse(*at(-0.8 + 0.2 * i, 0.235 - 0.075 * math.sin(math.pi * i / 8)), 6.5) for i in range(9)]
        chain = [at(-0.98, 0.22), at(-0.5, 0.16), at(0, 0.145), at(0.5, 0.16), at(0.98, 0.22)]
        shapes = [
            Shape(brush(chain, 4, lambda _: 1.0), metal),
            Shape(together(drops), metal),
            Shape(star(*at(0, 0.10), 26, 8, 8), metal),
        ]
    return shapes + _ears(frame, cast, colours)


def _ears(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    kind, metal, gem = cast.slots[11] % 6, colours.metal.hex(), colours.accent.hex()
    paths: list[Path] = []
    gems: list[Path] = []
    for s in (-1, 1):
        x, y = frame.at(s * 1.05, 0.655)
        if kind == 1:
            paths.append(ring(x, y + 26, 24, 6))
        elif kind == 2:
            paths.append(bar(x, y - 4, x, y + 52, 4))
            gems.append(leaf(x, y + 44, x, y + 92, 12))
        elif kind == 3:
            paths += [ellipse(x, y + 14 * k, 7.5 - k) for k in range(4)]
        elif kind == 4 and s == frame.lit:
            paths.append(crescent(x, y + 28, 25, 0.7, math.pi / 2))
            gems.append(ellipse(x, y + 66, 7))
        elif kind == 5:
            paths.append(polygon([(x, y - 6), (x + 17, y + 52), (x - 17, y + 52)]))
            gems.append(ellipse(x, y + 34, 6.5))
    shapes: list[Shape | Group] = []
    if paths:
        # Rings keep their holes only alone: a shape each.
        shapes += [Shape(path, metal) for path in paths]
    if gems:
        shapes.append(Shape(together(gems), gem))
    return shapes


def age(cast: Cast, colours: Palette) -> list[Shape | Group]:
    """Rings for the stage, beads on them for the level: five small ones to a large one.

    Rigour graduates the inner ring like an instrument; tempo runs along it in arcs.
    """
    x, y = 512.0, 428.0
    colour = colours.metal.hex()
    shapes: list[Shape | Group] = []
    radius = 338.0
    rings = [ring(x, y, radius + 11.5 * k, 3.2 if k == 0 else 2.2) for k in range(cast.stage + 1)]
    shapes.append(Shape(Path(tuple(command for each in rings for command in each.commands)), colour, 0.85))
    ticks = [
        bar(x + (radius - 4) * u, y + (radius - 4) * v, x + (radius - length) * u, y + (radius - length) * v, 2.4)
        for i in range(12 * round(6 * cast.rigor))
        for angle in [math.tau * i / (12 * round(6 * cast.rigor))]
        for u, v, length in [(math.cos(angle), math.sin(angle), 20 if i % round(6 * cast.rigor) == 0 else 12)]
    ]
    if ticks:
        shapes.append(Shape(together(ticks), colour, 0.85))
    sweep = 0.06 + 0.62 * cast.tempo
    start = cast.draws.at("arcs").between(0, math.tau)
    arcs = [
        brush([(x + (radius - 28) * math.cos(a), y + (radius - 28) * math.sin(a)) for a in turn], 7, swell, 8)
        for k in range(3)
        for turn in [[start + math.tau * k / 3 - sweep * t / 4 for t in range(5)]]
    ]
    shapes.append(Shape(together(arcs), colours.accent.hex(), 0.9))
    large, small = divmod(min(cast.level, 99), 5)
    beads: list[Path] = []
    total = large + small
    for i in range(total):
        angle = -math.pi / 2 + (i - (total - 1) / 2) * 0.115
        beads.append(ellipse(x + radius * math.cos(angle), y + radius * math.sin(angle), 10 if i < large else 5.5))
    if beads:
        shapes.append(Shape(together(beads), colour))
    return shapes


def border(cast: Cast, colours: Palette) -> list[Shape | Group]:
    """Rarity frames the picture: nothing, a line, two lines, corners, rays in the corners."""
    if cast.rank < 2:
        return []
    colour = colours.metal.hex()
    inset = 26.0
    shapes: list[Shape | Group] = [Shape(_outline(inset, 5), colour)]
    if cast.rank >= 3:
        shapes.append(Shape(_outline(inset + 14, 2.5), colour))
        corners = [
            smooth([(x, y), (x + sx * 74, y + sy * 8), (x + sx * 22, y + sy * 22), (x + sx * 8, y + sy * 74)], 0.3)
            for x, sx in ((inset, 1), (1024 - inset, -1))
            for y, sy in ((inset, 1), (1024 - inset, -1))
        ]
        shapes.append(Shape(together(corners), colour))
    if cast.rank >= 4:
        rays = [star(x, y, 30, 8, 8) for x in (inset + 4, 1020 - inset) for y in (inset + 4, 1020 - inset)]
        shapes.append(Shape(together(rays), colours.metal.lighter(0.06).hex()))
    return shapes


def _outline(inset: float, width: float) -> Path:
    a, b = inset, 1024 - inset
    return together(
        [
            rectangle(a, a, b - a, width),
            rectangle(a, b - width, b - a, width),
            rectangle(a, a, width, b - a),
            rectangle(b - width, a, width, b - a),
        ]
    )
