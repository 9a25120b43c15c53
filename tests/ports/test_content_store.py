"""What ContentStore and Pinner promise, asked of the store in memory, of the one on files, and of a Kubo node."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.adapters.kubo import KuboStore
from app.adapters.store_files import FileStore
from app.adapters.store_memory import MemoryStore
from app.errors import ContentCorrupt, Invalid, StoreUnavailable, UnknownContent
from app.ports import Cid
from app.provenance import car, unixfs
from app.provenance.cid import DAG_PB, RAW, block_cid
from app.provenance.unixfs import CHUNK
from tests.servers import free_port

Store = MemoryStore | FileStore | KuboStore
ROOT = Path(__file__).parents[2]
_numbers = count()


def fresh(size: int = 30) -> bytes:
    """Bytes nobody has stored yet: the Kubo node lives as long as the whole run."""
    seed = f"{os.getpid()} {next(_numbers)} ".encode()
    return (seed * (size // len(seed) + 1))[: max(size, len(seed))]


def tree(**files: bytes) -> unixfs.Dag:
    return unixfs.directory({name: unixfs.file(data) for name, data in files.items()})


def archive(dag: unixfs.Dag, *, without: str = "") -> bytes:
    return b"".join(car.write(dag.cid, [(cid, block) for cid, block in dag.blocks.items() if cid != without]))


@pytest.fixture(params=["memory", "files", pytest.param("kubo", marks=pytest.mark.part("kubo"))])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    match request.param:
        case "memory":
            return MemoryStore()
        case "files":
            return FileStore(tmp_path / "content")
        case _:
            return KuboStore(request.getfixturevalue("kubo").multiaddr)


# --- what every store does ------------------------------------------------------------------------------------------


def test_put_car_stores_every_block_and_returns_the_root(store: Store) -> None:
    dag = tree(a=fresh(), b=fresh(2 * CHUNK + 9))
    assert store.put_car(archive(dag)) == dag.cid
    for cid, block in dag.blocks.items():
        assert store.has(Cid(cid))
        assert store.get_block(Cid(cid)) == block


def test_put_car_again_changes_nothing(store: Store) -> None:
    dag = tree(a=fresh())
    assert store.put_car(archive(dag)) == store.put_car(archive(dag)) == dag.cid
    assert store.get_block(Cid(dag.cid)) == dag.blocks[dag.cid]


def test_put_car_empty_file_and_empty_directory_are_kept(store: Store) -> None:
    dag = unixfs.directory({"empty": unixfs.file(b""), "nothing": unixfs.directory({}), "own": unixfs.file(fresh())})
    store.put_car(archive(dag))
    assert store.get_block(Cid(unixfs.file(b"").cid)) == b""


def test_put_car_damaged_block_is_refused_and_nothing_is_stored(store: Store) -> None:
    inside = fresh()
    dag = tree(a=inside, z=fresh())
    with pytest.raises(ContentCorrupt):
        store.put_car(archive(dag).replace(inside, inside[::-1]))
    assert [cid for cid in dag.blocks if store.has(Cid(cid))] == []


def test_put_car_without_its_root_is_refused(store: Store) -> None:
    dag = tree(a=fresh())
    with pytest.raises(ContentCorrupt):
        store.put_car(archive(dag, without=dag.cid))
    assert not store.has(Cid(dag.cid))


def test_put_car_that_is_no_archive_is_refused(store: Store) -> None:
    with pytest.raises(Invalid):
        store.put_car(b"PK\x03\x04 something else")


def test_get_block_unknown_says_so(store: Store) -> None:
    cid = Cid(block_cid(RAW, fresh()))
    assert not store.has(cid)
    with pytest.raises(UnknownContent):
        store.get_block(cid)


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "Qm123", "b" * 59, "..", "a/b", "\0"])
def test_ids_that_are_none_are_refused_by_every_method(store: Store, text: str) -> None:
    for method in (store.get_block, store.has, store.pin):
        with pytest.raises(Invalid):
            method(Cid(text))


def test_pin_whole_dag_is_listed_once_however_often_pinned(store: Store) -> None:
    dag = tree(a=fresh(), b=fresh())
    store.put_car(archive(dag))
    store.pin(Cid(dag.cid))
    store.pin(Cid(dag.cid))
    assert list(store.pinned()).count(Cid(dag.cid)) == 1


def test_pin_with_a_block_missing_says_so_and_is_not_listed(store: Store) -> None:
    leaf = unixfs.file(fresh())
    dag = unixfs.directory({"here": unixfs.file(fresh()), "away": unixfs.Link("", leaf.cid, leaf.total)})
    store.put_car(archive(dag))
    with pytest.raises(UnknownContent):
        store.pin(Cid(dag.cid))
    assert Cid(dag.cid) not in list(store.pinned())


def test_pin_unknown_root_says_so(store: Store) -> None:
    with pytest.raises(UnknownContent):
        store.pin(Cid(block_cid(DAG_PB, b"\n\x02\x08\x01" + fresh())))


def test_pinned_several_roots_are_all_listed(store: Store) -> None:
    dags = [tree(a=fresh()) for _ in range(3)]
    for dag in dags:
        store.put_car(archive(dag))
        store.pin(Cid(dag.cid))
    assert {dag.cid for dag in dags} <= set(store.pinned())


def test_put_car_from_many_threads_at_once_keeps_all(store: Store) -> None:
    shared, dags = fresh(CHUNK), [tree(a=fresh()) for _ in range(4)]
    twin = tree(shared=shared)
    errors: list[BaseException] = []
    gate = threading.Barrier(8)

    def put(dag: unixfs.Dag) -> None:
        try:
            gate.wait()
            store.put_car(archive(dag))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=put, args=(dag,)) for dag in [*dags, *[twin] * 4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for dag in [*dags, twin]:
        for cid, block in dag.blocks.items():
            assert store.get_block(Cid(cid)) == block


def test_repr_names_the_store_and_no_address(store: Store) -> None:
    assert "127.0.0.1" not in repr(store)


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "content"


def block_files(folder: Path) -> list[Path]:
    return [path for path in (folder / "blocks").rglob("*") if path.is_file()]


def test_files_damaged_block_on_disk_is_noticed(folder: Path) -> None:
    store, dag = FileStore(folder), unixfs.file(b"what was published")
    store.put_car(archive(dag))
    (path,) = block_files(folder)
    for damage in (b"WHAT was published", b"what was publishe", b"", b"what was published."):
        path.write_bytes(damage)
        with pytest.raises(ContentCorrupt):
            store.get_block(Cid(dag.cid))


def test_files_damaged_block_is_mended_by_storing_it_again(folder: Path) -> None:
    store, dag = FileStore(folder), unixfs.file(b"what was published")
    store.put_car(archive(dag))
    (path,) = block_files(folder)
    path.write_bytes(b"WHAT was published")
    store.put_car(archive(dag))
    assert store.get_block(Cid(dag.cid)) == b"what was published"


def test_files_another_process_sees_what_was_stored(folder: Path) -> None:
    dag = tree(a=b"one", b=b"two")
    FileStore(folder).put_car(archive(dag))
    FileStore(folder).pin(Cid(dag.cid))
    assert list(FileStore(folder).pinned()) == [dag.cid]
    assert FileStore(folder).get_block(Cid(dag.cid)) == dag.blocks[dag.cid]


def test_files_stay_inside_the_folder_whatever_the_archive_says(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.write_bytes(b"untouched")
    store = FileStore(folder)
    dag = unixfs.directory({"x": unixfs.file(b"y")})
    store.put_car(archive(dag))
    for text in ("../outside", "../../outside", str(outside), "b/../../outside" + "a" * 44):
        for method in (store.get_block, store.has, store.pin):
            with pytest.raises(Invalid):
                method(Cid(text))
    assert outside.read_bytes() == b"untouched"
    assert {path.relative_to(folder).parts[0] for path in folder.rglob("*")} == {"blocks", "pins"}


def test_files_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable):
        FileStore(tmp_path / "file" / "content")


def test_files_place_that_cannot_be_written_is_unavailable(folder: Path) -> None:
    store, dag = FileStore(folder), unixfs.file(b"data")
    (folder / "blocks" / dag.cid[-3:-1]).write_text("a file where a folder belongs")
    with pytest.raises(StoreUnavailable):
        store.put_car(archive(dag))


def test_files_left_by_a_kill_are_never_taken_for_blocks(folder: Path) -> None:
    store, dag = FileStore(folder), tree(a=b"half written")
    leaf = unixfs.file(b"half written").cid
    shard = folder / "blocks" / leaf[-3:-1]
    shard.mkdir()
    (shard / f".{leaf}.4711").write_bytes(b"half")
    assert not store.has(Cid(leaf))
    with pytest.raises(UnknownContent):
        store.get_block(Cid(leaf))
    store.put_car(archive(dag))
    assert store.get_block(Cid(leaf)) == b"half written"


def _run(program: str, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=ROOT, stdout=subprocess.PIPE)


_WRITE = """
import sys
from pathlib import Path
from app.adapters.store_files import FileStore
from app.provenance import car, unixfs
store, rounds = FileStore(Path(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
for number in range(rounds):
    dag = unixfs.directory({"n": unixfs.file(b"%d" % number), "big": unixfs.file(b"%08d" % number * 30_000)})
    store.put_car(b"".join(car.write(dag.cid, dag.blocks.items())))
    print(dag.cid, flush=True)
"""


def test_files_two_processes_writing_the_same_at_once_both_succeed(folder: Path) -> None:
    both = [_run(_WRITE, str(folder), "25") for _ in range(2)]
    answers = [process.communicate(timeout=60)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert answers[0] == answers[1]
    assert len(answers[0]) == 26
    store = FileStore(folder)
    for cid in answers[0][1:]:
        store.pin(Cid(cid.decode()))  # reads and checks every block below
    assert not [path for path in block_files(folder) if path.name.startswith(".")]


def test_files_killed_while_writing_every_visible_block_is_whole(folder: Path) -> None:
    for pause in (0.01, 0.03, 0.08):
        process = _run(_WRITE, str(folder), "100000")
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        threading.Event().wait(pause)
        process.send_signal(signal.SIGKILL)
        told = process.communicate()[0].split()
        store = FileStore(folder)
        for path in block_files(folder):
            if not path.name.startswith("."):
                store.get_block(Cid(path.name))
        for cid in told:
            store.pin(Cid(cid.decode()))  # what was answered is there, whole


# --- Kubo -----------------------------------------------------------------------------------------------------------


@pytest.mark.part("kubo")
def test_kubo_content_is_what_any_ipfs_client_reads(kubo: Any) -> None:
    import httpx

    dag = tree(a=fresh())
    KuboStore(kubo.multiaddr).put_car(archive(dag))
    answer = httpx.post(f"{kubo.api_url}/api/v0/ls", params={"arg": dag.cid}).json()
    assert [link["Name"] for link in answer["Objects"][0]["Links"]] == ["a"]


def test_kubo_that_is_not_there_is_unavailable() -> None:
    store = KuboStore(f"/ip4/127.0.0.1/tcp/{free_port()}/http")
    cid = Cid(block_cid(RAW, b"x"))
    calls: list[Callable[[], object]] = [
        lambda: store.put_car(archive(unixfs.file(b"x"))),
        lambda: store.get_block(cid),
        lambda: store.has(cid),
        lambda: store.pin(cid),
        lambda: list(store.pinned()),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable) as caught:
            call()
        assert caught.value.retryable
