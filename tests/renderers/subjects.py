"""Subjects and states for renderer tests: valid by default, a test names only what matters to it."""

import hashlib

from renderers import State, Subject

ORIGIN = "http://127.0.0.1:8000"
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
MEDIA_CID = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
TEXT_CID = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"
BEAUVOIR = b"# Identity\n\nYsolde keeps the lamps.\n"

_WORDS = {
    "Archetype": ("Lamplighter", "Ferrykeeper", "Mender", "Reckoner", "Wayfinder", "Witness", "Grafter", "Bellringer"),
    "Lineage": ("Tide-Table Keepers", "Lamp-Trimmers", "Bridge-Listeners", "Orchard Notaries", "Kilnfolk"),
    "Era": ("Long Thaw", "Quiet Harvests", "Glass Summers", "First Signals"),
    "Element": ("Salt", "Ember", "Tide", "Loam", "Wind", "Moss", "Echo"),
    "Rarity": ("Everyday", "Seldom", "Storied", "Singular"),
}


def subject(
    number: int = 7, *, name: str = "Ysolde of the Low Tide", signals: tuple[tuple[str, str], ...] | None = None
) -> Subject:
    """The subject of token `number`: everything about it follows from the number."""
    seed = hashlib.sha256(b"test subject %d" % number).hexdigest()
    if signals is None:
        signals = tuple(
            (trait, words[int(seed[2 * i : 2 * i + 2], 16) % len(words)])
            for i, (trait, words) in enumerate(_WORDS.items())
        )
    return Subject(
        agent_id=f"eip155:31337/erc721:{CONTRACT}/{number}",
        name=name,
        signals=signals,
        slots=tuple(int(digit, 16) for digit in seed[16:32]),
        seed=seed,
        pack="dixie@1.0.0",
    )


def state(number: int = 7, *, snapshot: int = 1, stage: str = "Youth", level: int = 3) -> State:
    """A state with bands that follow from the number."""
    digest = hashlib.sha256(b"test state %d" % number).digest()
    return State(snapshot, tuple(byte % 7 for byte in digest[:16]), stage, level)
