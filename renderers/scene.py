"""The scene: one description of a picture, from which both the SVG and the pixels are made.

Everything is a filled path with non-zero winding; a line is the outline of a brush stroke. Coordinates are integers in
tenths of a pixel on a 1024 × 1024 canvas, so the text of the SVG and the edges of the raster come from equal numbers.
"""

from dataclasses import dataclass
from typing import Final

SIZE: Final = 1024
"""Width and height of the canvas in pixels."""
UNIT: Final = 10
"""Coordinate steps per pixel."""

Command = tuple[str, tuple[int, ...]]
"""('M', (x, y)), ('L', (x, y)), ('C', (x1, y1, x2, y2, x, y)) or ('Z', ())."""


@dataclass(frozen=True, slots=True)
class Path:
    """Closed subpaths: each M … Z."""

    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """A gradient stop: offset 0..1, six hex digits, opacity 0..1."""

    offset: float
    colour: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Linear:
    """A gradient along the line (x0, y0)-(x1, y1), in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Radial:
    """A gradient from the centre outwards to radius r, in pixels."""

    cx: float
    cy: float
    r: float
    stops: tuple[Stop, ...]


Paint = str | Linear | Radial
"""Six hex digits, or a gradient."""


@dataclass(frozen=True, slots=True)
class Shape:
    path: Path
    paint: Paint
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Group:
    """Shapes and groups in painting order, cut to a clip path if there is one.

    `name` is the hook for motion in the animation page; the clip itself does not move with it.
    """

    name: str
    items: tuple["Shape | Group", ...]
    clip: Path | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    background: Paint
    groups: tuple[Group, ...]
    origins: tuple[tuple[str, float, float], ...] = ()
    """(group name, x, y): the point a group turns about when it moves."""
