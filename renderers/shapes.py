"""Builders of paths: points in pixels (floats) go in, a `Path` in whole tenths of a pixel comes out."""

import math
from collections.abc import Callable, Iterable, Sequence

from renderers.scene import SIZE, UNIT, Command, Path

Point = tuple[float, float]


def _q(value: float) -> int:
    return round(value * UNIT)


class Pen:
    """Collects commands of one or more closed subpaths."""

    def __init__(self) -> None:
        self._commands: list[Command] = []

    def move(self, x: float, y: float) -> "Pen":
        self._commands.append(("M", (_q(x), _q(y))))
        return self

    def line(self, x: float, y: float) -> "Pen":
        self._commands.append(("L", (_q(x), _q(y))))
        return self

    def curve(self, x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> "Pen":
        self._commands.append(("C", (_q(x1), _q(y1), _q(x2), _q(y2), _q(x), _q(y))))
        return self

    def close(self) -> "Pen":
        self._commands.append(("Z", ()))
        return self

    def path(self) -> Path:
        return Path(tuple(self._commands))


def polygon(points: Sequence[Point]) -> Path:
    pen = Pen().move(*points[0])
    for point in points[1:]:
        pen.line(*point)
    return pen.close().path()


def rectangle(x: float, y: float, width: float, height: float) -> Path:
    return polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])


def ellipse(cx: float, cy: float, rx: float, ry: float | None = None, tilt: float = 0.0) -> Path:
    """An ellipse of four arcs; `tilt` in radians."""
    ry = rx if ry is None else ry
    k, cos, sin = 0.5522847498, math.cos(tilt), math.sin(tilt)

    def at(u: float, v: float) -> Point:
        return cx + rx * u * cos - ry * v * sin, cy + rx * u * sin + ry * v * cos

    pen = Pen().move(*at(1, 0))
    for a, b, c in (
        ((1, k), (k, 1), (0, 1)),
        ((-k, 1), (-1, k), (-1, 0)),
        ((-1, -k), (-k, -1), (0, -1)),
        ((k, -1), (1, -k), (1, 0)),
    ):
        pen.curve(*at(*a), *at(*b), *at(*c))
    return pen.close().path()


def smooth(points: Sequence[Point], tension: float = 1.0) -> Path:
    """A closed curve through the points (Catmull-Rom as cubics). tension 0 gives straight sides."""
    n = len(points)
    pen = Pen().move(*points[0])
    for i in range(n):
        p0, p1, p2, p3 = points[i - 1], points[i], points[(i + 1) % n], points[(i + 2) % n]
        pen.curve(*_controls(p0, p1, p2, p3, tension), *p2)
    return pen.close().path()


def _controls(p0: Point, p1: Point, p2: Point, p3: Point, tension: float) -> tuple[float, float, float, float]:
    # Handles are cut to the chord: no loops where a long step meets a short one.
    k = tension / 6
    chord = math.dist(p1, p2)

    def handle(a: Point, b: Point) -> Point:
        dx, dy = (b[0] - a[0]) * k, (b[1] - a[1]) * k
        length = math.hypot(dx, dy)
        limit = chord * 0.45
        scale = limit / length if length > limit else 1.0
        return dx * scale, dy * scale

    h1, h2 = handle(p0, p2), handle(p1, p3)
    return p1[0] + h1[0], p1[1] + h1[1], p2[0] - h2[0], p2[1] - h2[1]


def spine(points: Sequence[Point], steps: int) -> list[Point]:
    """`steps` + 1 points along an open Catmull-Rom curve through `points`, evenly spaced in parameter."""
    n = len(points) - 1
    result: list[Point] = []
    for k in range(steps + 1):
        position = n * k / steps
        i = min(int(position), n - 1)
        t = position - i
        p1, p2 = points[i], points[i + 1]
        p0 = points[i - 1] if i else (2 * p1[0] - p2[0], 2 * p1[1] - p2[1])
        p3 = points[i + 2] if i + 2 <= n else (2 * p2[0] - p1[0], 2 * p2[1] - p1[1])
        result.append((_catmull(p0[0], p1[0], p2[0], p3[0], t), _catmull(p0[1], p1[1], p2[1], p3[1], t)))
    return result


def _catmull(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t)


def taper(t: float) -> float:
    """A stroke that swells in the middle and ends in points."""
    return math.pow(max(math.sin(math.pi * t), 0.0), 0.7)


def swell(t: float) -> float:
    """A stroke that starts full and runs out."""
    return math.pow(1 - t, 0.6)


def even(_: float) -> float:
    return 1.0


