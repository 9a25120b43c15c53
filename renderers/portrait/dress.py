"""Neck, shoulders and what is worn on them."""

from renderers.portrait.collar import collar
from renderers.portrait.frame import Frame
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Linear, Path, Shape, Stop
from renderers.shapes import Pen, brush, ellipse, leaf, polygon, smooth, together


def body(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """The neck in light and shade, then the dress with its collar."""
    d = frame.lit
    cx, half = frame.cx, frame.half
    base = frame.y(1.28)
    width = half * (0.50 + 0.05 * cast.steadiness)
    neck = (
        Pen()
        .move(cx - width * 0.92, frame.y(0.80))
        .curve(cx - width * 0.86, frame.y(1.05), cx - width * 0.95, frame.y(1.12), cx - width * 1.5, base + 30)
    )
    neck.line(cx - width, base + 120).line(cx + width, base + 120).line(cx + width * 1.5, base + 30)
    neck.curve(
        cx + width * 0.95, frame.y(1.12), cx + width * 0.86, frame.y(1.05), cx + width * 0.92, frame.y(0.80)
    ).close()
    neck_path = neck.path()
    shade = smooth(
        [
            (cx + d * width * 0.5, frame.y(0.9)),
            (cx + d * width * 0.9, frame.y(1.0)),
            (cx + d * width * 0.15, frame.y(1.13)),
            (cx - d * width * 0.05, base + 130),
            (cx - d * width * 3, base + 130),
            (cx - d * width * 3, frame.y(0.8)),
        ]
    )
    tendon = brush(
        [
            (cx - d * width * 0.62, frame.y(1.02)),
            (cx - d * width * 0.45, frame.y(1.13)),
            (cx - d * width * 0.12, frame.y(1.26)),
        ],
        6,
    )
    result: list[Shape | Group] = [
        Shape(neck_path, colours.skin.lighter(-0.03).hex()),
        Group(
            "",
            (Shape(shade, colours.shade.lighter(-0.04).hex()), Shape(tendon, colours.shade.lighter(0.05).hex(), 0.8)),
            neck_path,
        ),
    ]
    return result + _dress(frame, cast, colours, base)


def _shoulders(frame: Frame, cast: Cast, base: float, opening: float, depth: float) -> Path:
    cx, half = frame.cx, frame.half
    span = half * (2.10 + 0.45 * cast.breadth + 0.25 * cast.steadiness)
    drop = 70 + 34 * (1 - cast.initiative)
    pen = Pen().move(cx - opening, base - 22)
    pen.curve(cx - opening - 40, base + 14, cx - span * 0.72, base + drop * 0.45, cx - span * 0.92, base + drop)
    pen.curve(cx - span * 1.06, base + drop * 1.4, cx - span * 1.14, base + drop * 2.5, cx - span * 1.18, 1060)
    pen.line(cx + span * 1.18, 1060)
    pen.curve(cx + span * 1.14, base + drop * 2.5, cx + span * 1.06, base + drop * 1.4, cx + span * 0.92, base + drop)
    pen.curve(cx + span * 0.72, base + drop * 0.45, cx + opening + 40, base + 14, cx + opening, base - 22)
    pen.curve(
        cx + opening * 0.75,
        base - 22 + depth,
        cx + opening * 0.3,
        base - 16 + depth * 1.25,
        cx,
        base - 16 + depth * 1.3,
    )
    pen.curve(
        cx - opening * 0.3, base - 16 + depth * 1.25, cx - opening * 0.75, base - 22 + depth, cx - opening, base - 22
    )
    return pen.close().path()


def _dress(frame: Frame, cast: Cast, colours: Palette, base: float) -> list[Shape | Group]:
    d, cx, half = frame.lit, frame.cx, frame.half
    formal = cast.formality
    opening = half * (0.86 - 0.20 * formal)
    depth = 96 - 74 * formal
    mass = _shoulders(frame, cast, base, opening, depth)
    fill = Linear(
        cx + d * half * 2.3,
        0,
        cx - d * half * 2.3,
        0,
        (
            Stop(0, colours.dress_light.hex()),
            Stop(0.45, colours.dress.hex()),
            Stop(1, colours.dress.lighter(-0.10).hex()),
        ),
    )
    shade = smooth(
        [
            (cx - d * half * 0.1, base),
            (cx - d * half * 0.35, base + 150),
            (cx - d * half * 0.2, 1060),
            (cx - d * 700, 1060),
            (cx - d * 700, base),
        ]
    )
    inside: list[Shape | Group] = [
        Shape(shade, colours.dress.lighter(-0.16).hex(), 0.42),
        *_pattern(frame, cast, colours, base),
    ]
    return [
        Shape(mass, fill),
        Group("", tuple(inside), mass),
        *collar(frame, cast, colours, base, opening, depth, mass),
    ]


def _pattern(frame: Frame, cast: Cast, colours: Palette, base: float) -> list[Shape | Group]:
    kind = cast.slots[7] % 8
    cx, half = frame.cx, frame.half
    colour = colours.dress_light if kind % 2 else colours.accent
    thin = 3.0 + 2.5 * cast.intensity
    count = 8 + round(8 * cast.verbosity)
    paths: list[Path] = []
    if kind == 0:
        return []
    if kind == 1:
        for i in range(-count, count + 1):
            x = cx + i * 760 / (2 * count)
            paths.append(
                brush(
                    [(cx + (x - cx) * 0.35, base - 10), (x, base + 130), (x + (x - cx) * 0.15, 1040)],
                    thin + 1,
                    lambda _: 1.0,
                    6,
                )
            )
    elif kind == 2:
        for i in range(count):
            y = base + 62 + i * (320 / count)
            paths.append(
                brush(
                    [(cx - 560, y + 110), (cx - 200, y + 26), (cx, y + 60), (cx + 200, y + 26), (cx + 560, y + 110)],
                    thin + 3,
                    lambda _: 1.0,
                    12,
                )
            )
    elif kind == 3:
        for row in range(7):
            for i in range(-7, 8):
                x, y = cx + (i + (row % 2) * 0.5) * 62, base + 70 + row * 44
                paths.append(leaf(x, y - 22, x, y + 30, 15))
    elif kind == 4:
        paths = [
            ellipse(cx + (i + (row % 2) * 0.5) * 54, base + 60 + row * 44, 5 + 4 * cast.intensity)
            for row in range(7)
            for i in range(-8, 9)
        ]
    elif kind == 5:
        for i in range(9):
            s = -1 if i % 2 else 1
            x = cx + s * half * (0.5 + 0.32 * (i // 2))
            paths.append(brush([(cx + s * half * 0.55, base + 4), (x, base + 120), (x - s * 40, 1040)], 9 + thin))
    elif kind == 6:
        for i in range(count):
            y = base + 70 + i * (330 / count)
            paths.append(
                polygon(
                    [
                        (cx - 480, y),
                        (cx, y + 90),
                        (cx + 480, y),
                        (cx + 480, y + thin * 2),
                        (cx, y + 90 + thin * 2),
                        (cx - 480, y + thin * 2),
                    ]
                )
            )
    else:
        for i in range(-6, 7):
            for row in range(6):
                x, y = cx + (i + (row % 2) * 0.5) * 74, base + 84 + row * 52
                paths.append(polygon([(x, y - 17), (x + 11, y), (x, y + 17), (x - 11, y)]))
    return [Shape(together(paths), colour.hex(), 0.55)]
