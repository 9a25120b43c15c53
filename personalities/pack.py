"""Packs: the words, weights and templates that births and documents are made of, as checked, hashed data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from personalities.dials import band
from personalities.names import NameSpace
from personalities.templates import Template

SECTIONS = (
    "Identity",
    "Voice",
    "Values and boundaries",
    "Expertise",
    "Behavioural guidelines",
    "Examples",
    "Self-knowledge",
)
"""The headings of every BEAUVOIR.md, in order."""
MAX_DOCUMENT_BYTES = 8192

BlockKind = Literal["paragraph", "list", "exchanges", "facts"]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a slot or signal: its label and, per facet, the lines that may speak of it."""

    label: str
    weight: int
    facets: Mapping[str, tuple[Template, ...]]


@dataclass(frozen=True, slots=True)
class Trait:
    """A slot (16 options, dealt by code) or a birth signal (dealt from an exact deck)."""

    id: str
    title: str
    """Display name; for a signal, the `trait_type` of the token JSON."""
    options: tuple[Option, ...]
    paired: tuple[str, ...] = ()
    """Facets whose lines belong together by place: line n of one answers line n of the other."""

    @property
    def weights(self) -> tuple[int, ...]:
        return tuple(option.weight for option in self.options)

    def option(self, label: str) -> Option:
        return next(option for option in self.options if option.label == label)


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, list or set of exchanges of a section."""

    kind: BlockKind
    parts: tuple[Template, ...] = ()
    shuffle: bool = False
    take: int = 0
    """How many of the parts (or exchanges) are used; 0 = all."""
    exchanges: tuple[str, ...] = ()
    """Ids of the exchanges to choose from."""
    lead: Template = ()
    """The line above a list."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A sample conversation turn: what somebody says, and the parts of the answer."""

    ask: Template
    reply: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """A loaded pack. `hash` is SHA-256 (hex) over its canonical content; two packs with one hash give equal births."""

    name: str
    version: str
    hash: str
    slots: tuple[Trait, ...] = field(repr=False)
    signals: tuple[Trait, ...] = field(repr=False)
    dial_edges: tuple[tuple[int, ...], ...] = field(repr=False)
    """Per dial, the 17 bounds of its 16 equally likely birth regions."""
    dial_lines: Mapping[str, tuple[tuple[Template, ...], ...]] = field(repr=False)
    """Per dial and band, the lines that describe it."""
    names: NameSpace = field(repr=False)
    banks: Mapping[str, tuple[Template, ...]] = field(repr=False)
    exchanges: Mapping[str, Exchange] = field(repr=False)
    sections: Mapping[str, tuple[Block, ...]] = field(repr=False)
    description: tuple[Template, ...] = field(repr=False)
    introduction: tuple[Template, ...] = field(repr=False)

    @property
    def id(self) -> str:
        """Name and version as one word, such as `dixie@1.0.0`."""
        return f"{self.name}@{self.version}"

    def dial_line(self, dial: str, value: int) -> tuple[Template, ...]:
        return self.dial_lines[dial][band(value)]
