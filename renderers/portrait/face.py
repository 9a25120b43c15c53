"""The face: two planes of light and shade that meet in one line from brow to chin, and the features on it."""

from renderers.portrait import kin
from renderers.portrait.eyes import eyes
from renderers.portrait.frame import Frame
from renderers.portrait.mouth import mouth
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Linear, Path, Radial, Shape, Stop
from renderers.shapes import Pen, brush, ellipse, leaf, smooth, star, swell, together


def outline(frame: Frame) -> Path:
    """The contour of the head without hair."""
    right = [
        (0.52, 0.035),
        (0.88, 0.16),
        (1.0, 0.34),
        (1.0, 0.50),
        (frame.cheek, 0.64),
        (frame.jaw, 0.83),
        (frame.chin + 0.10, 0.965),
    ]
    points = [(0.0, 0.0), *right, (0.0, 1.0), *[(-u, v) for u, v in reversed(right)]]
    return smooth([frame.at(u + frame.turn * 0.10 * v, v) for u, v in points])


def shade_plane(frame: Frame, bump: float) -> Path:
    """Everything on the dark side of the profile line, far beyond the contour: it is cut to the face."""
    d = frame.lit
    profile = [
        (0.06, -0.05),
        (0.10, 0.20),
        (0.07, 0.36),
        (-0.05, frame.brow + 0.015),
        (-0.035, frame.eye),
        (0.05 + bump, frame.eye + 0.09),
        (0.15 + bump, frame.nose - 0.045),
        (0.215 + bump * 0.6, frame.nose - 0.012),
        (0.17, frame.nose + 0.012),
        (0.03, frame.nose + 0.022),
        (0.035, frame.mouth - 0.042),
        (0.10, frame.mouth - 0.016),
        (0.03, frame.mouth + 0.002),
        (0.085, frame.mouth + 0.028),
        (0.01, frame.mouth + 0.056),
        (0.055, 0.945),
        (0.02, 1.06),
    ]
    line = [(frame.x(d * u), frame.y(v)) for u, v in profile]
    far = frame.cx - d * frame.half * 2.4
    return smooth([*line, (far, frame.y(1.1)), (far, frame.y(-0.1))], 0.9)


