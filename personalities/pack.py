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
    """A slot (16 options, dealt by code), or what a signal has in common with it."""

    id: str
    title: str
    """Display name; for a signal, the `trait_type` of the token JSON."""
    options: tuple[Option, ...]
    """None for a signal that is a number or a date."""
    paired: tuple[str, ...] = ()
    """Facets whose lines belong together by place: line n of one answers line n of the other."""

    @property
    def weights(self) -> tuple[int, ...]:
        return tuple(option.weight for option in self.options)

    def option(self, label: str) -> Option:
        return next(option for option in self.options if option.label == label)


SignalKind = Literal["choice", "number", "date"]


@dataclass(frozen=True, slots=True)
class Span:
    """The whole numbers (or years) first..last, both included."""

    first: int
    last: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Signal(Trait):
    """A birth signal: dealt from its options or spans, or read off another signal."""

    kind: SignalKind = "choice"
    spans: tuple[Span, ...] = ()
    """What a number or date is dealt from; or, when `source` is a number or date, what each option stands for."""
    source: str = ""
    """Id of the signal this one is read off; empty when it is dealt."""
    starts: tuple[int, ...] = ()
    """When `source` is a date read by its day: the first day of each option, as month * 100 + day; it holds until the
    next one's."""
    table: Mapping[str, int] = field(default_factory=dict)
    """Per label of `source`, the index of the option it becomes."""

    def option(self, label: str) -> Option:
        if self.kind == "choice":
            return Trait.option(self, label)
        return Option(label, 1, {})


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
class Placeholder:
    """What every token of a blind collection shows before its reveal; `{number}` stands for the token id."""

    name: str
    description: str
    document: tuple[str, ...]
    """The paragraphs below the name."""
    motif: str
    """Art hint: one word for the picture."""
    colours: tuple[str, ...]
    """Art hint: six lower-case hex digits each, the ground first."""


@dataclass(frozen=True, slots=True)
class RuleScope:
    """Which signals the writing rules look at."""

    labels: tuple[str, ...]
    """Ids of signals whose values nobody wears as a label, as in “as a mender, I …”."""
    unspoken: tuple[str, ...] = ()
    """Ids of signals whose values are named in Self-knowledge only."""
    era: str = ""
    banned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per value of the signal `era`, the word fields it knows nothing of."""
    tradition: str = ""
    traditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per value of the signal `tradition`, the traditions whose clichés it avoids."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A loaded pack. `hash` is SHA-256 (hex) over its canonical content; two packs with one hash give equal births."""

    name: str
    version: str
    hash: str
    slots: tuple[Trait, ...] = field(repr=False)
    signals: tuple[Signal, ...] = field(repr=False)
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
    placeholder: Placeholder = field(repr=False)
    scope: RuleScope = field(repr=False)

    @property
    def id(self) -> str:
        """Name and version as one word, such as `dixie@1.0.0`."""
        return f"{self.name}@{self.version}"

    def dial_line(self, dial: str, value: int) -> tuple[Template, ...]:
        return self.dial_lines[dial][band(value)]
