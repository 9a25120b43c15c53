"""Hair: a mass behind the head, a mass before it, and strands that show how they flow."""

from renderers.portrait.frame import Frame
from renderers.portrait.palette import Palette
from renderers.portrait.traits import Cast
from renderers.scene import Group, Linear, Path, Shape, Stop
from renderers.shapes import Point, brush, together

_STYLES = (
    ("bob", "fringe"),
    ("long", "parted"),
    ("cloud", "curls"),
    ("waves", "swept"),
    ("bun", "parted"),
    ("none", "cropped"),
    ("sweep", "wing"),
    ("hood", "bare"),
    ("spikes", "peak"),
    ("plait", "swept"),
    ("none", "bare"),
    ("long", "fringe"),
    ("bun", "peak"),
    ("waves", "parted"),
    ("none", "wing"),
    ("bob", "swept"),
)


def style(cast: Cast) -> tuple[str, str]:
    """The back and front of the hair, by slot."""
    return _STYLES[cast.slots[2]]


def sheen(frame: Frame, colours: Palette, shift: float = 0.0) -> Linear:
    base = colours.hair.lighter(shift)
    return Linear(
        frame.cx + frame.lit * frame.half * 1.25,
        0,
        frame.cx - frame.lit * frame.half * 1.2,
        0,
        (
            Stop(0, base.toward(colours.hair_light, 0.55).hex()),
            Stop(0.4, base.hex()),
            Stop(1, base.lighter(-0.05).hex()),
        ),
    )


def strands(cast: Cast, colours: Palette, lines: list[list[Point]], clip: Path, steps: int | None = None) -> Group:
    """Flowing lines cut to the mass; tempo makes them more, steadiness calmer."""
    draws = cast.draws.at("strands")
    wobble = (1 - cast.steadiness) * 9
    light: list[Path] = []
    dark: list[Path] = []
    for index, line in enumerate(lines):
        bent = [(x + draws.between(-wobble, wobble), y) for x, y in line]
        (light if index % 2 else dark).append(brush(bent, 3.0 + draws.unit() * 4.5, steps=steps))
    shapes = []
    if dark:
        shapes.append(
            Shape(together(dark), colours.hair.lighter(-0.09 if colours.hair.light > 0.3 else -0.07).hex(), 0.7)
        )
    if light:
        shapes.append(Shape(together(light), colours.hair_light.hex(), 0.75))
    return Group("", tuple(shapes), clip)
