"""Birth: what a token is, from the collection seed, the supply, its id and the pack, looking at no other token."""

from dataclasses import dataclass

from personalities import codewords, decks
from personalities.derive import Draws, derive, permute
from personalities.dials import DIALS
from personalities.pack import Pack

SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Personality:
    """An immutable birth."""

    token_id: int
    name: str
    signals: tuple[tuple[str, str], ...]
    """(trait_type, value) in the pack's order."""
    slots: tuple[int, ...]
    """16 style choices, 0..15 each."""
    dials: tuple[int, ...]
    """16 values 0..65535, in the order of `DIALS`."""
    seed: str
    """64 hex digits; chooses among paraphrases."""
    pack: str
    pack_hash: str

    def signal(self, trait_type: str) -> str:
        """The value of one birth signal; raises KeyError when the pack has none of that name."""
        return dict(self.signals)[trait_type]

    @property
    def given(self) -> str:
        """The first word of the name."""
        return self.name.split(" ")[0]


def birth(collection_seed: bytes, supply: int, token_id: int, pack: Pack) -> Personality:
    """The personality of one token of a collection of `supply` tokens (1..1,048,576), ids from 0.

    Guarantees, for any two tokens of one collection: different names, two or more edits apart; different options in at
    least 13 of the 16 slots, and dials from different regions in at least 13 of 16 (12 each when the supply is above
    65,536); signals in exactly the pack's proportions. Raises ValueError when the seed is not 32 bytes or the id or
    supply is out of range, PackError when the pack has too few names for the supply.
    """
    if len(collection_seed) != SEED_BYTES:
        raise ValueError(f"a collection seed is {SEED_BYTES} bytes, not {len(collection_seed)}")
    k = codewords.dimension(supply)
    if not 0 <= token_id < supply:
        raise ValueError(f"token id {token_id} is outside the supply of {supply}")
    seed = derive("token", collection_seed, token_id.to_bytes(8, "big"))
    return Personality(
        token_id=token_id,
        name=pack.names.name(derive("name", collection_seed), token_id, supply),
        signals=tuple(
            (signal.title, signal.options[_dealt(collection_seed, signal.id, signal.weights, supply, token_id)].label)
            for signal in pack.signals
        ),
        slots=codewords.codeword(permute(derive("slots", collection_seed), token_id, 16**k), k),
        dials=_dials(collection_seed, token_id, k, seed, pack),
        seed=seed.hex(),
        pack=pack.id,
        pack_hash=pack.hash,
    )


def _dealt(collection_seed: bytes, signal: str, weights: tuple[int, ...], supply: int, token_id: int) -> int:
    return decks.deal(derive("signal", collection_seed, signal.encode()), weights, supply, token_id)


def _dials(collection_seed: bytes, token_id: int, k: int, seed: bytes, pack: Pack) -> tuple[int, ...]:
    """The code word says which region of a dial, the seed where inside: always in the region's middle half, so that
    values from different regions stay apart."""
    regions = codewords.codeword(permute(derive("dials", collection_seed), token_id, 16**k), k)
    draws = Draws(derive("dials", seed))
    values = []
    for edges, region in zip(pack.dial_edges, regions, strict=True):
        width = edges[region + 1] - edges[region]
        values.append(edges[region] + width // 4 + draws.below(max(1, width // 2)))
    assert len(values) == len(DIALS)
    return tuple(values)
