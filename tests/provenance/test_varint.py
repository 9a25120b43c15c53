"""Unsigned LEB128: vectors of the protobuf encoding guide, and both directions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.provenance import varint


@pytest.mark.parametrize(
    ("number", "encoded"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (150, "9601"), (300, "ac02"), (2**63 - 1, "ff" * 8 + "7f")],
)
def test_encode_known_numbers_gives_known_bytes(number: int, encoded: str) -> None:
    assert varint.encode(number).hex() == encoded
    assert varint.decode(bytes.fromhex(encoded), 0) == (number, len(encoded) // 2)


@given(st.integers(0, 2**63 - 1), st.binary(max_size=5), st.binary(max_size=5))
def test_decode_what_was_encoded_returns_it_and_the_end(number: int, before: bytes, after: bytes) -> None:
    encoded = varint.encode(number)
    assert varint.decode(before + encoded + after, len(before)) == (number, len(before) + len(encoded))


@pytest.mark.parametrize("data", ["", "80", "ffff", "ff" * 9, "ff" * 9 + "01", "80" * 12 + "01"])
def test_decode_cut_short_or_too_long_is_refused(data: str) -> None:
    with pytest.raises(Invalid):
        varint.decode(bytes.fromhex(data), 0)


def test_decode_behind_the_end_is_refused() -> None:
    with pytest.raises(Invalid):
        varint.decode(b"\x01", 1)
