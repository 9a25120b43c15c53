"""What the voice is handed and what it gives back. Plain values only; `to_json` and `from_json` read and write them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from personalities.dials import DIAL_RANGE, DIALS
from personalities.voice import shapes

MAX_MESSAGE: Final = 32_000
"""Characters of a message that are read; the rest is ignored."""
MAX_HISTORY: Final = 120
"""Latest turns of a talk that are read: 40 replies are never repeated, and there is room to spare."""
MEMORY_KINDS: Final = ("name", "like", "dislike", "person", "pet", "project", "date", "promise", "topic", "fact")


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the 16 style choices, with the lines its pack has for it."""

    id: str
    label: str
    lines: tuple[str, ...] = ()
    """The pack's description of it, turned to the first person."""
    say: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    dont: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    noun: str = ""


@dataclass(frozen=True, slots=True)
class Canon:
    """Who speaks: the part of a birth that can be spoken of."""

    token_id: int
    name: str
    given: str
    pack: str
    signals: tuple[tuple[str, str], ...]
    """(trait type, value), as in Self-knowledge."""
    dials: tuple[int, ...]
    """The 16 dials at birth."""
    slots: tuple[Slot, ...]
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per signal id, what the pack says of its value, in the first person; `lesson` is the lineage's."""
    unspoken: tuple[str, ...] = ()
    """Trait types that are listed in Self-knowledge and otherwise never named."""
    noun: str = ""
    """The archetype as a noun, such as `a mender`."""
    kin: str = ""
    people: str = ""
    place: str = ""

    def slot(self, slot_id: str) -> Slot:
        """The slot of that id; an empty one when the pack has none."""
        return next((slot for slot in self.slots if slot.id == slot_id), Slot(slot_id, ""))


@dataclass(frozen=True, slots=True)
class Neighbour:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """A dial that moved from one band to another on a closed day."""

    dial: str
    from_word: str
    to_word: str
    day: str
    why: str
    """A sentence of the ledger, such as `warm talk on 3 days`."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """Where the published state can be checked; what is not there yet is empty or None."""

    snapshot: int | None = None
    document: str = ""
    """SHA-256 of the canonical document, hex."""
    cid: str = ""
    commit: int | None = None
    transaction: str = ""
    state: str = ""
    """`prepared`, `live`, `committed` or `finalized`."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Something the holder said."""

    id: str
    kind: str
    """One of `MEMORY_KINDS`."""
    text: str
    """The gist: the name, the thing liked, `dog Rex`, …"""
    words: str
    """The holder's own words, one sentence."""
    day: str
    """Day it was said, YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """A memory that has no id yet."""

    kind: str
    text: str
    words: str
    day: str
    when: str | None = None
    """ISO day it is about, where one can be computed."""
    relation: str | None = None
    """For a person or pet: `sister`, `dog`, …"""


@dataclass(frozen=True, slots=True)
class Turn:
    role: str
    """`user` or `assistant`."""
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of a talk: all the voice may know. It states nothing that is not in here or in its own words."""

    personality: Canon
    dials: tuple[int, ...]
    """The 16 dials today, 0..65535."""
    message: str
    today: str = ""
    """YYYY-MM-DD."""
    stage: str = ""
    level: int | None = None
    owner: str | None = None
    holder: str | None = None
    """Given name or pseudonym of whoever is speaking."""
    collection: str = ""
    supply: int | None = None
    token_id: int | None = None
    neighbours: tuple[Neighbour, ...] = ()
    changes: tuple[Change, ...] = ()
    proofs: Proofs = Proofs()
    memories: tuple[Memory, ...] = ()
    history: tuple[Turn, ...] = ()

    def __post_init__(self) -> None:
        if len(self.dials) != len(DIALS) or not all(0 <= value < DIAL_RANGE for value in self.dials):
            raise ValueError(f"a scene needs {len(DIALS)} dials of 0..{DIAL_RANGE - 1}")

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = shapes.to_json(self)
        return data

    @classmethod
    def from_json(cls, data: Any) -> "Scene":
        """Raises ValueError naming the first place that is not as it should be."""
        return shapes.from_json(cls, data)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reply."""

    text: str
    intent: str
    used: tuple[str, ...] = ()
    """Keys of the facts in it, such as `name`, `dial:Warmth`, `proof:commit`, `memory:17`."""
    noticed: tuple[Noticed, ...] = ()
    """What the message told about its writer."""
    act: str | None = None
    """`question`, `riddle`, `answer`, `dream`, `letter`, `debate`, `raise`, `remember` or `forget`. With `forget`, the
    memories to drop are the `memory:` keys in `used`."""

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = shapes.to_json(self)
        return data

    @classmethod
    def from_json(cls, data: Any) -> "Spoken":
        """Raises ValueError naming the first place that is not as it should be."""
        return shapes.from_json(cls, data)
