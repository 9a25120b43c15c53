"""Births: pure, alone, and far apart."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalities import DIALS, Personality, bands, birth, load_pack

PACK = load_pack("dixie")
SEED = bytes(range(32))
LARGE = 70_000


def differing(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    return sum(a != b for a, b in zip(left, right, strict=True))


def regions(p: Personality) -> tuple[int, ...]:
    """Which of its 16 birth regions each dial fell in."""
    return tuple(
        sum(value >= edge for edge in edges[1:]) for value, edges in zip(p.dials, PACK.dial_edges, strict=True)
    )


@settings(max_examples=60)
@given(st.binary(min_size=32, max_size=32), st.integers(2, 65_536), st.data())
def test_birth_any_two_tokens_are_far_apart(seed: bytes, supply: int, data: st.DataObject) -> None:
    ids = st.integers(0, supply - 1)
    left, right = data.draw(st.lists(ids, min_size=2, max_size=2, unique=True))
    a, b = birth(seed, supply, left, PACK), birth(seed, supply, right, PACK)
    assert differing(a.slots, b.slots) >= 13
    assert differing(regions(a), regions(b)) >= 13
    assert a.name != b.name
    assert a.seed != b.seed


@settings(max_examples=30)
@given(st.lists(st.integers(0, LARGE - 1), min_size=2, max_size=2, unique=True))
def test_birth_above_65536_tokens_differ_in_12(ids: list[int]) -> None:
    a, b = (birth(SEED, LARGE, token, PACK) for token in ids)
    assert differing(a.slots, b.slots) >= 12
    assert differing(regions(a), regions(b)) >= 12


def test_birth_different_regions_are_half_a_region_apart() -> None:
    tokens = [birth(SEED, 200, token, PACK) for token in range(200)]
    for a, b in combinations(tokens, 2):
        for dial, (left, right) in enumerate(zip(regions(a), regions(b), strict=True)):
            if left != right:
                edges = PACK.dial_edges[dial]
                gap = (edges[left + 1] - edges[left]) // 4 + (edges[right + 1] - edges[right]) // 4
                assert abs(a.dials[dial] - b.dials[dial]) >= gap


def test_birth_small_collection_signals_are_dealt_exactly() -> None:
    tokens = [birth(SEED, 200, token, PACK) for token in range(200)]
    rarity = Counter(p.signal("Rarity") for p in tokens)
    assert rarity == {"Everyday": 160, "Seldom": 30, "Storied": 8, "Singular": 2}
    assert len({p.name for p in tokens}) == 200
    assert len({bands(p.dials) for p in tokens}) == 200
    assert [title for title, _ in tokens[0].signals] == ["Archetype", "Lineage", "Era", "Element", "Rarity"]


def test_birth_is_a_pure_function_of_its_arguments() -> None:
    again = birth(bytes(range(32)), 12, 5, load_pack("dixie"))
    assert birth(SEED, 12, 5, PACK) == again
    assert birth(SEED[::-1], 12, 5, PACK) != again
    assert len(again.slots) == len(again.dials) == len(DIALS) == 16
    assert (again.pack, again.pack_hash) == ("dixie@1.0.0", PACK.hash)


def test_birth_supply_of_one_works() -> None:
    assert birth(SEED, 1, 0, PACK).signal("Rarity") == "Everyday"


@pytest.mark.parametrize(
    ("seed", "supply", "token", "problem"),
    [
        (b"short", 10, 0, "32 bytes"),
        (SEED, 0, 0, "a supply is"),
        (SEED, (1 << 20) + 1, 0, "a supply is"),
        (SEED, 10, 10, "outside the supply"),
        (SEED, 10, -1, "outside the supply"),
    ],
)
def test_birth_impossible_arguments_are_refused(seed: bytes, supply: int, token: int, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        birth(seed, supply, token, PACK)


def test_signal_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        birth(SEED, 10, 0, PACK).signal("Zodiac")


@pytest.mark.full
def test_birth_ten_thousand_tokens_keep_every_promise() -> None:
    supply = 10_000
    tokens = [birth(SEED, supply, token, PACK) for token in range(supply)]
    assert len({p.name for p in tokens}) == supply
    assert len({bands(p.dials) for p in tokens}) >= supply * 99 // 100
    assert Counter(p.signal("Rarity") for p in tokens) == {
        "Everyday": 8000,
        "Seldom": 1500,
        "Storied": 400,
        "Singular": 100,
    }
    # Two slot vectors agreeing in four places would share one of these 1,820 quadruples of places.
    for places in combinations(range(16), 4):
        assert len({tuple(p.slots[place] for place in places) for p in tokens}) == supply
