"""Eyes: an almond cut into the face, an iris that can look, a lid drawn in one stroke."""

import math

from renderers.portrait.frame import Frame
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Radial, Shape, Stop
from renderers.shapes import Pen, Point, brush, ellipse, star

# opening, slant of the outer corner, length, iris size, wing
_EYES = (
    (0.30, 0.10, 1.00, 0.92, 0.20),
    (0.26, 0.20, 1.08, 0.90, 0.34),
    (0.36, 0.02, 0.96, 1.00, 0.10),
    (0.24, -0.06, 1.04, 0.95, 0.16),
    (0.33, 0.14, 1.10, 1.05, 0.40),
    (0.28, 0.28, 1.02, 0.88, 0.28),
    (0.38, 0.08, 1.04, 1.12, 0.14),
    (0.22, 0.12, 1.14, 0.90, 0.46),
)


def eyes(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """Both eyes. Candour and curiosity open them, directness turns them to the viewer."""
    opening, slant, length, iris_size, wing = _EYES[cast.slots[3] % 8]
    opening *= 0.62 + 0.42 * cast.candor + 0.30 * cast.curiosity
    half = frame.half * 0.245 * length
    look = -frame.turn * half * 0.34 * (1.4 - cast.directness) + frame.lit * (1 - cast.directness) * half * 0.10
    both = tuple(_eye(frame, cast, colours, side, half, opening, slant, iris_size, wing, look) for side in (-1, 1))
    return [Group("blink", both)]


def _eye(
    frame: Frame,
    cast: Cast,
    colours: Palette,
    side: int,
    half: float,
    opening: float,
    slant: float,
    iris_size: float,
    wing: float,
    look: float,
) -> Group:
    cx, cy = frame.x(side * 0.465), frame.y(frame.eye)
    dark_side = side != frame.lit

    def at(u: float, v: float) -> Point:
        # u runs from the inner corner (-1) to the outer (1), v upwards in half-lengths.
        return cx + side * u * half, cy - (v + slant * (u + 0.4) * 0.5) * half

    lower = [at(0.55, -opening * 0.50), at(0, -opening * 0.72), at(-0.55, -opening * 0.48)]
    pen = Pen().move(*at(-1, -0.06))
    pen.curve(*at(-0.5, opening * 1.18), *at(0.35, opening * 1.55), *at(1, 0.02))
    pen.curve(*at(0.55, -opening * 1.02), *at(-0.35, -opening * 1.08), *at(-1, -0.06))
    almond = pen.close().path()
    white = colours.white if not dark_side else colours.white.toward(colours.shade, 0.30)
    radius = half * 0.46 * iris_size
    ix, iy = cx + look, cy - half * (opening * 0.20 + slant * 0.10)
    iris = colours.iris.lighter(-0.06) if dark_side else colours.iris
    glow = Radial(
        ix,
        iy + radius * 0.3,
        radius * 1.25,
        (Stop(0, iris.lighter(0.16).hex()), Stop(0.6, iris.hex()), Stop(1, iris.lighter(-0.22).hex())),
    )
    ink = colours.ink.hex()
    gaze: list[Shape] = [Shape(ellipse(ix, iy, radius), glow), _pupil(cast, ix, iy, radius, ink)]
    gaze.append(Shape(ellipse(ix + frame.lit * radius * 0.34, iy - radius * 0.36, radius * 0.20), "ffffff", 0.95))
    gaze.append(Shape(ellipse(ix - frame.lit * radius * 0.38, iy + radius * 0.42, radius * 0.10), "ffffff", 0.55))
    shadow = brush(
        [at(-1.1, opening * 0.55), at(0, opening * 1.25), at(1.1, opening * 0.45)], half * opening * 0.9, lambda _: 1.0
    )
    inside: tuple[Shape | Group, ...] = (
        Shape(almond, white.hex()),
        Group("gaze", tuple(gaze)),
        Shape(shadow, colours.shade.lighter(-0.12).hex(), 0.38),
    )
    lid = [
        at(-1.06, -0.10),
        *[at(u, opening * v) for u, v in ((-0.5, 0.86), (0.1, 1.13), (0.62, 0.80))],
        at(1.02, 0.05),
        at(1.10 + wing, 0.10 + wing * 0.8),
    ]
    crease = [at(-0.72, opening * 0.95 + 0.12), at(0.05, opening * 1.28 + 0.20), at(0.85, opening * 0.75 + 0.20)]
    under = [at(-0.6, -opening * 0.62 - 0.14), at(0.05, -opening * 0.85 - 0.17), at(0.7, -opening * 0.55 - 0.12)]
    lash = [at(1, 0.0), *lower, at(-0.9, -0.06)]
    base = colours.shade.lighter(-0.14 if dark_side else -0.02).hex()
    return Group(
        "",
        (
            Shape(brush(crease, 4.5), base, 0.85),
            Shape(brush(under, 3.5), base, 0.45),
            Group("", inside, almond),
            Shape(brush(lash, 3.0), ink, 0.55),
            Shape(
                brush(lid, half * 0.17, lambda t: math.sin(math.pi * (0.12 + 0.88 * t)) ** 0.55 * (0.55 + 0.6 * t)), ink
            ),
        ),
    )


def _pupil(cast: Cast, x: float, y: float, radius: float, ink: str) -> Shape:
    kind = cast.slots[3] // 2
    if cast.kin == "feline":
        return Shape(ellipse(x, y, radius * 0.22, radius * 0.66), ink)
    if kind == 6 or cast.kin == "night":
        return Shape(star(x, y, radius * 0.72, radius * 0.24, 4), ink)
    return Shape(ellipse(x, y, radius * (0.44 + 0.10 * cast.curiosity)), ink)