def face(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    contour = outline(frame)
    d = frame.lit
    lit_x, dark_x = frame.cx + d * frame.half * 1.1, frame.cx - d * frame.half * 1.1
    skin = Linear(
        lit_x,
        0,
        dark_x,
        0,
        (
            Stop(0, colours.skin.lighter(0.045).hex()),
            Stop(0.55, colours.skin.hex()),
            Stop(1, colours.skin.lighter(-0.05).hex()),
        ),
    )
    shade = Linear(
        0,
        frame.y(0.1),
        0,
        frame.y(1.0),
        (
            Stop(0, colours.shade.hex()),
            Stop(0.7, colours.shade.lighter(-0.035).turned(-8).hex()),
            Stop(1, colours.shade.lighter(0.05).turned(-24).richer(1.15).hex()),
        ),
    )
    bump = (cast.slots[4] % 4) * 0.022 - 0.02
    dark = shade_plane(frame, bump)
    planes: list[Shape | Group] = [
        Shape(contour, skin),
        Shape(dark, shade),
        *kin.skin(frame, cast, colours, dark),
        *_blush(frame, cast, colours),
        *_paint(frame, cast, colours),
        *_temple_light(frame, colours),
    ]
    return [
        Group("", tuple(planes), contour),
        *eyes(frame, cast, colours),
        *_brows(frame, cast, colours),
        *_nose(frame, cast, colours),
        *mouth(frame, cast, colours),
    ]


def _blush(frame: Frame, cast: Cast, colours: Palette) -> list[Shape]:
    strength = 0.10 + 0.38 * cast.warmth
    colour = colours.lips.lighter(0.10).richer(1.1).hex()
    result = []
    for side in (-1, 1):
        x, y = frame.x(side * 0.60), frame.y(0.655)
        radius = frame.half * 0.42
        fade = (Stop(0, colour, strength), Stop(0.5, colour, strength * 0.55), Stop(1, colour, 0))
        result.append(Shape(ellipse(x, y, radius), Radial(x, y, radius, fade)))
    return result


def _temple_light(frame: Frame, colours: Palette) -> list[Shape]:
    """Two thin lights: reflected along the dark jaw, direct along the lit cheekbone."""
    d = frame.lit
    jaw = [
        frame.at(-d * u, v)
        for u, v in ((0.97, 0.52), (frame.cheek * 0.96, 0.66), (frame.jaw * 0.95, 0.82), (0.42, 0.95))
    ]
    bone = [frame.at(d * u, v) for u, v in ((0.90, 0.54), (0.80, 0.60), (0.58, 0.635))]
    return [
        Shape(brush(jaw, 9), colours.shade.lighter(0.14).turned(-30).hex(), 0.75),
        Shape(brush(bone, 8), colours.skin.lighter(0.09).hex(), 0.7),
    ]


def _paint(frame: Frame, cast: Cast, colours: Palette) -> list[Shape]:
    """Marks of the lineage, drawn on the skin."""
    colour, metal = colours.accent.hex(), colours.metal.hex()
    x, y = frame.x, frame.y
    kind = cast.heritage
    if kind == 0:
        dots = [
            ellipse(x(s * (0.36 + 0.16 * i)), y(0.615 + 0.016 * (i - 1) ** 2), 5.5 - i * 0.8)
            for s in (-1, 1)
            for i in range(4)
        ]
        return [Shape(together(dots), colour, 0.9)]
    if kind == 1:
        line = brush([(x(0.0), y(0.865)), (x(0.0), y(0.93)), (x(0.0), y(0.985))], 16)
        return [Shape(line, colour, 0.9), Shape(ellipse(x(0.0), y(0.39), 7), colour, 0.95)]
    if kind == 2:
        bars = [
            brush([(x(s * 0.98), y(v)), (x(s * 0.72), y(v + 0.014)), (x(s * 0.46), y(v + 0.01))], 9, swell)
            for s in (-1, 1)
            for v in (0.62, 0.655, 0.69)
        ]
        return [Shape(together(bars), colour, 0.85)]
    if kind == 3:
        return [
            Shape(star(x(frame.lit * 0.5), y(0.655), 15, 5, 4), metal),
            Shape(ellipse(x(frame.lit * 0.5), y(0.70), 3.5), metal),
        ]
    if kind == 4:
        band = (
            Pen()
            .move(x(-1.3), y(frame.eye - 0.06))
            .curve(x(-0.4), y(frame.eye - 0.09), x(0.4), y(frame.eye - 0.09), x(1.3), y(frame.eye - 0.06))
        )
        band.line(x(1.3), y(frame.eye + 0.055)).curve(
            x(0.4), y(frame.eye + 0.075), x(0.4), y(frame.eye + 0.06), x(0), y(frame.eye + 0.03)
        )
        band.curve(x(-0.4), y(frame.eye + 0.06), x(-0.4), y(frame.eye + 0.075), x(-1.3), y(frame.eye + 0.055)).close()
        return [Shape(band.path(), colour, 0.55)]
    if kind == 5:
        tears = [leaf(x(s * 0.46), y(frame.eye + 0.055), x(s * 0.47), y(frame.eye + 0.17), 6) for s in (-1, 1)]
        return [Shape(together(tears), colour, 0.9)]
    if kind == 6:
        arcs = [brush([(x(-0.34), y(v + 0.03)), (x(0), y(v)), (x(0.34), y(v + 0.03))], 7) for v in (0.27, 0.305, 0.34)]
        return [Shape(together(arcs), metal, 0.85)]
    freckles = [
        ellipse(x(s * (0.30 + 0.5 * draw.unit())), y(0.60 + 0.07 * draw.unit()), 1.6 + 1.6 * draw.unit())
        for draw in [cast.draws.at("freckles")]
        for s in (-1, 1)
        for _ in range(9)
    ]
    return [Shape(together(freckles), colours.shade.lighter(-0.08).hex(), 0.75)]


def _brows(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    style = cast.slots[6]
    arch = (0.020, 0.034, 0.012, 0.028)[style % 4]
    weight = (11.0, 15.0, 8.0, 20.0)[style // 4]
    drop = 0.030 * (cast.intensity - 0.45) + 0.010 * (cast.rigor - 0.5)
    colour = colours.hair if colours.hair.light < 0.6 else colours.hair.lighter(-0.5).richer(1.2)
    result: list[Shape | Group] = []
    for side in (-1, 1):
        lift = 0.022 * cast.curiosity * (1.0 if side == frame.lit else 0.25) + 0.012 * cast.optimism
        y = frame.brow - lift
        points = [
            (frame.x(side * 0.17), frame.y(y + 0.012 + drop)),
            (frame.x(side * 0.42), frame.y(y - arch * 0.8)),
            (frame.x(side * 0.64), frame.y(y - arch)),
            (frame.x(side * 0.84), frame.y(y + 0.016 + arch * 0.3)),
        ]
        shape = brush(points, weight, lambda t: (1 - t) ** 0.45 * min(1.0, 0.35 + 4 * t))
        result.append(Shape(shape, colour.hex(), 0.94))
    return result


def _nose(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    d, width = frame.lit, 0.20 + (cast.slots[4] // 4) * 0.022
    base = frame.nose
    ala = [
        (frame.x(d * (width + 0.07)), frame.y(base - 0.030)),
        (frame.x(d * (width + 0.10)), frame.y(base - 0.006)),
        (frame.x(d * (width + 0.03)), frame.y(base + 0.010)),
    ]
    nostril = [
        (frame.x(d * width * 0.95), frame.y(base + 0.004)),
        (frame.x(d * width * 0.5), frame.y(base + 0.016)),
        (frame.x(d * 0.02), frame.y(base + 0.012)),
    ]
    other = [
        (frame.x(-d * 0.10), frame.y(base + 0.012)),
        (frame.x(-d * width * 0.8), frame.y(base + 0.012)),
        (frame.x(-d * width), frame.y(base - 0.012)),
    ]
    light = [
        (frame.x(d * 0.10), frame.y(frame.eye + 0.05)),
        (frame.x(d * 0.155), frame.y(base - 0.07)),
        (frame.x(d * 0.20), frame.y(base - 0.03)),
    ]
    dark = colours.shade.lighter(-0.20).hex()
    return [
        Shape(brush(light, 6), colours.skin.lighter(0.10).hex(), 0.6),
        Shape(brush(ala, 4.2), colours.shade.lighter(-0.03).hex(), 0.9),
        Shape(brush(nostril, 6.5), dark, 0.85),
        Shape(brush(other, 6.0), dark, 0.8),
    ]
