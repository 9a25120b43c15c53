"""What a token of a blind collection shows before its reveal: a closed door with light behind it.

The picture depends on the pack alone, so it tells nothing of who will live there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from PIL import Image

from renderers.colour import rgb_of
from renderers.encode import labels, media
from renderers.model import Media, State
from renderers.page import page
from renderers.raster import rasterise
from renderers.scene import Group, Linear, Path, Radial, Scene, Shape, Stop
from renderers.shapes import bar, ellipse, leaf, polygon, rectangle, ring, star, together
from renderers.svg import svg_text
from renderers.texts import plain

NAME: Final = "placeholder"
VERSION: Final = "1.0.0"
STAGE: Final = "unborn"
STATE: Final = State(1, (3,) * 16, STAGE, 0)
"""Snapshot 1 of a blind collection. The bands only pace the page; documents do not show them."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A token that has no personality yet. Raises ValueError when its colours are not two of six hex digits."""

    agent_id: str
    """CAIP-19 id."""
    name: str
    motif: str
    """A lower-case word of the pack: lamp, shutter, star, …; one that is not known is shown as a seal."""
    colours: tuple[str, ...]
    """Ground and light, six lower-case hex digits each."""
    pack: str

    def __post_init__(self) -> None:
        if len(self.colours) < 2:
            raise ValueError("a placeholder has two colours, of its ground and of its light")
        for colour in self.colours:
            rgb_of(colour)


def render_placeholder(sealed: Sealed, beauvoir_md: bytes) -> Media:
    """All files of the media directory of snapshot 1. Same input, same bytes."""
    scene = compose(sealed.motif, sealed.colours)
    title = placeholder_alt_text(sealed)
    svg = svg_text(scene, title)
    texts = labels(sealed.agent_id, sealed.name, sealed.pack, STATE.snapshot, f"{NAME}@{VERSION}", beauvoir_md)
    html = page(scene, sealed.name, STATE, svg)
    return media(_pixels(sealed.motif, sealed.colours), texts, svg, html, beauvoir_md)


def placeholder_alt_text(sealed: Sealed) -> str:
    """One sentence for those who do not see the picture."""
    return f"{plain(sealed.name, 80)}: a closed door with light behind it; nobody has been born here yet."


@lru_cache(maxsize=8)
def compose(motif: str, colours: tuple[str, ...]) -> Scene:
    """The picture: ground, light, door, and the pack's emblem on it."""
    ground, light = colours[0], colours[1]
    dark = _mixed(ground, "000000", 0.35)
    glow = Radial(512, 560, 620, (Stop(0, light, 0.55), Stop(0.45, light, 0.16), Stop(1, light, 0.0)))
    door = _arch(512, 300, 196, 560)
    frame = _arch(512, 272, 224, 604)
    panels = together([_arch(512, 350, 142, 200), rectangle(370, 600, 284, 190)])
    leak = Linear(0, 850, 0, 884, (Stop(0, light, 0.95), Stop(1, light, 0.05)))
    groups = (
        Group("field", (Shape(rectangle(0, 0, 1024, 1024), glow),)),
        Group("halo", tuple(Shape(ring(512, 520, 330 + 74 * k, 3.0), light, 0.30 - 0.05 * k) for k in range(5))),
        Group("motes", (Shape(together(_dust()), light, 0.55),)),
        Group(
            "door",
            (
                Shape(frame, light, 0.85),
                Shape(door, Linear(0, 120, 0, 860, (Stop(0, _mixed(ground, light, 0.10)), Stop(1, dark)))),
                Shape(panels, _mixed(ground, "000000", 0.18), 0.75),
                Shape(rectangle(316, 850, 392, 10), leak),
                Shape(polygon([(316, 858), (708, 858), (850, 1024), (174, 1024)]), light, 0.16),
                Shape(ellipse(650, 590, 13), light, 0.9),
            ),
        ),
        Group("emblem", (_EMBLEMS.get(motif, _seal)(light, dark),)),
    )
    origins = (("halo", 512.0, 520.0),)
    return Scene(Linear(0, 0, 0, 1024, (Stop(0, dark), Stop(1, ground))), groups, origins)


@lru_cache(maxsize=8)
def _pixels(motif: str, colours: tuple[str, ...]) -> Image.Image:
    return rasterise(compose(motif, colours))


def _arch(cx: float, top: float, half: float, height: float) -> Path:
    """A round-headed opening: `top` is where the head springs, `height` that of the sides."""
    return together([ellipse(cx, top, half), rectangle(cx - half, top, 2 * half, height)])


def _dust() -> list[Path]:
    """Specks in the light, on a spiral, so that no two are close."""
    specks = []
    x, y = 1.0, 0.0
    for k in range(34):
        x, y = x * -0.7374 - y * 0.6755, x * 0.6755 + y * -0.7374  # a turn by the golden angle
        reach = 250 + 15.5 * k
        specks.append(ellipse(512 + x * reach, 500 + y * reach * 0.94, 2.2 + k % 4))
    return specks


def _lamp(light: str, dark: str) -> Group:
    body = together([leaf(512, 300, 512, 452, 62), rectangle(472, 446, 80, 16), bar(512, 236, 512, 312, 7)])
    flame = leaf(512, 344, 512, 420, 20)
    return Group("", (Shape(body, light, 0.92), Shape(flame, dark, 0.95)))


def _shutter(light: str, dark: str) -> Group:
    slats = together([rectangle(404, 280 + 34 * k, 216, 15) for k in range(7)])
    return Group("", (Shape(slats, light, 0.85), Shape(rectangle(507, 268, 10, 252), dark, 0.9)))


def _star(light: str, dark: str) -> Group:
    return Group("", (Shape(star(512, 380, 104, 36, 8), light, 0.92), Shape(ellipse(512, 380, 24), dark, 0.95)))


def _seal(light: str, dark: str) -> Group:
    keyhole = together([ellipse(512, 362, 24), polygon([(500, 372), (524, 372), (538, 434), (486, 434)])])
    rims = (Shape(ring(512, 380, 92, 9), light, 0.9), Shape(ring(512, 380, 70, 4), light, 0.9))
    return Group("", (*rims, Shape(keyhole, light, 0.9), Shape(ellipse(512, 362, 10), dark, 0.9)))


_EMBLEMS: Final[Mapping[str, Callable[[str, str], Group]]] = MappingProxyType(
    {"lamp": _lamp, "shutter": _shutter, "star": _star}
)


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(rgb_of(one), rgb_of(other), strict=True)
    return "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
