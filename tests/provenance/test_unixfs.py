"""The UnixFS encoder: known ids, round trips, limits of a node, and hostile blocks."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import Invalid
from app.provenance import unixfs, varint
from app.provenance.cid import DAG_PB, RAW, block_cid, parse_cid
from app.provenance.unixfs import CHUNK, Dag, Link

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)


def content(dag: Dag, cid: str | None = None) -> bytes:
    """The file's bytes, read through its blocks."""
    cid = cid or dag.cid
    node = unixfs.decode(parse_cid(cid).codec, dag.blocks[cid])
    assert not node.is_directory
    data = node.data + b"".join(content(dag, link.cid) for link in node.links)
    assert node.size == len(data)
    return data


def whole(dag: Dag) -> int:
    """Bytes below the root, counted along every link as Tsize does; checks each link's claim on the way."""

    def below(cid: str) -> int:
        block = dag.blocks[cid]
        total = len(block)
        for link in unixfs.decode(parse_cid(cid).codec, block).links:
            assert below(link.cid) == link.total
            total += link.total
        return total

    return below(dag.cid)


def pattern(size: int) -> bytes:
    """`size` bytes whose chunks all differ."""
    return b"".join(number.to_bytes(8, "big") for number in range((size + 7) // 8))[:size]


def test_file_known_content_has_the_known_id() -> None:
    assert unixfs.file(b"hello world\n").cid == "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"
    assert unixfs.file(b"").cid == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


def test_directory_empty_has_the_known_id() -> None:
    assert unixfs.directory({}).cid == "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])
def test_file_around_chunk_bounds_reads_back_whole(size: int) -> None:
    data = pattern(size)
    dag = unixfs.file(data)
    assert content(dag) == data
    assert (dag.size, dag.total) == (size, whole(dag))
    chunks = max(1, -(-size // CHUNK))
    assert len(dag.blocks) == chunks + (chunks > 1)
    assert parse_cid(dag.cid).codec == (RAW if chunks == 1 else DAG_PB)


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 4 * CHUNK))
def test_file_any_content_round_trips(seed: bytes, size: int) -> None:
    data = (seed * (size // (len(seed) or 1) + 1))[:size]
    dag = unixfs.file(data)
    assert content(dag) == data
    assert all(block_cid(parse_cid(cid).codec, block) == cid for cid, block in dag.blocks.items())
    assert dag.total == whole(dag)


def test_file_equal_chunks_are_stored_once_and_counted_each_time() -> None:
    dag = unixfs.file(bytes(3 * CHUNK))
    assert len(dag.blocks) == 2
    assert dag.total == whole(dag) > 3 * CHUNK


@pytest.mark.full
def test_file_above_174_leaves_gets_a_second_level() -> None:
    leaves = unixfs.file(bytes(174 * CHUNK))
    assert len(unixfs.decode(DAG_PB, leaves.blocks[leaves.cid]).links) == 174
    taller = unixfs.file(bytes(174 * CHUNK + 1))
    top = unixfs.decode(DAG_PB, taller.blocks[taller.cid])
    assert [len(unixfs.decode(DAG_PB, taller.blocks[link.cid]).links) for link in top.links] == [174, 1]
    assert top.size == 174 * CHUNK + 1


@given(st.dictionaries(NAMES, st.binary(max_size=20), max_size=6))
def test_directory_entries_come_back_sorted_by_their_bytes(files: dict[str, bytes]) -> None:
    dag = unixfs.directory({name: unixfs.file(data) for name, data in files.items()})
    node = unixfs.decode(DAG_PB, dag.blocks[dag.cid])
    assert node.is_directory
    assert [link.name for link in node.links] == sorted(files, key=lambda name: name.encode())
    assert {link.name: content(dag, link.cid) for link in node.links} == files
    assert dag.size == sum(map(len, files.values()))
    assert dag.total == whole(dag)


def test_directory_entries_as_links_are_referred_to_and_not_included() -> None:
    media = unixfs.directory({"image.png": unixfs.file(b"png")})
    by_dag = unixfs.directory({"7": media, "7.json": unixfs.file(b"{}")})
    by_link = unixfs.directory({"7": Link("", media.cid, media.total), "7.json": unixfs.file(b"{}")})
    assert by_link.cid == by_dag.cid
    assert by_link.total == by_dag.total
    assert media.cid not in by_link.blocks
    assert media.cid in by_dag.blocks


@pytest.mark.parametrize("name", ["", "a/b", "/", "\0", "a\0", ".", "..", "\ud800"])
def test_directory_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        unixfs.directory({name: unixfs.file(b"")})


def test_decode_raw_block_is_its_own_content() -> None:
    assert unixfs.decode(RAW, b"anything") == unixfs.Node(False, (), 8, b"anything")


def _pb(*fields: tuple[int, bytes]) -> bytes:
    return b"".join(bytes((number << 3 | 2,)) + varint.encode(len(value)) + value for number, value in fields)


CID_BYTES = b"\x01\x55\x12\x20" + bytes(32)


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"\xff",
        b"\x0a",
        b"\x0a\x05\x08\x01",
        _pb((1, b"")),
        _pb((1, b"\x08\x00")),
        _pb((1, b"\x08\x04\x12\x0b/etc/passwd")),
        _pb((1, b"\x08\x05")),
        _pb((2, b""), (1, b"\x08\x01")),
        _pb((2, _pb((2, b"name"))), (1, b"\x08\x01")),
        _pb((2, _pb((1, b"\x12\x20" + bytes(32)))), (1, b"\x08\x01")),
        _pb((2, _pb((1, CID_BYTES), (2, b"\xff\xfe"))), (1, b"\x08\x01")),
        b"\x0d\x00\x00\x00\x00",
        b"\x09" + bytes(8),
        b"\x0b",
    ],
    ids=[
        *("nothing", "half a key", "no length", "cut short", "no data", "raw node", "symlink", "shard", "empty link"),
        *("link to nothing", "link to CIDv0", "name not UTF-8", "fixed32", "fixed64", "group"),
    ],
)
def test_decode_block_that_is_neither_file_nor_directory_is_refused(block: bytes) -> None:
    with pytest.raises(Invalid):
        unixfs.decode(DAG_PB, block)


@given(st.binary(max_size=60))
def test_decode_any_bytes_decode_or_are_refused(block: bytes) -> None:
    with suppress(Invalid):
        assert isinstance(unixfs.decode(DAG_PB, block), unixfs.Node)


@given(st.data())
def test_decode_directory_with_one_byte_changed_never_crashes(data: st.DataObject) -> None:
    dag = unixfs.directory({"a": unixfs.file(b"1"), "b": unixfs.file(b"2")})
    block = bytearray(dag.blocks[dag.cid])
    block[data.draw(st.integers(0, len(block) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(Invalid):
        assert isinstance(unixfs.decode(DAG_PB, bytes(block)), unixfs.Node)
