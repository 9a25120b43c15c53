"""UnixFS v1 files and directories as dag-pb: the encoder that computes content ids before anything is uploaded.

Parameters, stored with every CID as `PARAMETERS`: CIDv1, raw leaves, 256 KiB chunks, balanced layout with at most
174 links a node, plain (unsharded) directories. The same bytes with the same parameters give the same CID in Kubo.
Sources: UnixFS and dag-pb specifications (ipfs/specs, ipld.io).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from app.errors import Invalid
from app.provenance import varint
from app.provenance.cid import DAG_PB, RAW, Codec, block_cid, cid_bytes, cid_text, parse_binary, parse_cid

CHUNK: Final = 262_144
FANOUT: Final = 174
PARAMETERS: Final = "unixfs-v1;cid-v1;sha2-256;raw-leaves;size-262144;balanced-174"

_DIRECTORY, _FILE = 1, 2


class Link(NamedTuple):
    name: str
    cid: str
    total: int
    """Cumulative size of the DAG behind the link in bytes (Tsize)."""


class Node(NamedTuple):
    """A decoded dag-pb UnixFS node."""

    is_directory: bool
    links: tuple[Link, ...]
    size: int
    """File size in bytes; 0 for directories."""
    data: bytes
    """Inline file bytes (only foreign nodes have them)."""


@dataclass(frozen=True, slots=True)
class Dag:
    """A root with every block below it, keyed by CID."""

    cid: str
    blocks: Mapping[str, bytes]
    size: int
    """Bytes of file content."""
    total: int
    """Bytes of all blocks, as links count them (Tsize)."""


class _Subtree(NamedTuple):
    cid: str
    size: int
    total: int


def file(data: bytes) -> Dag:
    """A file: one raw block up to 256 KiB, a balanced tree of raw leaves above."""
    blocks: dict[str, bytes] = {}
    level = [_leaf(data[at : at + CHUNK], blocks) for at in range(0, len(data) or 1, CHUNK)]
    while len(level) > 1:
        level = [_branch(level[at : at + FANOUT], blocks) for at in range(0, len(level), FANOUT)]
    return Dag(level[0].cid, blocks, level[0].size, level[0].total)


def directory(entries: Mapping[str, Dag | Link]) -> Dag:
    """A plain directory. Blocks of entries given as Dag are included; entries given as Link are only referred to."""
    blocks: dict[str, bytes] = {}
    links = []
    size = 0
    for name in entries:
        if name in ("", ".", "..") or "/" in name or "\0" in name or not _is_utf8(name):
            raise Invalid(f"Not a directory entry name: {name!r}.")
    for name in sorted(entries, key=lambda name: name.encode()):
        entry = entries[name]
        if isinstance(entry, Dag):
            blocks.update(entry.blocks)
            size += entry.size
        links.append(Link(name, entry.cid, entry.total))
    block = _node(links, b"\x08\x01")
    cid = block_cid(DAG_PB, block)
    blocks[cid] = block
    return Dag(cid, blocks, size, len(block) + sum(link.total for link in links))


def _is_utf8(name: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _leaf(chunk: bytes, blocks: dict[str, bytes]) -> _Subtree:
    cid = block_cid(RAW, chunk)
    blocks[cid] = chunk
    return _Subtree(cid, len(chunk), len(chunk))


def _branch(children: Sequence[_Subtree], blocks: dict[str, bytes]) -> _Subtree:
    size = sum(child.size for child in children)
    data = b"\x08\x02\x18" + varint.encode(size) + b"".join(b"\x20" + varint.encode(child.size) for child in children)
    block = _node([Link("", child.cid, child.total) for child in children], data)
    cid = block_cid(DAG_PB, block)
    blocks[cid] = block
    return _Subtree(cid, size, len(block) + sum(child.total for child in children))


def _field(number: int, payload: bytes) -> bytes:
    return bytes((number << 3 | 2,)) + varint.encode(len(payload)) + payload


def _node(links: Sequence[Link], data: bytes) -> bytes:
    """dag-pb: links (field 2) before data (field 1), as the specification orders them."""
    encoded = bytearray()
    for link in links:
        parsed = parse_cid(link.cid)
        body = _field(1, cid_bytes(parsed.codec, parsed.digest)) + _field(2, link.name.encode())
        encoded += _field(2, body + b"\x18" + varint.encode(link.total))
    return bytes(encoded + _field(1, data))


def decode(codec: Codec, block: bytes) -> Node:
    """Read one block; raises Invalid for bytes that are no UnixFS file or directory."""
    if codec == RAW:
        return Node(False, (), len(block), block)
    links: list[Link] = []
    payload = b""
    for number, value in _fields(block):
        if number == 2 and isinstance(value, bytes):
            links.append(_link(value))
        elif number == 1 and isinstance(value, bytes):
            payload = value
    kind = size = 0
    data = b""
    for number, value in _fields(payload):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, bytes):
            data = value
        elif number == 3 and isinstance(value, int):
            size = value
    if kind not in (_DIRECTORY, _FILE):
        raise Invalid(f"A UnixFS node of type {kind} is neither a file nor a plain directory.")
    return Node(kind == _DIRECTORY, tuple(links), size, data)


def _link(block: bytes) -> Link:
    name, cid, total = "", "", 0
    for number, value in _fields(block):
        if number == 1 and isinstance(value, bytes):
            parse_binary(value)
            cid = cid_text(value)
        elif number == 2 and isinstance(value, bytes):
            try:
                name = value.decode()
            except UnicodeDecodeError as error:
                raise Invalid("A link name is not UTF-8.") from error
        elif number == 3 and isinstance(value, int):
            total = value
    if not cid:
        raise Invalid("A dag-pb link has no content id.")
    return Link(name, cid, total)


def _fields(block: bytes) -> list[tuple[int, int | bytes]]:
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(block):
        key, at = varint.decode(block, at)
        if key & 7 == 0:
            number, at = varint.decode(block, at)
            fields.append((key >> 3, number))
        elif key & 7 == 2:
            length, at = varint.decode(block, at)
            if at + length > len(block):
                raise Invalid("A protobuf field is cut short.")
            fields.append((key >> 3, block[at : at + length]))
            at += length
        else:
            raise Invalid("A protobuf field has a wire type that dag-pb does not use.")
    return fields
