"""CARv1 archives with one root: how blocks travel to a store and out of the gateway.

Source: CARv1 specification (ipld.io). The header is DAG-CBOR `{"roots": [root], "version": 1}`.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from app.errors import ContentCorrupt, Invalid
from app.provenance import varint
from app.provenance.cid import BINARY_LENGTH, block_cid, cid_bytes, cid_text, parse_binary, parse_cid

_BEFORE_ROOT: Final = b"\xa2\x65roots\x81\xd8\x2a\x58\x25\x00"
_AFTER_ROOT: Final = b"\x67version\x01"


def _binary(cid: str) -> bytes:
    parsed = parse_cid(cid)
    return cid_bytes(parsed.codec, parsed.digest)


def write(root: str, blocks: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The archive in pieces: the header, then one piece a block."""
    header = _BEFORE_ROOT + _binary(root) + _AFTER_ROOT
    yield varint.encode(len(header)) + header
    for cid, block in blocks:
        binary = _binary(cid)
        yield varint.encode(len(binary) + len(block)) + binary + block


def read(archive: bytes) -> tuple[str, dict[str, bytes]]:
    """Root and blocks by CID. Raises Invalid for a malformed archive, ContentCorrupt when a block does not hash to its
    CID or the root is not among the blocks."""
    length, at = varint.decode(archive, 0)
    header = archive[at : at + length]
    root_at = len(_BEFORE_ROOT)
    root_binary = header[root_at : root_at + BINARY_LENGTH]
    if header != _BEFORE_ROOT + root_binary + _AFTER_ROOT:
        raise Invalid("Not a CARv1 archive with exactly one CIDv1 root.")
    parse_binary(root_binary)
    root = cid_text(root_binary)
    at += length
    blocks: dict[str, bytes] = {}
    while at < len(archive):
        length, at = varint.decode(archive, at)
        if length < BINARY_LENGTH or at + length > len(archive):
            raise Invalid("A CAR section is cut short.")
        binary, block = archive[at : at + BINARY_LENGTH], archive[at + BINARY_LENGTH : at + length]
        cid = cid_text(binary)
        if block_cid(parse_binary(binary).codec, block) != cid:
            raise ContentCorrupt(f"A block does not hash to its content id {cid}.")
        blocks[cid] = block
        at += length
    if root not in blocks:
        raise ContentCorrupt(f"The archive lacks its root block {root}.")
    return root, blocks
