"""The mass of hair, or the hood, behind the head."""

import math

from renderers.portrait.frame import Frame
from renderers.portrait.hair import sheen, strands, style
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Linear, Shape, Stop
from renderers.shapes import brush, ellipse, leaf, smooth, together


def back(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """Tempo gives it more strands."""
    kind, _ = style(cast)
    at = frame.at
    draws = cast.draws.at("back")
    fill = sheen(frame, colours, -0.03)
    count = 7 + round(6 * cast.tempo)
    if kind == "none":
        return []
    if kind == "cloud":
        puffs = [ellipse(*at(0, 0.24), frame.half * 1.36, frame.height * 0.46)]
        for i in range(22):
            angle = math.pi * (0.86 + 1.28 * i / 21) + math.pi * 0.0
            radius = frame.half * (1.40 + 0.10 * draws.unit())
            x, y = at(0, 0.26)
            puffs.append(
                ellipse(
                    x + radius * math.cos(angle),
                    y + radius * 0.98 * math.sin(angle),
                    frame.half * (0.24 + 0.14 * draws.unit()),
                )
            )
        mass = together(puffs)
        curls = []
        for _ in range(30 + 2 * count):
            angle, radius = math.pi * (0.82 + 1.36 * draws.unit()), frame.half * (1.05 + 0.55 * draws.unit())
            x, y = at(0, 0.27)
            x, y, r = x + radius * math.cos(angle), y + radius * math.sin(angle), 7 + 9 * draws.unit()
            turn = draws.unit() * 6.28
            curls.append([(x + r * math.cos(turn + k * 1.25), y + r * math.sin(turn + k * 1.25)) for k in range(4)])
        return [Shape(mass, fill), strands(frame, cast, colours, curls, mass)]
    if kind == "bun":
        x, y = at(0, -0.13)
        r = frame.half * 0.50
        mass = together([ellipse(x, y, r, r * 0.86), ellipse(*at(0, 0.30), frame.half * 1.10, frame.height * 0.36)])
        lines = [
            [
                (x - r + 2 * r * i / 8, y + r * 0.8),
                (x + (i - 4) * r * 0.12, y - r * 0.2),
                (x + r - 2 * r * i / 8, y - r * 0.9),
            ]
            for i in range(9)
        ]
        return [Shape(mass, fill), strands(frame, cast, colours, lines, mass)]
    if kind == "spikes":
        blades = [ellipse(*at(0, 0.28), frame.half * 1.08, frame.height * 0.34)]
        number = 11 + 2 * round(2 * cast.imagination)
        for i in range(number):
            angle = math.pi * (0.92 + 1.16 * i / (number - 1))
            x, y = at(0, 0.30)
            reach = frame.half * (1.62 + 0.28 * math.sin(math.pi * i / (number - 1)) + 0.16 * (i % 2))
            blades.append(
                leaf(
                    x + frame.half * 0.7 * math.cos(angle),
                    y + frame.half * 0.7 * math.sin(angle),
                    x + reach * math.cos(angle + 0.12 * frame.lit),
                    y + reach * math.sin(angle + 0.12 * frame.lit),
                    frame.half * 0.27,
                )
            )
        mass = together(blades)
        lines = []
        for i in range(number):
            angle = math.pi * (0.92 + 1.16 * i / (number - 1))
            x, y = at(0, 0.30)
            lines.append(
                [
                    (
                        x + frame.half * r * math.cos(angle + 0.04 * frame.lit * r),
                        y + frame.half * r * math.sin(angle + 0.04 * frame.lit * r),
                    )
                    for r in (0.9, 1.25, 1.6)
                ]
            )
        return [Shape(mass, fill), strands(frame, cast, colours, lines, mass)]
    if kind == "hood":
        points = [
            (0, -0.20),
            (0.80, -0.10),
            (1.28, 0.22),
            (1.34, 0.60),
            (1.52, 1.02),
            (1.75, 1.34),
            (0, 1.42),
            (-1.75, 1.34),
            (-1.52, 1.02),
            (-1.34, 0.60),
            (-1.28, 0.22),
            (-0.80, -0.10),
        ]
        mass = smooth([at(u, v) for u, v in points])
        dress = Linear(
            at(frame.lit * 1.3, 0)[0],
            0,
            at(-frame.lit * 1.3, 0)[0],
            0,
            (
                Stop(0, colours.dress_light.hex()),
                Stop(0.5, colours.dress.hex()),
                Stop(1, colours.dress.lighter(-0.09).hex()),
            ),
        )
        lines = [
            [
                at(s * (1.04 + 0.04 * k), 0.14 + 0.02 * k),
                at(s * (1.16 + 0.05 * k), 0.55),
                at(s * (1.22 + 0.14 * k), 1.2),
            ]
            for s in (-1, 1)
            for k in range(4)
        ]
        edge = together([brush(line, 6) for line in lines])
        return [Shape(mass, dress), Group("", (Shape(edge, colours.dress.lighter(-0.12).hex(), 0.6),), mass)]
    lower = {"bob": 0.90, "long": 1.44, "waves": 1.36, "sweep": 1.30, "plait": 0.98}[kind]
    spread = {"bob": 1.24, "long": 1.18, "waves": 1.36, "sweep": 1.20, "plait": 1.12}[kind]
    left, right = [], []
    steps = 6
    for i in range(1, steps + 1):
        t = i / steps
        wave = 0.0
        if kind == "waves":
            wave = 0.12 * math.sin(t * 9.5)
        flare = spread + (0.10 if kind == "bob" and t > 0.8 else 0.0) + wave
        right.append((flare, 0.18 + (lower - 0.18) * t))
        left.append((-flare + (2 * wave if kind == "waves" else 0), 0.18 + (lower - 0.18) * t))
    if kind == "sweep":
        d = -frame.lit
        side = [(d * abs(u) * (1 + 0.14 * k / 5), v) for k, (u, v) in enumerate(right)]
        short = [(-d * 1.06, 0.2), (-d * 1.06, 0.42), (-d * 0.98, 0.60)]
        points = [
            (0, -0.10),
            (d * 0.8, -0.03),
            *side,
            (d * 0.7, lower + 0.10),
            (d * 0.3, 0.9),
            (-d * 0.5, 0.72),
            *reversed(short),
            (-d * 0.8, -0.03),
        ]
    else:
        points = [
            (0, -0.10),
            (0.82, -0.04),
            *right,
            (spread * 0.55, lower + 0.05),
            (0, lower - (0.02 if kind == "bob" else -0.03)),
            (-spread * 0.55, lower + 0.05),
            *reversed(left),
            (-0.82, -0.04),
        ]
    mass = smooth([at(u, v) for u, v in points])
    lines = []
    for i in range(count):
        t = i / (count - 1) * 2 - 1
        u = t * spread
        lines.append(
            [
                at(u * 0.7, 0.1),
                at(u * 0.99, 0.42),
                at(u * (1.0 + 0.05 * math.sin(i * 2.1)), 0.75),
                at(u * 0.96, lower + 0.02),
            ]
        )
    result: list[Shape | Group] = [Shape(mass, fill), strands(frame, cast, colours, lines, mass)]
    if kind == "plait":
        d = -frame.lit
        beads = [
            ellipse(*at(d * (1.02 + 0.06 * math.sin(i * 0.9)), 0.90 + 0.085 * i), 25 - i * 1.6, 23 - i, d * 0.5)
            for i in range(7)
        ]
        result += [Shape(bead, fill) for bead in beads]
        cuts = [
            brush([at(d * 0.9, 0.93 + 0.085 * i), at(d * 1.04, 0.965 + 0.085 * i), at(d * 1.16, 0.93 + 0.085 * i)], 4)
            for i in range(6)
        ]
        result.append(Group("", (Shape(together(cuts), colours.hair_light.hex(), 0.8),), together(beads)))
        result.append(Shape(ellipse(*at(d * 1.0, 0.90 + 0.085 * 6.5), 14, 10), colours.metal.hex()))
    return result
