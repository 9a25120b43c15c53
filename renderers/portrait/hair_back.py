"""The mass of hair, or the hood, behind the head: one function for each way to wear it."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from renderers.portrait.frame import Frame
from renderers.portrait.hair import sheen, strands, style
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Linear, Shape, Stop
from renderers.shapes import Point, brush, ellipse, leaf, smooth, together

Parts = list[Shape | Group]

_FALLS: Final = {
    # how far down (1 is the chin), how wide
    "bob": (0.90, 1.24),
    "long": (1.44, 1.18),
    "waves": (1.36, 1.36),
    "sweep": (1.30, 1.20),
    "plait": (0.98, 1.12),
}


def back(frame: Frame, cast: Cast, colours: Palette) -> Parts:
    """Tempo gives it more strands."""
    kind, _ = style(cast)
    if kind in _FALLS:
        return _falling(frame, cast, colours, kind)
    return _STYLES[kind](frame, cast, colours)


def _none(frame: Frame, cast: Cast, colours: Palette) -> Parts:
    return []


def _count(cast: Cast) -> int:
    return 7 + round(6 * cast.tempo)


def _cloud(frame: Frame, cast: Cast, colours: Palette) -> Parts:
    draws = cast.draws.at("back")
    cx, cy = frame.at(0, 0.26)
    puffs = [ellipse(*frame.at(0, 0.24), frame.half * 1.36, frame.height * 0.46)]
    for i in range(18):
        angle = math.pi * (0.86 + 1.28 * i / 17)
        radius = frame.half * (1.40 + 0.10 * draws.unit())
        size = frame.half * (0.26 + 0.14 * draws.unit())
        puffs.append(ellipse(cx + radius * math.cos(angle), cy + radius * 0.98 * math.sin(angle), size))
    mass = together(puffs)
    curls: list[list[Point]] = []
    for _ in range(16 + 2 * _count(cast)):
        angle, radius = math.pi * (0.82 + 1.36 * draws.unit()), frame.half * (1.05 + 0.55 * draws.unit())
        x, y, r = cx + radius * math.cos(angle), cy + radius * math.sin(angle), 7 + 9 * draws.unit()
        turn = math.tau * draws.unit()
        curls.append([(x + r * math.cos(turn + k * 1.25), y + r * math.sin(turn + k * 1.25)) for k in range(4)])
    return [Shape(mass, sheen(frame, colours, -0.03)), strands(cast, colours, curls, mass, steps=4)]


def _bun(frame: Frame, cast: Cast, colours: Palette) -> Parts:
    x, y = frame.at(0, -0.13)
    r = frame.half * 0.50
    skull = ellipse(*frame.at(0, 0.30), frame.half * 1.10, frame.height * 0.36)
    mass = together([ellipse(x, y, r, r * 0.86), skull])
    lines = [
        [
            (x - r + 2 * r * i / 8, y + r * 0.8),
            (x + (i - 4) * r * 0.12, y - r * 0.2),
            (x + r - 2 * r * i / 8, y - r * 0.9),
        ]
        for i in range(9)
    ]
    return [Shape(mass, sheen(frame, colours, -0.03)), strands(cast, colours, lines, mass)]


def _spikes(frame: Frame, cast: Cast, colours: Palette) -> Parts:
    x, y = frame.at(0, 0.30)
    half, lean = frame.half, frame.lit
    number = 11 + 2 * round(2 * cast.imagination)
    angles = [math.pi * (0.92 + 1.16 * i / (number - 1)) for i in range(number)]

    def out(angle: float, reach: float) -> Point:
        return x + half * reach * math.cos(angle), y + half * reach * math.sin(angle)

    blades = [ellipse(*frame.at(0, 0.28), half * 1.08, frame.height * 0.34)]
    for i, angle in enumerate(angles):
        reach = 1.62 + 0.28 * math.sin(math.pi * i / (number - 1)) + 0.16 * (i % 2)
        blades.append(leaf(*out(angle, 0.7), *out(angle + 0.12 * lean, reach), half * 0.27))
    mass = together(blades)
    lines = [[out(angle + 0.04 * lean * reach, reach) for reach in (0.9, 1.25, 1.6)] for angle in angles]
    return [Shape(mass, sheen(frame, colours, -0.03)), strands(cast, colours, lines, mass)]


def _hood(frame: Frame, cast: Cast, colours: Palette) -> Parts:
    at = frame.at
    right = [(0.80, -0.10), (1.28, 0.22), (1.34, 0.60), (1.52, 1.02), (1.75, 1.34)]
    mass = smooth(
        [at(u, v) for u, v in [(0, -0.20), *right, (0, 1.42), *[(-u, v) for u, v in reversed(right)]]],
    )
    cloth = (
        Stop(0, colours.dress_light.hex()),
        Stop(0.5, colours.dress.hex()),
        Stop(1, colours.dress.lighter(-0.09).hex()),
    )
    fill = Linear(at(frame.lit * 1.3, 0)[0], 0, at(-frame.lit * 1.3, 0)[0], 0, cloth)
    folds = [
        brush(
            [
                at(s * (1.04 + 0.04 * k), 0.14 + 0.02 * k),
                at(s * (1.16 + 0.05 * k), 0.55),
                at(s * (1.22 + 0.14 * k), 1.2),
            ],
            6,
        )
        for s in (-1, 1)
        for k in range(4)
    ]
    shade = Shape(together(folds), colours.dress.lighter(-0.12).hex(), 0.6)
    return [Shape(mass, fill), Group("", (shade,), mass)]


def _falling(frame: Frame, cast: Cast, colours: Palette, kind: str) -> Parts:
    """Hair that hangs down: to the jaw, to the chest, in waves, over one shoulder, into a plait."""
    at = frame.at
    lower, spread = _FALLS[kind]
    points = _swept(frame, lower, spread) if kind == "sweep" else _even(kind, lower, spread)
    mass = smooth([at(u, v) for u, v in points])
    count = _count(cast)
    lines = []
    for i in range(count):
        u = (i / (count - 1) * 2 - 1) * spread
        waist = u * (1.0 + 0.05 * math.sin(i * 2.1))
        lines.append([at(u * 0.7, 0.1), at(u * 0.99, 0.42), at(waist, 0.75), at(u * 0.96, lower + 0.02)])
    result: Parts = [Shape(mass, sheen(frame, colours, -0.03)), strands(cast, colours, lines, mass)]
    return result + _plait(frame, colours) if kind == "plait" else result


def _even(kind: str, lower: float, spread: float) -> list[Point]:
    left: list[Point] = []
    right: list[Point] = []
    for i in range(1, 7):
        t = i / 6
        wave = 0.12 * math.sin(t * 9.5) if kind == "waves" else 0.0
        flare = spread + (0.10 if kind == "bob" and t > 0.8 else 0.0) + wave
        right.append((flare, 0.18 + (lower - 0.18) * t))
        left.append((-flare + 2 * wave, 0.18 + (lower - 0.18) * t))
    hem = lower - (0.02 if kind == "bob" else -0.03)
    bottom = [(spread * 0.55, lower + 0.05), (0.0, hem), (-spread * 0.55, lower + 0.05)]
    return [(0, -0.10), (0.82, -0.04), *right, *bottom, *reversed(left), (-0.82, -0.04)]


def _swept(frame: Frame, lower: float, spread: float) -> list[Point]:
    d = -frame.lit
    side = [(d * spread * (1 + 0.14 * k / 5), 0.18 + (lower - 0.18) * (k + 1) / 6) for k in range(6)]
    hem = [(d * 0.7, lower + 0.10), (d * 0.3, 0.9), (-d * 0.5, 0.72)]
    short = [(-d * 0.98, 0.60), (-d * 1.06, 0.42), (-d * 1.06, 0.2)]
    return [(0, -0.10), (d * 0.8, -0.03), *side, *hem, *short, (-d * 0.8, -0.03)]


def _plait(frame: Frame, colours: Palette) -> Parts:
    at, d = frame.at, -frame.lit
    beads = [
        ellipse(*at(d * (1.02 + 0.06 * math.sin(i * 0.9)), 0.90 + 0.085 * i), 25 - i * 1.6, 23 - i, d * 0.5)
        for i in range(7)
    ]
    cuts = [
        brush([at(d * 0.9, 0.93 + 0.085 * i), at(d * 1.04, 0.965 + 0.085 * i), at(d * 1.16, 0.93 + 0.085 * i)], 4)
        for i in range(6)
    ]
    fill = sheen(frame, colours, -0.03)
    return [
        *[Shape(bead, fill) for bead in beads],
        Group("", (Shape(together(cuts), colours.hair_light.hex(), 0.8),), together(beads)),
        Shape(ellipse(*at(d * 1.0, 0.90 + 0.085 * 6.5), 14, 10), colours.metal.hex()),
    ]


_STYLES: Final[Mapping[str, Callable[[Frame, Cast, Palette], Parts]]] = {
    "none": _none,
    "cloud": _cloud,
    "bun": _bun,
    "spikes": _spikes,
    "hood": _hood,
}
