"""Decks hold exactly what they promise."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalities.decks import counts, deal


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=20), st.integers(1, 1 << 20))
def test_counts_add_up_and_stay_within_one_of_the_share(weights: list[int], supply: int) -> None:
    dealt = counts(weights, supply)
    assert sum(dealt) == supply
    for weight, count in zip(weights, dealt, strict=True):
        assert abs(count * sum(weights) - weight * supply) < sum(weights)


def test_counts_round_supply_is_exact() -> None:
    assert counts((8000, 1500, 400, 100), 10_000) == (8000, 1500, 400, 100)
    assert counts((1, 1, 1), 2) == (1, 1, 0)


@pytest.mark.parametrize("supply", [1, 7, 100, 501])
def test_deal_whole_deck_matches_counts(supply: int) -> None:
    weights = (8000, 1500, 400, 100)
    dealt = Counter(deal(b"key", weights, supply, token) for token in range(supply))
    assert tuple(dealt[option] for option in range(4)) == counts(weights, supply)
