"""Our encoder against the real one: the same bytes have the same content ids in Kubo, and archives pass both ways."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.provenance import car, unixfs
from app.provenance.unixfs import CHUNK
from tests.servers import program

pytestmark = pytest.mark.part("kubo")
Ipfs = Callable[..., bytes]
FULL = pytest.mark.full


@pytest.fixture(scope="module")
def ipfs(tmp_path_factory: pytest.TempPathFactory) -> Ipfs:
    """Runs the `ipfs` command on a repository of its own, without a daemon."""
    home = tmp_path_factory.mktemp("ipfs")
    environment = {**os.environ, "IPFS_PATH": str(home), "IPFS_TELEMETRY": "off"}

    def run(*arguments: str | Path, data: bytes | None = None) -> bytes:
        done = subprocess.run([program("kubo"), *arguments], env=environment, input=data, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    run("init", "--profile=test,autoconf-off")
    return run


def add(ipfs: Ipfs, path: Path) -> str:
    """Kubo's id for a file or folder, under the parameters that `unixfs.PARAMETERS` names."""
    options = ("--cid-version", "1", "--raw-leaves", "--chunker", f"size-{CHUNK}", "--max-file-links", "174")
    return ipfs("add", *options, "-r", "-Q", path).decode().strip()


def pattern(size: int) -> bytes:
    return b"".join(number.to_bytes(8, "big") for number in range((size + 7) // 8))[:size]


def tree(path: Path) -> unixfs.Dag:
    if path.is_file():
        return unixfs.file(path.read_bytes())
    return unixfs.directory({entry.name: tree(entry) for entry in path.iterdir()})


@pytest.mark.parametrize(
    "size",
    [
        *(0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 7),
        *(pytest.param(174 * CHUNK + extra, marks=FULL) for extra in (-1, 0, 1, CHUNK, 174 * CHUNK + 1)),
    ],
)
def test_file_has_the_id_kubo_gives_it(ipfs: Ipfs, tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(pattern(size))
    assert unixfs.file(path.read_bytes()).cid == add(ipfs, path)


@pytest.mark.parametrize("leaves", [175, 400])
def test_file_of_equal_chunks_above_one_level_has_the_id_kubo_gives_it(ipfs: Ipfs, tmp_path: Path, leaves: int) -> None:
    path = tmp_path / "zeros"
    with path.open("wb") as file:
        file.truncate((leaves - 1) * CHUNK + 1)  # sparse: 45 MiB and more that cost no disk
    assert unixfs.file(path.read_bytes()).cid == add(ipfs, path)


def test_directories_have_the_ids_kubo_gives_them(ipfs: Ipfs, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "0" / "12").mkdir(parents=True)
    (root / "empty").mkdir()
    for name, data in {
        "image.png": b"\x89PNG",
        "Zebra": b"z",
        "a": b"",
        "ä": b"umlaut",
        "\U0001f600": b"face",
        "z z": b"space",
        "0/12/1234.json": b"{}",
        "0/12/big": pattern(CHUNK + 1),
        "twin": b"\x89PNG",
    }.items():
        (root / name).write_bytes(data)
    ours = tree(root)
    assert ours.cid == add(ipfs, root)
    # Kubo reports the cumulative size of a DAG; ours goes into links, and so into the ids of parents.
    listed = ipfs("files", "stat", "--format=<cumulsize>", f"/ipfs/{ours.cid}").decode().strip()
    assert ours.total == int(listed)


def test_directory_of_a_hundred_entries_has_the_id_kubo_gives_it(ipfs: Ipfs, tmp_path: Path) -> None:
    root = tmp_path / "hundred"
    root.mkdir()
    for number in range(100):
        (root / f"{number}.json").write_bytes(b'{"n":%d}' % number)
    assert tree(root).cid == add(ipfs, root)


def test_archive_exported_by_kubo_is_read_by_us(ipfs: Ipfs, tmp_path: Path) -> None:
    root = tmp_path / "exported"
    root.mkdir()
    (root / "a").write_bytes(b"exported")
    (root / "b").write_bytes(pattern(CHUNK + 1))
    cid = add(ipfs, root)
    found, blocks = car.read(ipfs("dag", "export", cid))
    ours = tree(root)
    assert found == ours.cid
    assert blocks == ours.blocks


def test_archive_written_by_us_is_imported_by_kubo(ipfs: Ipfs) -> None:
    dag = unixfs.directory({"x": unixfs.file(b"imported"), "y": unixfs.file(pattern(2 * CHUNK + 1))})
    answer = ipfs("dag", "import", "--stats", data=b"".join(car.write(dag.cid, dag.blocks.items()))).decode()
    assert dag.cid in answer
    assert f"{len(dag.blocks)} blocks" in answer
    assert ipfs("cat", f"/ipfs/{dag.cid}/x") == b"imported"
    assert ipfs("cat", f"/ipfs/{dag.cid}/y") == pattern(2 * CHUNK + 1)
