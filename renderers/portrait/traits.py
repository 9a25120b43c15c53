"""From birth facts and bands to the words a painter uses. Unknown signal values fall into families by hash."""

from dataclasses import dataclass
from typing import Final

from renderers.draws import Draws, family
from renderers.model import State, Subject

EMBLEMS: Final = 11
_EMBLEMS: Final = {
    "lamplighter": 1,  # rays
    "ferrykeeper": 4,  # moon
    "mender": 9,  # a thread of beads
    "reckoner": 0,  # a counting stone
    "wayfinder": 10,  # a compass star
    "witness": 7,  # a third eye
    "grafter": 3,  # leaves
    "bellringer": 6,  # bells on stems
}
ELEMENTS: Final = {
    **dict.fromkeys(("fire", "ember"), 0),  # rays
    **dict.fromkeys(("water", "tide"), 1),  # waves
    **dict.fromkeys(("air", "wind", "draught"), 2),  # gusts
    **dict.fromkeys(("earth", "loam"), 3),  # hills
    "rime": 4,  # frost stars
    "moss": 5,  # stems
    "copper": 6,  # rings
    "salt": 7,  # crystals
}
KINS: Final = ("human",) * 6 + (
    "elf",
    "elf",
    "feline",
    "feline",
    "owl",
    "finned",
    "finned",
    "mended",
    "mended",
    "night",
)
HERITAGES: Final = 8
COLLARS: Final = 8
_RANKS: Final = {
    "everyday": 0,
    "common": 0,
    "uncommon": 1,
    "seldom": 2,
    "rare": 2,
    "storied": 3,
    "epic": 3,
    "legendary": 4,
    "mythic": 4,
    "singular": 4,
}
_STAGES: Final = {"newborn": 0, "nascent": 0, "hatchling": 0, "seed": 0, "youth": 1, "adult": 2, "elder": 3}


@dataclass(frozen=True, slots=True)
class Cast:
    """One portrait's parameters. Integers choose a form; floats of 0..1 are bands."""

    draws: Draws
    slots: tuple[int, ...]
    kin: str
    emblem: int
    """Headdress, by the first signal (Archetype)."""
    heritage: int
    """Face paint and ear ornament, by the second (Lineage)."""
    collar: int
    """Dress, by the third (Era)."""
    element: int
    """0 fire, 1 water, 2 air, 3 earth, 4..7 other motifs."""
    rank: int
    """0..4, by Rarity: plain, bronze, silver, gold, radiant."""
    stage: int
    """0..5 rings of age."""
    level: int
    warmth: float
    directness: float
    playfulness: float
    verbosity: float
    formality: float
    curiosity: float
    rigor: float
    imagination: float
    optimism: float
    intensity: float
    steadiness: float
    candor: float
    initiative: float
    sociability: float
    breadth: float
    tempo: float


def cast(subject: Subject, state: State) -> Cast:
    """Everything the painters need to know."""
    values = [str(value) for _, value in subject.signals]

    def signal(name: str, position: int) -> str:
        return subject.signal(name) or (values[position] if position < len(values) else "")

    element = signal("Element", 3).strip().casefold()
    return Cast(
        Draws(subject.seed, "portrait"),
        subject.slots,
        KINS[subject.slots[10]],
        _EMBLEMS.get(signal("Archetype", 0).strip().casefold(), family(signal("Archetype", 0), EMBLEMS)),
        family(signal("Lineage", 1), HERITAGES),
        family(signal("Era", 2), COLLARS),
        ELEMENTS.get(element, 4 + family(element, 4)),
        _RANKS.get(signal("Rarity", 4).strip().casefold(), family(signal("Rarity", 4), 3)),
        _STAGES.get(state.stage.strip().casefold(), family(state.stage, 5)),
        state.level,
        *(band / 6 for band in state.bands),
    )
