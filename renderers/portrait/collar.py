"""Collars: what an era wears at the neck."""

import math

from renderers.portrait.frame import Frame
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Path, Shape
from renderers.shapes import Point, brush, ellipse, leaf, polygon, smooth, together


def collar(
    frame: Frame, cast: Cast, colours: Palette, base: float, opening: float, depth: float, mass: Path
) -> list[Shape | Group]:
    """What closes the dress at the neck, by era; `mass` is the dress it may not leave."""
    kind, d, cx = cast.collar, frame.lit, frame.cx
    metal, light, dark = colours.metal.hex(), colours.dress_light.hex(), colours.dress.lighter(-0.13).hex()
    edge: list[Point] = [
        (cx - opening, base - 22),
        (cx - opening * 0.66, base - 24 + depth),
        (cx, base - 16 + depth * 1.28),
        (cx + opening * 0.66, base - 24 + depth),
        (cx + opening, base - 22),
    ]
    if kind == 0:
        return [
            Shape(brush(edge, 20, lambda _: 1.0), light),
            Shape(brush([(x, y + 15) for x, y in edge], 4, lambda _: 1.0), metal),
        ]
    if kind == 1:
        rows = [[(x * (1 + 0.0) + (x - cx) * 0.10 * k, y + 20 * k) for x, y in edge] for k in range(4)]
        paints = (metal, dark, light, metal)
        return [Shape(brush(row, (7, 15, 11, 5)[k], lambda _: 1.0), paints[k]) for k, row in enumerate(rows)]
    if kind == 2:
        pleats = []
        for i in range(25):
            angle = math.pi * (1.12 - 1.24 * i / 24)
            x, y = cx + math.cos(angle) * opening * 1.42, base - 6 + math.sin(angle) * 66
            pleats.append(
                (
                    math.sin(angle),
                    leaf(
                        cx + math.cos(angle) * opening * 0.6,
                        base - 14 + math.sin(angle) * 30,
                        x + math.cos(angle) * 34,
                        y + math.sin(angle) * 20,
                        25,
                    ),
                )
            )
        white = colours.white.hex()
        gray = colours.white.toward(colours.dress, 0.35).hex()
        return [Shape(pleat, white if i % 2 else gray) for i, (_, pleat) in enumerate(pleats)]
    if kind == 3:
        result: list[Shape | Group] = []
        for s in (-1, 1):
            wing = smooth(
                [
                    (cx + s * opening * 0.80, base - 92),
                    (cx + s * opening * 1.22, base - 40),
                    (cx + s * opening * 1.75, base + 66),
                    (cx + s * opening * 0.9, base + 118),
                    (cx + s * 6, base + 70 + depth * 0.6),
                    (cx + s * opening * 0.55, base + 10),
                ],
                0.55,
            )
            result.append(Shape(wing, light if s == d else dark))
            result.append(
                Shape(
                    brush(
                        [
                            (cx + s * opening * 0.80, base - 86),
                            (cx + s * opening * 1.2, base - 36),
                            (cx + s * opening * 1.7, base + 62),
                        ],
                        5,
                        lambda _: 1.0,
                    ),
                    metal,
                )
            )
        return result
    if kind == 4:
        beads = []
        for k in range(2):
            for i in range(19):
                t = i / 18 * 2 - 1
                beads.append(
                    ellipse(
                        cx + t * opening * (1.02 + 0.12 * k),
                        base - 10 + (1 - t * t) * (depth * 0.9 + 30 + 34 * k),
                        8.5 - 2.5 * k,
                    )
                )
        return [
            Shape(brush(edge, 9, lambda _: 1.0), dark),
            Shape(together(beads), metal),
            Shape(ellipse(cx, base + depth * 0.9 + 66, 15, 19), colours.accent.hex()),
        ]
    if kind == 5:
        lapels = [
            Shape(
                polygon(
                    [
                        (cx + s * opening * 0.96, base - 30),
                        (cx + s * opening * 1.5, base + 96),
                        (cx + s * opening * 1.06, base + 104),
                        (cx + s * opening * 1.16, base + 150),
                        (cx + s * 2, 1040),
                        (cx + s * opening * 0.42, base + 60),
                    ]
                ),
                light if s == d else dark,
            )
            for s in (-1, 1)
        ]
        shirt = polygon(
            [(cx - opening * 0.9, base - 26), (cx + opening * 0.9, base - 26), (cx + 4, 1040), (cx - 4, 1040)]
        )
        tie = polygon([(cx - 12, base + 34), (cx + 12, base + 34), (cx + 20, 1040), (cx - 20, 1040)])
        return [Shape(shirt, colours.white.hex()), Shape(tie, colours.accent.hex()), *lapels]
    if kind == 6:
        bands = []
        for k in range(4):
            y = base - 50 + 21 * k
            w = frame.half * (0.60 + 0.035 * k)
            bands.append(
                Shape(
                    brush(
                        [
                            (cx - w, y - 10),
                            (cx - w * 0.5, y + 9),
                            (cx, y + 15),
                            (cx + w * 0.5, y + 9),
                            (cx + w, y - 10),
                        ],
                        15,
                        lambda _: 1.0,
                    ),
                    metal if k % 2 else colours.metal.lighter(-0.16).hex(),
                )
            )
        return [*bands]
    folds = tuple(
        Shape(
            brush(
                [
                    (cx + d * opening * (1.15 + 0.2 * k), base - 6 + 13 * k),
                    (cx + d * 20, base + 70 + 34 * k),
                    (cx - d * opening * (1.6 + 0.3 * k), base + 190 + 40 * k),
                ],
                26,
            ),
            light if k % 2 else colours.dress.hex(),
        )
        for k in range(6)
    )
    return [Group("", folds, mass), Shape(ellipse(cx + d * opening * 1.25, base + 22, 17), metal)]
