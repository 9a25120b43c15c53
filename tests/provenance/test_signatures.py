"""Signatures without a chain: who made one, and what is in an ERC-6492 wrapper."""

import hashlib

import pytest
from eth_account import Account as Keys
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.provenance.ids import checksum_address
from app.provenance.signatures import (
    MAX_SIGNATURE,
    Wrapped,
    is_wrapped,
    message_hash,
    read_signature,
    recover,
    unwrap,
    wrap,
)
from app.provenance.siwe import SiweMessage, build

SUFFIX = bytes.fromhex("6492" * 16)
KEY = Keys.from_key(hashlib.sha256(b"signatures").digest())
# Signed by wallets in the wild, as the test vectors of the siwe libraries have them; the second counts v from 0.
WILD = [
    (
        SiweMessage(
            domain="login.xyz",
            address="0x9D85ca56217D2bb651b00f15e694EB7E713637D4",
            statement="Sign-In With Ethereum Example Statement",
            uri="https://login.xyz",
            chain_id=1,
            nonce="bTyXgcQxn2htgkjJn",
            issued_at="2022-01-27T17:09:38.578Z",
            expiration_time="2100-01-07T14:31:43.952Z",
        ),
        "0xdc35c7f8ba2720df052e0092556456127f00f7707eaa8e3bbff7e56774e7f2e0"
        "5a093cfc9e02964c33d86e8e066e221b7d153d27e5a2e97ccd5ca7d3f2ce06cb1b",
    ),
    (
        SiweMessage(
            domain="www.tally.xyz",
            address="0xc95EB884FE852e241D409234bfC7045CB9E31BD7",
            statement="Sign in with Ethereum to Tally",
            uri="https://tally.xyz",
            chain_id=1,
            nonce="15050747",
            issued_at="2022-06-30T14:08:51.382Z",
        ),
        "0x8c46b6eb8505939892d8e9b075f89f8277321b17b993151f37810cdda38cce6f"
        "4a85909d2b53e6a14629c74c0ac38bf4becde78ee5b2529812bf6cceaf7b2a2501",
    ),
]


@pytest.mark.parametrize(("message", "signature"), WILD, ids=["v 27", "v 1"])
def test_recover_of_a_signature_from_the_wild_is_the_account_of_the_message(
    message: SiweMessage, signature: str
) -> None:
    assert recover(message_hash(build(message).encode()), read_signature(signature)) == message.address


@given(st.binary(max_size=200))
def test_recover_agrees_with_eth_account(message: bytes) -> None:
    signed = KEY.sign_message(encode_defunct(message))
    assert message_hash(message) == bytes(signed.message_hash)
    assert recover(message_hash(message), bytes(signed.signature)) == KEY.address


@given(st.binary(max_size=70) | st.binary(min_size=64, max_size=65))
def test_recover_of_any_bytes_is_nobody_or_somebody_else(signature: bytes) -> None:
    assert recover(message_hash(b"hello"), signature) != KEY.address


def test_read_signature_reads_hex() -> None:
    assert read_signature("0x00fF") == b"\x00\xff"
    assert len(read_signature("0x" + "ab" * MAX_SIGNATURE)) == MAX_SIGNATURE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        "00ff",
        "0x0",
        "0x0g",
        "0x 00",
        "0x00 ff",
        "0x00\n",
        "\n0x00",
        "0X00",
        "0x0x00",
        "0x٠٠",
        "0x" + "ab" * 16385,
    ],
    ids=lambda text: text[:12],
)
def test_read_signature_refuses_anything_else(text: str) -> None:
    with pytest.raises(Invalid):
        read_signature(text)


@given(st.binary(min_size=20, max_size=20), st.binary(max_size=300), st.binary(max_size=300))
def test_unwrap_of_wrap_is_the_same(factory: bytes, calldata: bytes, signature: bytes) -> None:
    wrapped = Wrapped(checksum_address("0x" + factory.hex()), calldata, signature)
    assert unwrap(wrap(wrapped)) == wrapped
    assert is_wrapped(wrap(wrapped))


@given(st.binary(max_size=300))
def test_unwrap_of_any_bytes_is_nothing_or_a_wrapper(data: bytes) -> None:
    assert unwrap(data) is None
    found = unwrap(data + SUFFIX)
    assert found is None or len(found.calldata) + len(found.signature) <= len(data)


@pytest.mark.parametrize(
    "words",
    [
        [],
        [0, 96, 96],
        [1 << 160, 96, 96, 0],
        [0, 2**255, 96, 0],
        [0, 96, 2**64, 0],
        [0, 96, 96, 2**63],
        [0, 96, 96, 33, 0],
    ],
    ids=str,
)
def test_unwrap_of_a_broken_wrapper_is_nothing(words: list[int]) -> None:
    assert unwrap(b"".join(word.to_bytes(32, "big") for word in words) + SUFFIX) is None


def test_unwrap_is_bounded() -> None:
    room = MAX_SIGNATURE - len(wrap(Wrapped(KEY.address, b"", b"")))
    assert unwrap(wrap(Wrapped(KEY.address, b"", bytes(room)))) is not None
    assert unwrap(wrap(Wrapped(KEY.address, b"", bytes(room + 32)))) is None
