"""The hair that frames the face: a cap between crown and hairline."""

import math

from renderers.portrait.frame import Frame
from renderers.portrait.hair import sheen, strands, style
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Shape
from renderers.shapes import Point, brush, ellipse, smooth, together


def front(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """The less candid, the lower the hairline."""
    back_kind, kind = style(cast)
    at = frame.at
    d = frame.lit
    fill = sheen(frame, colours)
    veil = 0.09 * (1 - cast.candor)
    """The less candid, the lower the hairline."""
    crown = [
        (-1.06, 0.46),
        (-1.12, 0.26),
        (-0.92, 0.06),
        (-0.50, -0.06),
        (0, -0.095),
        (0.50, -0.06),
        (0.92, 0.06),
        (1.12, 0.26),
        (1.06, 0.46),
    ]
    hairlines = {
        "parted": [
            (0.93, 0.42),
            (0.90, 0.33),
            (0.62, 0.22 + veil),
            (d * 0.12 + 0.10, 0.11),
            (d * 0.12, 0.085),
            (d * 0.12 - 0.10, 0.11),
            (-0.62, 0.22 + veil),
            (-0.90, 0.33),
            (-0.93, 0.42),
        ],
        "swept": [
            (0.95, 0.40),
            (0.86, 0.26 + (veil if d < 0 else 0)),
            (0.45, 0.20 - d * 0.06 + veil),
            (0, 0.17),
            (-0.45, 0.20 + d * 0.06 + veil),
            (-0.86, 0.26 + (veil if d > 0 else 0)),
            (-0.95, 0.40),
        ],
        "fringe": [
            (0.96, 0.52),
            (0.90, 0.38 + veil * 0.5),
            (0.45, 0.345 + veil * 0.6),
            (0, 0.335 + veil * 0.6),
            (-0.45, 0.345 + veil * 0.6),
            (-0.90, 0.38 + veil * 0.5),
            (-0.96, 0.52),
        ],
        "peak": [
            (0.95, 0.40),
            (0.80, 0.20),
            (0.40, 0.13),
            (0, 0.205 + veil),
            (-0.40, 0.13),
            (-0.80, 0.20),
            (-0.95, 0.40),
        ],
        "cropped": [
            (0.97, 0.40),
            (0.84, 0.22),
            (0.42, 0.16 + veil * 0.4),
            (0, 0.15 + veil * 0.4),
            (-0.42, 0.16 + veil * 0.4),
            (-0.84, 0.22),
            (-0.97, 0.40),
        ],
        "curls": [
            (0.98, 0.42),
            (0.84, 0.24),
            (0.42, 0.17 + veil),
            (0, 0.16 + veil),
            (-0.42, 0.17 + veil),
            (-0.84, 0.24),
            (-0.98, 0.42),
        ],
        "wing": [(0.95, 0.42), (0.88, 0.28), (0.4, 0.17), (0, 0.14), (-0.4, 0.17), (-0.88, 0.28), (-0.95, 0.42)],
    }
    if kind == "bare":
        if back_kind == "hood":
            rim = [(-1.13, 0.62), (-1.10, 0.26), (-0.80, 0.03), (0, -0.05), (0.80, 0.03), (1.10, 0.26), (1.13, 0.62)]
            inner = [
                (0.98, 0.60),
                (0.93, 0.30),
                (0.66, 0.13),
                (0, 0.085 + veil),
                (-0.66, 0.13),
                (-0.93, 0.30),
                (-0.98, 0.60),
            ]
            mass = smooth([at(u, v) for u, v in rim + inner], 0.9)
            line = brush([at(u * 1.02, v - 0.004) for u, v in inner], 5)
            return [Shape(mass, colours.dress_light.hex()), Shape(line, colours.metal.hex())]
        return []
    crop = 0.62 if kind == "cropped" else 1.0
    outer = [(u * (0.97 + 0.03 * crop), v * 1.0 + (1 - crop) * 0.06) for u, v in crown]
    mass = smooth([at(u, v) for u, v in outer + hairlines[kind]], 0.92)
    # Under curls little of the strands is seen.
    count = 4 if kind == "curls" else 5 + round(5 * cast.tempo)
    lines: list[list[Point]] = []
    part = {"parted": d * 0.12, "swept": d * 0.62, "wing": d * 0.7}.get(kind, 0.0)
    for side in (-1, 1):
        for i in range(count):
            t = (i + 0.5) / count
            end = at(side * (0.55 + 0.55 * t), 0.26 + 0.22 * t)
            if kind == "fringe":
                end = at(side * t * 1.0, 0.40 + veil)
            lines.append(
                [
                    at(part + side * 0.02, -0.10 + 0.16 * (1 - t)),
                    at(part + side * (0.25 + 0.42 * t) * (1 - part * side * 0.5), 0.02 + 0.10 * (1 - t)),
                    end,
                ]
            )
    result: list[Shape | Group] = [Shape(mass, fill), strands(cast, colours, lines, mass)]
    if kind == "curls":
        draws = cast.draws.at("curls")
        balls = [
            ellipse(
                *at(-0.95 + 1.9 * i / 12, 0.22 - 0.10 * math.sin(math.pi * i / 12) + 0.03 * draws.unit()),
                frame.half * (0.13 + 0.05 * draws.unit()),
            )
            for i in range(13)
        ]
        result.append(Shape(together(balls), colours.hair.hex()))
        rings = []
        for i in range(13):
            x, y = at(-0.95 + 1.9 * i / 12, 0.215 - 0.10 * math.sin(math.pi * i / 12))
            rings.append(brush([(x - 9, y + 4), (x - 2, y - 9), (x + 9, y - 2), (x + 3, y + 7)], 4, steps=4))
        result.append(Shape(together(rings), colours.hair_light.hex(), 0.8))
    if kind == "wing":
        lock = smooth(
            [
                at(u * -d, v)
                for u, v in (
                    (-0.75, -0.02),
                    (-0.2, -0.13),
                    (0.55, -0.12),
                    (1.12, 0.10),
                    (1.24, 0.42),
                    (1.02, 0.62),
                    (1.06, 0.36),
                    (0.70, 0.17),
                    (0.1, 0.15),
                    (-0.45, 0.16),
                    (-0.82, 0.22),
                )
            ]
        )
        flow = [
            [
                at(-d * (-0.7 + 0.1 * i), 0.02 + 0.02 * i),
                at(-d * (0.2 + 0.08 * i), -0.06 + 0.025 * i),
                at(-d * (0.9 + 0.03 * i), 0.10 + 0.03 * i),
                at(-d * 1.12, 0.50),
            ]
            for i in range(6)
        ]
        result += [Shape(lock, fill), strands(cast, colours, flow, lock)]
    return result
