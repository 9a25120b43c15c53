"""The proportions of one head: where its features lie, and the map from head space to the canvas."""

from dataclasses import dataclass
from typing import Final

from renderers.portrait.traits import Cast
from renderers.shapes import Point

_BUILDS: Final = (
    # half-width, height, cheek, jaw, chin: shares of the half-width
    (148, 430, 0.97, 0.72, 0.22),
    (138, 452, 0.93, 0.62, 0.16),
    (158, 410, 1.00, 0.80, 0.30),
    (150, 420, 1.00, 0.66, 0.12),
    (142, 440, 0.95, 0.78, 0.34),
    (162, 400, 1.02, 0.76, 0.24),
    (134, 470, 0.92, 0.64, 0.20),
    (154, 424, 0.98, 0.86, 0.40),
)

_CROPS: Final = (0.88, 1.0, 1.10, 1.24)
"""From a figure in its world to a face that fills the picture."""


@dataclass(frozen=True, slots=True)
class Frame:
    cx: float
    top: float
    half: float
    height: float
    cheek: float
    jaw: float
    chin: float
    turn: float
    """-1..1: how far the face looks to the viewer's right."""
    lit: int
    """-1 when light comes from the left, 1 from the right."""
    tilt: float
    """Radians, about the pivot."""
    pivot: Point
    brow: float
    eye: float
    nose: float
    mouth: float

    def at(self, u: float, v: float) -> Point:
        """Head space → canvas: u in half-widths from the axis, v from crown (0) to chin (1)."""
        return self.cx + u * self.half * (1 - 0.10 * self.turn * (1 if u > 0 else -1)), self.top + v * self.height

    def x(self, u: float) -> float:
        """A feature's place: the axis itself moves with the turn."""
        return self.at(u, 0)[0] + self.turn * self.half * 0.14

    def y(self, v: float) -> float:
        return self.top + v * self.height


def frame(cast: Cast) -> Frame:
    """Birth gives build and light; bands posture: initiative lifts, playfulness tilts, sociability comes closer."""
    half, height, cheek, jaw, chin = _BUILDS[cast.slots[0] % len(_BUILDS)]
    scale = _CROPS[cast.slots[15] % 4] + 0.08 * (cast.sociability - 0.5)
    draws = cast.draws.at("frame")
    lit = 1 if cast.slots[14] & 1 else -1
    turn = lit * (0.25 + 0.55 * (1 - cast.directness)) * (1 if cast.slots[14] & 2 else 0.6)
    top = 236 - 26 * (cast.initiative - 0.5) - (height * scale - 425) * 0.36
    cx = 512 - turn * 16
    tilt = lit * (0.012 + 0.075 * cast.playfulness) * (-1 if cast.slots[14] & 4 else 1)
    return Frame(
        cx=cx,
        top=top,
        half=half * scale,
        height=height * scale,
        cheek=cheek,
        jaw=jaw,
        chin=chin,
        turn=turn,
        lit=lit,
        tilt=tilt,
        pivot=(cx, top + height * scale * 1.12),
        brow=0.445 + draws.between(-0.008, 0.008),
        eye=0.515 + draws.between(-0.01, 0.01),
        nose=0.715 + draws.between(-0.018, 0.018),
        mouth=0.825 + draws.between(-0.008, 0.008),
    )
