"""CARv1: round trips, damage anywhere, and what ends too early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ContentCorrupt, DnftError, Invalid
from app.provenance import car, unixfs, varint
from app.provenance.cid import DAG_PB, block_cid

FILES = st.dictionaries(st.sampled_from("abcdef"), st.binary(max_size=40), max_size=5)


def archive(dag: unixfs.Dag) -> bytes:
    return b"".join(car.write(dag.cid, dag.blocks.items()))


def small() -> unixfs.Dag:
    return unixfs.directory({"a": unixfs.file(b"one"), "b": unixfs.file(b"two")})


@given(FILES)
def test_read_what_was_written_gives_root_and_blocks(files: dict[str, bytes]) -> None:
    dag = unixfs.directory({name: unixfs.file(data) for name, data in files.items()})
    assert car.read(archive(dag)) == (dag.cid, dag.blocks)


def test_write_pieces_are_the_header_and_one_a_block() -> None:
    dag = small()
    pieces = list(car.write(dag.cid, dag.blocks.items()))
    assert len(pieces) == 1 + len(dag.blocks)
    # Header of the CARv1 specification: 0x3a bytes of DAG-CBOR {"roots": [CID], "version": 1}.
    assert pieces[0].startswith(b"\x3a\xa2eroots\x81\xd8\x2aX\x25\x00\x01\x70\x12\x20")
    assert pieces[0].endswith(b"gversion\x01")


def test_read_truncated_at_any_byte_is_refused_or_holds_whole_blocks_only() -> None:
    dag = small()
    pieces = list(car.write(dag.cid, dag.blocks.items()))
    whole = b"".join(pieces)
    bounds = {sum(map(len, pieces[:count])) for count in range(1, len(pieces) + 1)}
    root_last = list(dag.blocks)[-1] == dag.cid
    assert root_last, "we write the root last, so that no archive of ours that was cut short is taken for whole"
    for length in range(len(whole)):
        with pytest.raises(ContentCorrupt if length in bounds else Invalid):
            car.read(whole[:length])


@given(st.data())
def test_read_one_byte_changed_is_noticed(data: st.DataObject) -> None:
    whole = bytearray(archive(small()))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Invalid, ContentCorrupt)):
        car.read(bytes(whole))


def test_read_damaged_block_names_the_block() -> None:
    dag = small()
    cid = unixfs.file(b"one").cid
    damaged = archive(dag).replace(b"one", b"ONE")
    with pytest.raises(ContentCorrupt, match=cid):
        car.read(damaged)


def test_read_without_the_root_block_is_corrupt() -> None:
    dag = small()
    others = [(cid, block) for cid, block in dag.blocks.items() if cid != dag.cid]
    with pytest.raises(ContentCorrupt, match="root"):
        car.read(b"".join(car.write(dag.cid, others)))


def test_read_block_twice_is_one_block() -> None:
    dag = small()
    assert car.read(b"".join(car.write(dag.cid, [*dag.blocks.items(), *dag.blocks.items()]))) == (dag.cid, dag.blocks)


def _header(body: bytes) -> bytes:
    return varint.encode(len(body)) + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"PK\x03\x04",
        b"\xff" * 20,
        _header(b"\xa1gversion\x01"),
        _header(b"\xa2eroots\x80gversion\x01"),
        _header(b"\xa2eroots\x81\xd8\x2aX\x25\x00\x01\x70\x12\x20" + bytes(32) + b"gversion\x02"),
        _header(b"\xa2eroots\x81\xd8\x2aX\x25\x00\x01\x71\x12\x20" + bytes(32) + b"gversion\x01"),
        bytes.fromhex("0aa16776657273696f6e02") + bytes(40),
    ],
    ids=["empty", "no header", "zip", "long varint", "no roots", "zero roots", "version 2", "dag-cbor root", "CARv2"],
)
def test_read_other_archives_are_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        car.read(data)


def test_read_section_that_claims_to_be_huge_is_refused_without_taking_memory() -> None:
    dag = small()
    header = next(car.write(dag.cid, []))
    with pytest.raises(Invalid, match="cut short"):
        car.read(header + varint.encode(2**62) + bytes(50))


def test_read_empty_sections_are_refused() -> None:
    with pytest.raises(Invalid):
        car.read(archive(small()) + b"\x00")


@given(st.binary(max_size=120))
def test_read_any_bytes_are_refused_with_our_errors(data: bytes) -> None:
    with pytest.raises(DnftError):
        car.read(data)


def test_write_root_that_is_no_content_id_is_refused() -> None:
    with pytest.raises(Invalid):
        list(car.write("Qm123", [(block_cid(DAG_PB, b""), b"")]))
