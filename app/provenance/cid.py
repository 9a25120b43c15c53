"""Content identifiers: CIDv1, base32, sha2-256, codecs raw and dag-pb. Nothing else is written or accepted here.

Source: the CID specification (multiformats) and the multicodec table.
"""

import base64
import hashlib
from typing import Final, Literal, NamedTuple

from app.errors import Invalid

Codec = Literal[0x55, 0x70]
RAW: Final = 0x55
DAG_PB: Final = 0x70
_SHA2_256: Final = b"\x12\x20"  # multihash: function code, digest length
BINARY_LENGTH: Final = 36


class ParsedCid(NamedTuple):
    codec: Codec
    digest: bytes
    """sha2-256 digest of the block, 32 bytes."""


def cid_bytes(codec: Codec, digest: bytes) -> bytes:
    """Binary CIDv1 (36 bytes), as used in dag-pb links and CAR files."""
    return bytes((1, codec)) + _SHA2_256 + digest


def cid_text(binary: bytes) -> str:
    """Base32 form (multibase prefix `b`, lower case, no padding)."""
    return "b" + base64.b32encode(binary).decode("ascii").lower().rstrip("=")


def cid_of_digest(codec: Codec, digest: bytes) -> str:
    return cid_text(cid_bytes(codec, digest))


def block_cid(codec: Codec, block: bytes) -> str:
    """CID of one block: hashes the bytes as they are."""
    return cid_of_digest(codec, hashlib.sha256(block).digest())


def parse_binary(binary: bytes) -> ParsedCid:
    if len(binary) == BINARY_LENGTH and binary[0] == 1 and binary[1] in (RAW, DAG_PB) and binary[2:4] == _SHA2_256:
        return ParsedCid(RAW if binary[1] == RAW else DAG_PB, binary[4:])
    raise Invalid("Not a CIDv1 with sha2-256 and codec raw or dag-pb.")


def parse_cid(text: str) -> ParsedCid:
    """Parse base32 text; raises Invalid for anything but the one form `cid_text` writes."""
    if len(text) == 59 and text[0] == "b" and text.isascii():
        try:
            binary = base64.b32decode(text[1:].upper() + "======")
        except ValueError as error:
            raise Invalid("Not a base32 content id.") from error
        if cid_text(binary) == text:  # one spelling per id: no upper case, no stray trailing bits
            return parse_binary(binary)
    raise Invalid("Not a content id of this service: expected CIDv1 in lower-case base32 (b…, 59 characters).")
