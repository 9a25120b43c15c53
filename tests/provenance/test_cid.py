"""Content ids: known ones, round trips, and one spelling per id."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.provenance.cid import (
    DAG_PB,
    RAW,
    Codec,
    block_cid,
    cid_bytes,
    cid_of_digest,
    cid_text,
    parse_binary,
    parse_cid,
)

HELLO = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"
CODECS = st.sampled_from([RAW, DAG_PB])
DIGESTS = st.binary(min_size=32, max_size=32)


def test_block_cid_known_block_gives_known_id() -> None:
    assert block_cid(RAW, b"hello world\n") == HELLO
    # The empty directory, known to everyone who uses IPFS.
    assert block_cid(DAG_PB, b"\n\x02\x08\x01") == "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"


@given(CODECS, DIGESTS)
def test_parse_cid_every_id_round_trips(codec: Codec, digest: bytes) -> None:
    text = cid_of_digest(codec, digest)
    assert parse_cid(text) == (codec, digest)
    assert cid_text(cid_bytes(*parse_cid(text))) == text
    assert len(text) == 59


@given(DIGESTS, st.integers(1, 3))
def test_parse_cid_stray_trailing_bits_are_refused(digest: bytes, stray: int) -> None:
    text = cid_of_digest(RAW, digest)
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    # 36 bytes are 57.6 base32 digits: the last one carries three bits, and two that must be zero.
    twin = text[:-1] + alphabet[alphabet.index(text[-1]) | stray]
    assert twin != text
    with pytest.raises(Invalid):
        parse_cid(twin)


@given(DIGESTS, st.integers(0, 58), st.characters())
def test_parse_cid_one_changed_character_is_another_id_or_none(digest: bytes, at: int, char: str) -> None:
    text = cid_of_digest(DAG_PB, digest)
    other = text[:at] + char + text[at + 1 :]
    try:
        parsed = parse_cid(other)
    except Invalid:
        return
    assert cid_text(cid_bytes(*parsed)) == other


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        HELLO.upper(),
        "B" + HELLO[1:],
        HELLO[:20].upper() + HELLO[20:],
        HELLO + "=",
        " " + HELLO,
        HELLO + "\n",
        HELLO[:-1],
        HELLO + "a",
        "z" + HELLO[1:],
        "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
        "../../../../../../../../../../../../../../../../etc/passwd",
        "b" + "ß" * 58,
        "b" + "１" * 58,
    ],
)
def test_parse_cid_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_cid(text)


@pytest.mark.parametrize(
    "prefix",
    ["00551220", "02551220", "01711220", "01001220", "01551120", "0155121f", "01551b20", "81551220"],
    ids=["v0", "v2", "dag-cbor", "identity", "sha1", "short digest", "keccak", "long varint"],
)
def test_parse_other_versions_codecs_and_hashes_are_refused(prefix: str) -> None:
    binary = bytes.fromhex(prefix) + bytes(32)
    with pytest.raises(Invalid):
        parse_binary(binary)
    with pytest.raises(Invalid):
        parse_cid("b" + base64.b32encode(binary).decode().lower().rstrip("="))


@pytest.mark.parametrize("length", [0, 4, 35, 37, 72])
def test_parse_binary_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(Invalid):
        parse_binary((cid_bytes(RAW, bytes(32)) * 2)[:length])
