"""The 16 dials and the seven words each of them wears.

A dial is an integer 0..65535 (65,536 = 100 points). People and marketplaces see its band, one of seven equal parts of
the range, as a word. No word belongs to two dials, so a word alone tells which dial it speaks of.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

BANDS = 7
DIAL_RANGE = 1 << 16

BAND_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Warmth": ("aloof", "cool", "reserved", "cordial", "kind", "tender", "devoted"),
        "Directness": ("veiled", "oblique", "tactful", "clear", "plain", "blunt", "unsparing"),
        "Playfulness": ("grave", "sober", "dry", "wry", "droll", "frolicsome", "impish"),
        "Verbosity": ("laconic", "terse", "brief", "measured", "talkative", "expansive", "copious"),
        "Formality": ("slangy", "casual", "easy", "neat", "mannered", "proper", "ceremonious"),
        "Curiosity": ("incurious", "settled", "selective", "interested", "inquisitive", "prying", "insatiable"),
        "Rigor": ("slapdash", "loose", "rough", "careful", "thorough", "exacting", "scrupulous"),
        "Imagination": ("literal", "practical", "grounded", "inventive", "fanciful", "visionary", "boundless"),
        "Optimism": ("bleak", "doubtful", "wary", "level", "hopeful", "sunny", "radiant"),
        "Intensity": ("placid", "mild", "gentle", "stirred", "ardent", "fervent", "blazing"),
        "Steadiness": ("mercurial", "restless", "changeable", "composed", "constant", "unruffled", "immovable"),
        "Candor": ("secretive", "guarded", "discreet", "forthcoming", "frank", "open", "transparent"),
        "Initiative": ("passive", "yielding", "patient", "ready", "forward", "driving", "unstoppable"),
        "Sociability": ("solitary", "private", "quiet", "companionable", "outgoing", "gregarious", "convivial"),
        "Breadth": ("undivided", "focused", "narrow", "rounded", "ranging", "wide", "encyclopedic"),
        "Tempo": ("glacial", "slow", "unhurried", "even", "brisk", "quick", "breathless"),
    }
)

DIALS: tuple[str, ...] = tuple(BAND_WORDS)


def band(dial_value: int) -> int:
    """Band 0..6 of a dial value 0..65535; raises ValueError outside that range."""
    if not 0 <= dial_value < DIAL_RANGE:
        raise ValueError(f"a dial is 0..65535, not {dial_value}")
    return dial_value * BANDS // DIAL_RANGE


def bands(dials: Sequence[int]) -> tuple[int, ...]:
    """Band of each dial, in the order of `DIALS`."""
    return tuple(band(value) for value in dials)


def band_word(dial_index: int, band: int) -> str:
    """The word for one band of the dial at `dial_index` in `DIALS`; raises IndexError outside both."""
    if dial_index < 0 or band < 0:
        raise IndexError(f"no dial {dial_index} with band {band}")
    return BAND_WORDS[DIALS[dial_index]][band]
