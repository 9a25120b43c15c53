"""What a renderer is given: the immutable subject of a portrait and the state it is in today."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DIALS: Final = (
    "Warmth",
    "Directness",
    "Playfulness",
    "Verbosity",
    "Formality",
    "Curiosity",
    "Rigor",
    "Imagination",
    "Optimism",
    "Intensity",
    "Steadiness",
    "Candor",
    "Initiative",
    "Sociability",
    "Breadth",
    "Tempo",
)
"""The sixteen behaviour axes, in the order of `State.bands`; also their trait types in documents."""

BANDS: Final = 7
"""A dial shows one of seven bands, 0 (least) to 6 (most)."""

MEDIA_FILES: Final = (
    "image.png",
    "image-512.png",
    "image-250.png",
    "image.webp",
    "image.svg",
    "animation.html",
    "beauvoir.md",
)
"""Every file of a snapshot's media directory."""

MEDIA_LIMIT: Final = 500_000
"""Bytes all files of one media directory may have together."""

Media = Mapping[str, bytes]
"""File name → bytes, exactly the names in `MEDIA_FILES`."""

_SEED = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is portrayed: birth facts only, so equal for every snapshot of a token. Raises ValueError when malformed."""

    agent_id: str
    """CAIP-19 id: eip155:{chain}/erc721:{EIP-55 contract}/{tokenId}."""
    name: str
    signals: tuple[tuple[str, str | int], ...]
    """(trait type, value) in document order: Archetype, Lineage, Era, Element, Rarity, or what the pack names. A whole
    number stays one in documents."""
    slots: tuple[int, ...]
    """16 style symbols of 0..15; two tokens of a collection differ in at least 13."""
    seed: str
    """The token's birth seed, 64 lower-case hex digits."""
    pack: str
    """Pack name and version, as in dixie@1.0.0."""

    def __post_init__(self) -> None:
        if len(self.slots) != 16 or any(not 0 <= slot < 16 for slot in self.slots):
            raise ValueError(f"a subject has 16 slots of 0..15, not {self.slots!r}")
        if not _SEED.match(self.seed):
            raise ValueError("a birth seed is 64 lower-case hex digits")

    def signal(self, trait_type: str) -> str:
        """The value of a birth signal, or '' when the pack has none of that name."""
        return next((str(value) for name, value in self.signals if name == trait_type), "")


@dataclass(frozen=True, slots=True)
class State:
    """How the subject is now. Raises ValueError when malformed."""

    snapshot: int
    """Snapshot number n, from 1."""
    bands: tuple[int, ...]
    """16 of 0..6, in the order of `DIALS`."""
    stage: str
    level: int

    def __post_init__(self) -> None:
        if len(self.bands) != len(DIALS) or any(not 0 <= band < BANDS for band in self.bands):
            raise ValueError(f"a state has 16 bands of 0..6, not {self.bands!r}")
        if self.snapshot < 0 or self.level < 0:
            raise ValueError("snapshot and level are not negative")

    def band(self, dial: str) -> int:
        """The band (0..6) of a dial named as in `DIALS`."""
        return self.bands[DIALS.index(dial)]