def brush(
    points: Sequence[Point], width: float, profile: Callable[[float], float] = taper, steps: int | None = None
) -> Path:
    """The outline of a stroke along a curve through `points`; `profile` gives its share of `width` (pixels) at t."""
    count = steps if steps is not None else max(4, min(12, len(points) + 2))
    line = spine(points, count)
    left: list[Point] = []
    right: list[Point] = []
    for i, (x, y) in enumerate(line):
        ax, ay = line[max(i - 1, 0)]
        bx, by = line[min(i + 1, count)]
        length = math.hypot(bx - ax, by - ay) or 1.0
        half = max(width * profile(i / count) / 2, 0.12)
        nx, ny = -(by - ay) / length * half, (bx - ax) / length * half
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return smooth(left + right[::-1])


def bar(x0: float, y0: float, x1: float, y1: float, width: float) -> Path:
    """A straight line of even width with square ends."""
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    nx, ny = -(y1 - y0) / length * width / 2, (x1 - x0) / length * width / 2
    return polygon([(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)])


def ring(cx: float, cy: float, radius: float, width: float) -> Path:
    """A circle line: the inner edge runs the other way, so winding leaves the hole."""
    outer = ellipse(cx, cy, radius + width / 2)
    inner = ellipse(cx, cy, radius - width / 2, -(radius - width / 2))
    return Path(outer.commands + inner.commands)


def star(cx: float, cy: float, outer: float, inner: float, points: int, turn: float = 0.0) -> Path:
    corners = []
    for i in range(points * 2):
        radius = inner if i % 2 else outer
        angle = turn - math.pi / 2 + math.pi * i / points
        corners.append((cx + radius * math.cos(angle), cy + radius * math.sin(angle)))
    return polygon(corners)


def leaf(x0: float, y0: float, x1: float, y1: float, width: float) -> Path:
    """A leaf from stem to tip."""
    dx, dy = x1 - x0, y1 - y0
    length = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / length * width, dx / length * width
    pen = Pen().move(x0, y0)
    pen.curve(x0 + dx * 0.25 + nx, y0 + dy * 0.25 + ny, x0 + dx * 0.7 + nx * 0.8, y0 + dy * 0.7 + ny * 0.8, x1, y1)
    pen.curve(x0 + dx * 0.7 - nx * 0.8, y0 + dy * 0.7 - ny * 0.8, x0 + dx * 0.25 - nx, y0 + dy * 0.25 - ny, x0, y0)
    return pen.close().path()


def crescent(cx: float, cy: float, radius: float, bite: float, tilt: float = 0.0) -> Path:
    """A moon: a circle line and a flatter one back. `bite` 0..1 is how much is gone."""
    points: list[Point] = []
    for i in range(17):
        angle = math.pi * (i / 16 - 0.5)
        points.append((radius * math.cos(angle), radius * math.sin(angle)))
    for i in range(15, 0, -1):
        angle = math.pi * (i / 16 - 0.5)
        points.append((radius * (2 * bite - 1) * math.cos(angle), radius * math.sin(angle)))
    cos, sin = math.cos(tilt), math.sin(tilt)
    return polygon([(cx + x * cos - y * sin, cy + x * sin + y * cos) for x, y in points])


def together(paths: Iterable[Path]) -> Path:
    """One path of all subpaths, each turned the same way round, so that overlaps add and never cancel.

    What lies wholly off the canvas is left out.
    """
    commands: list[Command] = []
    for path in paths:
        for subpath in _subpaths(path):
            if not _visible(subpath):
                continue
            commands.extend(subpath if _area(subpath) >= 0 else _reversed(subpath))
    return Path(tuple(commands))


def mirrored(path: Path, axis: float) -> Path:
    """The path mirrored at the vertical line x = axis."""
    doubled = _q(2 * axis)
    return Path(
        tuple((kind, tuple(doubled - v if i % 2 == 0 else v for i, v in enumerate(a))) for kind, a in path.commands)
    )


def _subpaths(path: Path) -> list[list[Command]]:
    result: list[list[Command]] = []
    for command in path.commands:
        if command[0] == "M":
            result.append([])
        result[-1].append(command)
    return result


def _visible(subpath: list[Command]) -> bool:
    xs = [x for _, a in subpath for x in a[0::2]]
    ys = [y for _, a in subpath for y in a[1::2]]
    return max(xs) > 0 and min(xs) < SIZE * UNIT and max(ys) > 0 and min(ys) < SIZE * UNIT


def _area(subpath: list[Command]) -> int:
    corners = [(a[i], a[i + 1]) for _, a in subpath for i in range(0, len(a), 2)]
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True))


def _reversed(subpath: list[Command]) -> list[Command]:
    ends = [a[-2:] for _, a in subpath if a]
    result: list[Command] = [("M", ends[-1])]
    for i in range(len(ends) - 1, 0, -1):
        kind, a = subpath[i]
        result.append(("L", ends[i - 1]) if kind == "L" else ("C", (a[2], a[3], a[0], a[1], *ends[i - 1])))
    result.append(("Z", ()))
    return result
