"""ContentKeeper: one behaviour, over stores in memory, on disk and in Kubo. `Replicas` keeps nothing itself."""

from pathlib import Path

import pytest

from app.adapters.kubo import KuboStore
from app.adapters.replicas import Replica, Replicas
from app.adapters.store_files import FileStore
from app.adapters.store_memory import MemoryStore
from app.errors import StoreUnavailable
from app.ports import Cid, ContentKeeper
from app.provenance import unixfs
from app.provenance.unixfs import Dag
from tests.parts import Kubo

PICTURE = unixfs.directory({"image.png": unixfs.file(bytes(range(256)) * 2_000), "beauvoir.md": unixfs.file(b"# A")})
DOCUMENT = unixfs.file(b'{"name":"A"}')


class Lost(MemoryStore):
    """A store that takes everything and keeps no blocks."""

    def put_car(self, archive: bytes) -> Cid:
        root = super().put_car(archive)
        self._blocks.clear()
        return root


def holds(store: MemoryStore | FileStore | KuboStore, dags: tuple[Dag, ...]) -> bool:
    pinned = set(store.pinned())
    return all(
        dag.cid in pinned and all(store.get_block(Cid(cid)) == block for cid, block in dag.blocks.items())
        for dag in dags
    )


@pytest.fixture(params=["memory", "files", pytest.param("kubo", marks=pytest.mark.part("kubo"))])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MemoryStore | FileStore | KuboStore:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "files":
        return FileStore(tmp_path)
    kubo: Kubo = request.getfixturevalue("kubo")
    return KuboStore(kubo.multiaddr)


def test_keep_puts_pins_and_can_be_repeated(store: MemoryStore | FileStore | KuboStore) -> None:
    keeper: ContentKeeper = Replicas([Replica(store, store)], 1)
    for _ in range(2):
        keeper.keep((PICTURE, DOCUMENT))
    assert holds(store, (PICTURE, DOCUMENT))


def test_keep_one_store_loses_blocks_another_suffices_when_one_is_wanted() -> None:
    good, lost = MemoryStore("good"), Lost("lost")
    Replicas([Replica(lost, lost), Replica(good, good)], 1).keep((DOCUMENT,))
    assert holds(good, (DOCUMENT,))


def test_keep_fewer_replicas_than_wanted_names_the_store_and_is_retryable() -> None:
    good, lost = MemoryStore("good"), Lost("lost")
    with pytest.raises(StoreUnavailable, match=r"1 of 2.*lost") as caught:
        Replicas([Replica(lost, lost), Replica(good, good)], 2).keep((DOCUMENT,))
    assert caught.value.retryable
