"""The code's distance, proven rather than sampled: a linear code's distance is its least weight."""

import pytest

from personalities.codewords import codeword, dimension


def test_codeword_linear_code_has_distance_13() -> None:
    for left, right in ((1, 2), (77, 4096), (65535, 12345)):
        summed = tuple(a ^ b for a, b in zip(codeword(left, 4), codeword(right, 4), strict=True))
        assert summed == codeword(left ^ right, 4)
    assert min(sum(symbol != 0 for symbol in codeword(index, 4)) for index in range(1, 1 << 16)) == 13


@pytest.mark.full
def test_codeword_five_symbols_have_distance_12() -> None:
    assert min(sum(symbol != 0 for symbol in codeword(index, 5)) for index in range(1, 1 << 20)) == 12


@pytest.mark.parametrize(("supply", "k"), [(1, 4), (65_536, 4), (65_537, 5), (1_048_576, 5)])
def test_dimension_grows_with_the_supply(supply: int, k: int) -> None:
    assert dimension(supply) == k


@pytest.mark.parametrize("supply", [0, -1, (1 << 20) + 1])
def test_dimension_impossible_supply_is_refused(supply: int) -> None:
    with pytest.raises(ValueError, match="a supply is"):
        dimension(supply)
