"""What is behind the figure: ground, the motif of the element, the disc, and what imagination sets floating."""

import math

from renderers.portrait.frame import Frame
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Linear, Paint, Path, Shape, Stop
from renderers.shapes import Point, bar, brush, crescent, ellipse, leaf, polygon, rectangle, ring, star, together


def background(cast: Cast, colours: Palette) -> Paint:
    return Linear(
        0,
        0,
        0,
        1024,
        (
            Stop(0, colours.ground_far.hex()),
            Stop(0.72, colours.ground.hex()),
            Stop(1, colours.ground.lighter(-0.04).hex()),
        ),
    )


def motif(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """The element's field; rigour makes it more regular, breadth gives it more lines."""
    far, near = colours.ground_far, colours.ground
    line = near.lighter(0.13 if near.light < 0.6 else -0.12).richer(1.25).hex()
    draws = cast.draws.at("motif")
    loose = (1 - cast.rigor) * 16
    lines = 6 + round(8 * cast.breadth)
    cx, cy = 512.0, frame.y(0.42)
    paths: list[Path] = []
    if cast.element == 0:
        number = 2 * lines + 12
        for i in range(number):
            angle = math.tau * i / number + draws.between(-loose, loose) / 400
            width = 0.5 * math.tau / number
            paths.append(
                polygon(
                    [
                        (cx, cy),
                        (cx + 900 * math.cos(angle - width / 2), cy + 900 * math.sin(angle - width / 2)),
                        (cx + 900 * math.cos(angle + width / 2), cy + 900 * math.sin(angle + width / 2)),
                    ]
                )
            )
        return [Shape(together(paths), line, 0.42)]
    if cast.element == 1:
        for row in range(lines + 2):
            y = 560 + row * 480 / (lines + 1)
            wave: list[Point] = [
                (-60 + i * 163, y + (16 if i % 2 else -16) + draws.between(-loose, loose)) for i in range(9)
            ]
            paths.append(brush(wave, 7 + row * 0.6, lambda _: 1.0, 14))
        return [
            Shape(rectangle(0, 540, 1024, 484), far.lighter(-0.03 if far.light > 0.5 else 0.03).hex(), 0.8),
            Shape(together(paths), line, 0.75),
        ]
    if cast.element == 2:
        for i in range(lines):
            y = 90 + i * 830 / lines
            x = draws.between(-120, 500)
            length = draws.between(300, 700)
            paths.append(brush([(x, y), (x + length * 0.4, y - 10 - loose), (x + length, y + 6 + loose)], 13))
            if i % 2:
                paths.append(
                    brush(
                        [
                            (x + length, y + 6),
                            (x + length + 42, y - 22),
                            (x + length + 16, y - 48),
                            (x + length - 14, y - 26),
                        ],
                        7,
                    )
                )
        return [Shape(together(paths), line, 0.55)]
    if cast.element == 3:
        result: list[Shape | Group] = []
        for layer in range(4):
            y = 520 + layer * 105
            points: list[Point] = [(-20.0, 1044.0)]
            points += [
                (-20 + k * 178, y - draws.between(0, 150 + loose * 3) * (1 if k % 2 else 0.35)) for k in range(7)
            ]
            points.append((1064.0, 1044.0))
            tone = far.toward(near, layer / 3).lighter((-0.022 if near.light > 0.5 else 0.030) * (4 - layer))
            result.append(Shape(polygon(points), tone.hex(), 0.9))
        return result
    if cast.element == 4:
        dots = [
            star(draws.between(20, 1004), draws.between(20, 760), draws.between(3, 11), 2.0, 4)
            for _ in range(30 + 5 * lines)
        ]
        return [Shape(together(dots), line, 0.95)]
    if cast.element == 5:
        for i in range(lines):
            x = 1024 * (i + 0.5) / lines
            top = 180 + 260 * abs(i - (lines - 1) / 2) / lines + draws.between(-loose, loose) * 3
            paths.append(bar(x, top, x, 1030, 4))
            for k in range(4):
                for s in (-1, 1):
                    y = top + 60 + k * 140
                    paths.append(leaf(x, y, x + s * 52, y - 60, 13))
        return [Shape(together(paths), line, 0.5)]
    if cast.element == 6:
        return [Shape(ring(cx, cy, 250 + i * 62, 3 + 2.5 * (i % 2)), line, 0.6) for i in range(lines)]
    cell = 1024 / (lines + 2)
    for i in range(lines + 3):
        for k in range(lines + 3):
            if (i + k) % 2:
                x, y = i * cell, k * cell
                paths.append(
                    polygon([(x, y - cell * 0.42), (x + cell * 0.42, y), (x, y + cell * 0.42), (x - cell * 0.42, y)])
                )
    return [Shape(together(paths), line, 0.32)]


def layout(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """How the ground is divided, behind all else."""
    kind = cast.slots[12] // 4
    other = colours.ground.lighter(-0.05 if colours.ground.light > 0.5 else 0.055).turned(-16)
    if kind == 1:
        x = 512 + frame.lit * 96
        return [Shape(rectangle(min(x, 512 + frame.lit * 900), 0, abs(512 + frame.lit * 900 - x), 1024), other.hex())]
    if kind == 2:
        return [
            Shape(rectangle(74, 74, 876, 1000), other.hex()),
            Shape(rectangle(92, 92, 840, 1000), colours.ground.hex()),
        ]
    if kind == 3:
        return [
            Shape(
                polygon(
                    [
                        (0, 1024 if frame.lit > 0 else 380),
                        (0, 1024),
                        (1024, 1024),
                        (1024, 380 if frame.lit > 0 else 1024),
                    ]
                ),
                other.hex(),
            )
        ]
    return []


def halo(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """The light behind the head, in one of eight forms; its rings widen with optimism."""
    scale = frame.half / 150
    kind, side = cast.slots[8] // 2, frame.lit * (10 if cast.slots[8] % 2 else 46)
    x, y = 512 + side * scale, frame.y(0.38)
    radius = (262 + cast.draws.at("halo").between(0, 56)) * (0.45 + 0.55 * scale)
    light = colours.disc.lighter(0.05)
    face = Linear(
        0, y - radius, 0, y + radius, (Stop(0, light.hex()), Stop(1, colours.disc.lighter(-0.05).turned(-14).hex()))
    )
    disc = ellipse(x, y, radius)
    # Flat rings of light, as a printer would lay them.
    reach = 0.10 + 0.07 * cast.optimism
    result: list[Shape | Group] = [
        Shape(ellipse(x, y, radius * (1 + reach * k)), light.hex(), 0.08 + 0.12 * cast.optimism)
        for k in (2, 1)
        if kind != 2
    ]
    if kind == 0:
        result.append(Shape(disc, face))
    elif kind == 1:
        result += [
            Shape(ellipse(x, y, radius * 0.90), face),
            Shape(ring(x, y, radius * 1.0, 7), colours.disc.hex()),
            Shape(ring(x, y, radius * 1.07, 3), colours.disc.hex(), 0.8),
        ]
    elif kind == 2:
        for inset, colour, opacity in ((1.0, face, 1.0), (0.86, colours.disc.lighter(-0.06).turned(12).hex(), 0.55)):
            r = radius * inset
            result.append(Shape(together([ellipse(x, y, r), rectangle(x - r, y, 2 * r, 1024 - y)]), colour, opacity))
    elif kind == 3:
        stripes = [rectangle(x - radius, y + radius * (0.12 + 0.15 * k), radius * 2, 6 + 7 * k) for k in range(6)]
        result += [Shape(disc, face), Group("", (Shape(together(stripes), colours.ground.hex(), 0.85),), disc)]
    elif kind == 4:
        # An eclipse: a disc of the ground's colour slides over the bright one, and makes a moon of it.
        dim = colours.ground.lighter(-0.06 if colours.ground.light < 0.5 else 0.03)
        result += [
            Shape(disc, face),
            Shape(ellipse(x - frame.lit * radius * 0.16, y + radius * 0.07, radius * 0.88), dim.hex(), 0.9),
        ]
    elif kind == 5:
        count = 28
        rays = [
            leaf(
                x + radius * 0.7 * math.cos(a),
                y + radius * 0.7 * math.sin(a),
                x + radius * (1.34 if i % 2 else 1.18) * math.cos(a),
                y + radius * (1.34 if i % 2 else 1.18) * math.sin(a),
                13,
            )
            for i in range(count)
            for a in [math.tau * i / count]
        ]
        result += [Shape(together(rays), colours.disc.hex()), Shape(ellipse(x, y, radius * 0.86), face)]
    elif kind == 6:
        corners = [
            (
                x + radius * 1.12 * math.cos(math.tau * (i + 0.5) / 8),
                y + radius * 1.12 * math.sin(math.tau * (i + 0.5) / 8),
            )
            for i in range(8)
        ]
        inner = [(x + (px - x) * 0.86, y + (py - y) * 0.86) for px, py in corners]
        result += [Shape(polygon(corners), colours.disc.lighter(-0.09).hex()), Shape(polygon(inner), face)]
    else:
        second = colours.disc.turned(40).lighter(-0.04)
        result += [
            Shape(ellipse(x + side + frame.lit * radius * 0.62, y - radius * 0.42, radius * 0.5), second.hex(), 0.9),
            Shape(disc, face),
        ]
    return result


def motes(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """Small bodies round the head: as many as there is imagination, of a form chosen at birth."""
    draws = cast.draws.at("motes")
    paths: list[Path] = []
    for _ in range(4 + round(16 * cast.imagination)):
        angle = math.pi * (1.0 + draws.unit())
        reach = draws.between(1.9, 3.1) * frame.half
        x, y = frame.cx + reach * 1.1 * math.cos(angle), frame.y(0.42) + reach * 0.95 * math.sin(angle) + 60
        size = draws.between(4, 12)
        kind = cast.slots[9] % 5
        if kind == 0:
            paths.append(ellipse(x, y, size * 0.8))
        elif kind == 1:
            paths.append(star(x, y, size * 1.6, size * 0.45, 4))
        elif kind == 2:
            paths.append(leaf(x - size, y + size, x + size, y - size * 1.2, size * 0.5))
        elif kind == 3:
            paths.append(crescent(x, y, size * 1.3, 0.7, draws.between(-1, 1)))
        else:
            paths.append(polygon([(x, y - size * 1.4), (x + size * 0.8, y), (x, y + size * 1.4), (x - size * 0.8, y)]))
    return [Shape(together(paths), colours.accent.hex(), 0.95)]
