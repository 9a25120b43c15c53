"""Derivation: permutations are permutations, draws are fair, labels separate."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalities.derive import Draws, derive, permute


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 11, 12, 13, 100, 255, 256, 257, 1000])
def test_permute_any_size_is_one_to_one(size: int) -> None:
    assert sorted(permute(b"key", index, size) for index in range(size)) == list(range(size))


@given(st.binary(max_size=40), st.integers(2, 1 << 20), st.data())
def test_permute_two_indices_stay_apart(key: bytes, size: int, data: st.DataObject) -> None:
    left = data.draw(st.integers(0, size - 1))
    right = data.draw(st.integers(0, size - 1).filter(lambda value: value != left))
    assert permute(key, left, size) != permute(key, right, size)
    assert 0 <= permute(key, left, size) < size


def test_permute_other_key_other_order() -> None:
    orders = {tuple(permute(bytes([key]), index, 50) for index in range(50)) for key in range(50)}
    assert len(orders) == 50


def test_permute_index_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="not below"):
        permute(b"", 5, 5)


def test_derive_parts_do_not_run_together() -> None:
    assert derive("a", b"bc") != derive("ab", b"c")
    assert derive("a", b"b", b"c") != derive("a", b"bc")


def test_draws_below_is_fair_and_repeatable() -> None:
    draws, again = Draws(b"seed"), Draws(b"seed")
    values = [draws.below(7) for _ in range(7000)]
    assert values == [again.below(7) for _ in range(7000)]
    assert all(850 < count < 1150 for count in Counter(values).values())


def test_draws_shuffled_keeps_every_item() -> None:
    assert sorted(Draws(b"x").shuffled(range(20))) == list(range(20))
