"""Birth: what a token is, from the collection seed, the supply, its id and the pack, looking at no other token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personalities import codewords, decks
from personalities.derive import Draws, derive, permute
from personalities.dials import DIALS
from personalities.pack import Pack, Signal

SEED_BYTES = 32
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Personality:
    """An immutable birth."""

    token_id: int
    name: str
    signals: tuple[tuple[str, str | int], ...]
    """(trait_type, value) in the pack's order; an integer where the signal is a number."""
    slots: tuple[int, ...]
    """16 style choices, 0..15 each."""
    dials: tuple[int, ...]
    """16 values 0..65535, in the order of `DIALS`."""
    seed: str
    """64 hex digits; chooses among paraphrases."""
    pack: str
    pack_hash: str

    def signal(self, trait_type: str) -> str | int:
        """The value of one birth signal; raises KeyError when the pack has none of that name."""
        return dict(self.signals)[trait_type]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Personality":
        """What `dataclasses.asdict` gave, after a way through JSON."""
        return cls(
            **{
                **data,
                "signals": tuple((str(title), value) for title, value in data["signals"]),
                "slots": tuple(data["slots"]),
                "dials": tuple(data["dials"]),
            }
        )

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
        signals=_signals(collection_seed, supply, token_id, seed, pack),
        slots=codewords.codeword(permute(derive("slots", collection_seed), token_id, 16**k), k),
        dials=_dials(collection_seed, token_id, k, seed, pack),
        seed=seed.hex(),
        pack=pack.id,
        pack_hash=pack.hash,
    )


def _signals(
    collection_seed: bytes, supply: int, token_id: int, seed: bytes, pack: Pack
) -> tuple[tuple[str, str | int], ...]:
    values: dict[str, str | int] = {}
    numbers: dict[str, int] = {}
    for signal in pack.signals:
        if signal.source:
            index = read_off(signal, values[signal.source], numbers.get(signal.source))
            values[signal.id] = signal.options[index].label
            continue
        key = derive("signal", collection_seed, signal.id.encode())
        weights = tuple(span.weight for span in signal.spans) if signal.spans else signal.weights
        dealt = decks.deal(key, weights, supply, token_id)
        if signal.kind == "choice":
            values[signal.id] = signal.options[dealt].label
            continue
        draws = Draws(derive("signal", seed, signal.id.encode()))
        span = signal.spans[dealt]
        number = numbers[signal.id] = span.first + draws.below(span.last - span.first + 1)
        values[signal.id] = number if signal.kind == "number" else _date(number, draws)
    return tuple((signal.title, values[signal.id]) for signal in pack.signals)


def read_off(signal: Signal, value: str | int, number: int | None) -> int:
    """Which option of a derived signal its source's value stands for: by label, by number or year, or by the day."""
    if number is None:
        return signal.table[str(value)]
    if signal.starts:
        month, day = str(value).split("-")[-2:]
        begun = [start for start in signal.starts if start <= int(month) * 100 + int(day)]
        return signal.starts.index(max(begun or signal.starts))
    return next(index for index, span in enumerate(signal.spans) if span.first <= number <= span.last)


def _date(year: int, draws: Draws) -> str:
    """A day of that year as `1352-06-15` or `-500-06-15`, in the calendar of today counted back; no 29 February."""
    month = draws.below(12)
    return f"{year:04d}-{month + 1:02d}-{draws.below(_DAYS[month]) + 1:02d}"


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
