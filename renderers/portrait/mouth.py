"""The mouth: two lips, the line between them, and the shade below."""

from renderers.portrait.frame import Frame
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Linear, Shape, Stop
from renderers.shapes import Pen, Point, brush


def mouth(frame: Frame, cast: Cast, colours: Palette) -> list[Shape | Group]:
    """Optimism lifts the corners, playfulness one of them more, verbosity parts the lips."""
    style = cast.slots[5]
    half = 0.30 + (style % 4) * 0.025 + 0.05 * (cast.sociability - 0.5) + 0.03 * cast.playfulness
    full = 0.024 + (style // 4) * 0.0045
    smile = 0.030 * (cast.optimism - 0.42) + 0.018 * (cast.playfulness - 0.4)
    smirk = 0.012 * (cast.playfulness - 0.3)
    gap = 0.026 * max(0.0, cast.verbosity - 0.25)
    y = frame.mouth

    def at(u: float, v: float) -> Point:
        corner = smile * abs(u) ** 1.6 + (smirk if u * frame.lit > 0 else 0.0) * abs(u)
        return frame.x(u * half), frame.y(y + v - corner)

    upper = Pen().move(*at(-1, 0)).curve(*at(-0.62, -full * 0.75), *at(-0.34, -full * 1.5), *at(-0.16, -full * 1.22))
    upper.curve(*at(-0.08, -full * 1.05), *at(0.08, -full * 1.05), *at(0.16, -full * 1.22))
    upper.curve(*at(0.34, -full * 1.5), *at(0.62, -full * 0.75), *at(1, 0))
    upper.curve(*at(0.55, -gap * 0.2), *at(0.22, -gap * 0.6 + 0.004), *at(0, -gap * 0.5 + 0.004))
    upper.curve(*at(-0.22, -gap * 0.6 + 0.004), *at(-0.55, -gap * 0.2), *at(-1, 0)).close()
    lower = Pen().move(*at(-0.94, 0.002)).curve(*at(-0.6, gap * 0.9), *at(-0.25, gap + 0.004), *at(0, gap + 0.003))
    lower.curve(*at(0.25, gap + 0.004), *at(0.6, gap * 0.9), *at(0.94, 0.002))
    lower.curve(*at(0.62, full * 1.15 + gap), *at(0.34, full * 1.85 + gap), *at(0, full * 1.8 + gap))
    lower.curve(*at(-0.34, full * 1.85 + gap), *at(-0.62, full * 1.15 + gap), *at(-0.94, 0.002)).close()
    inside = Pen().move(*at(-0.96, 0)).curve(*at(-0.4, -gap), *at(0.4, -gap), *at(0.96, 0))
    inside.curve(*at(0.4, gap * 1.6), *at(-0.4, gap * 1.6), *at(-0.96, 0)).close()
    line = [
        at(-1.10, -0.004),
        at(-0.5, 0.004),
        at(-0.12, 0.001),
        at(0, 0.005),
        at(0.12, 0.001),
        at(0.5, 0.004),
        at(1.10, -0.004),
    ]
    d = frame.lit
    result: list[Shape | Group] = [
        Shape(inside.path(), colours.ink.lighter(0.06).hex()),
        Shape(upper.path(), colours.lips.lighter(-0.05).hex()),
        Shape(
            lower.path(),
            Linear(
                frame.x(d * half),
                0,
                frame.x(-d * half),
                0,
                (Stop(0, colours.lips.lighter(0.05).hex()), Stop(1, colours.lips.lighter(-0.07).hex())),
            ),
        ),
        Shape(
            brush(
                [at(d * 0.12, gap + full * 0.75), at(d * 0.34, gap + full * 0.72), at(d * 0.52, gap + full * 0.5)], 5.5
            ),
            colours.skin.lighter(0.08).hex(),
            0.6,
        ),
        Shape(
            brush(
                [
                    (frame.x(-0.16), frame.y(y + full * 2.3 + gap + 0.012)),
                    (frame.x(0), frame.y(y + full * 2.3 + gap + 0.018)),
                    (frame.x(0.16), frame.y(y + full * 2.3 + gap + 0.012)),
                ],
                5,
            ),
            colours.shade.lighter(-0.06).hex(),
            0.7,
        ),
    ]
    if gap < 0.006:
        result.append(Shape(brush(line, 4.5), colours.ink.hex(), 0.8))
    return result
