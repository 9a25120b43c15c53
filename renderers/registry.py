"""Which renderers there are, and the one call that makes a snapshot's media."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

from renderers import placeholder, portrait
from renderers.encode import labels, media
from renderers.model import Media, State, Subject
from renderers.page import page
from renderers.raster import rasterise
from renderers.scene import Scene
from renderers.svg import svg_text


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a renderer is: its name, its version, and a hash of every source file it is made of."""

    name: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Renderer:
    """A renderer composes a scene; everything after that (SVG, pixels, page) is shared."""

    name: str
    version: str
    compose: Callable[[Subject, State], Scene]
    alt_text: Callable[[Subject, State], str]

    def manifest(self) -> Manifest:
        return Manifest(self.name, self.version, _sources_hash(self.name))


RENDERERS: Final[Mapping[str, Renderer]] = MappingProxyType(
    {portrait.NAME: Renderer(portrait.NAME, portrait.VERSION, portrait.compose, portrait.alt_text)}
)


def get_renderer(name: str) -> Renderer:
    """The renderer of that name; ValueError (with the known names) when there is none."""
    if name not in RENDERERS:
        raise ValueError(f"there is no renderer {name!r}; known: {', '.join(sorted(RENDERERS))}")
    return RENDERERS[name]


def render(subject: Subject, state: State, beauvoir_md: bytes, *, renderer: str = "portrait") -> Media:
    """All files of a snapshot's media directory (`MEDIA_FILES`), at most 500 KB together.

    Same input, same bytes, in any process with the same encoder libraries; pixels do not depend even on those.
    Raises ValueError when the renderer is unknown or the files together are over the limit.
    """
    chosen = get_renderer(renderer)
    scene = chosen.compose(subject, state)
    title = chosen.alt_text(subject, state)
    texts = labels(
        subject.agent_id, subject.name, subject.pack, state.snapshot, f"{chosen.name}@{chosen.version}", beauvoir_md
    )
    svg = svg_text(scene, title)
    return media(rasterise(scene), texts, svg, page(scene, subject.name, state, svg), beauvoir_md)


def placeholder_manifest() -> Manifest:
    """Of the picture that blind collections show before their reveal."""
    return Manifest(placeholder.NAME, placeholder.VERSION, _sources_hash(""))


@cache
def _sources_hash(name: str) -> str:
    """SHA-256 over the names and bytes of all sources in this package and the renderer's own folder, if it has one,
    sorted by name."""
    root = files("renderers")
    digest = hashlib.sha256()
    for folder, prefix in [(root, ""), *([(root / name, f"{name}/")] if name else [])]:
        for source in sorted(_sources(folder), key=lambda item: item.name):
            data = source.read_bytes()
            digest.update(f"{prefix}{source.name}\n{len(data)}\n".encode())
            digest.update(data)
    return digest.hexdigest()


def _sources(folder: Traversable) -> list[Traversable]:
    return [item for item in folder.iterdir() if item.is_file() and item.name.endswith(".py")]
