"""One node of each kind per run; each test starts from a freshly deployed collection and leaves no trace."""

from collections.abc import Iterator

import pytest

from tests.contracts.collection import ALICE, BOB, MINTER, Collection
from tests.standins.nodes import Node, running, start_anvil, start_embedded


@pytest.fixture(scope="module", params=["embedded", pytest.param("anvil", marks=pytest.mark.part("anvil"))])
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    if request.param == "embedded":
        with running(start_embedded(tmp_path_factory.mktemp("chain"))) as started:
            yield started
    else:
        with running(start_anvil()) as started:
            started.rpc("anvil_setLoggingEnabled", False)  # nobody reads its output, and a full pipe would stop it
            yield started


@pytest.fixture(scope="module")
def deployed(node: Node) -> Collection:
    return Collection.deployed(node)


@pytest.fixture
def collection(deployed: Collection) -> Iterator[Collection]:
    """A collection of 200 ids, nothing committed; what a test does to it is undone."""
    snapshot = deployed.node.rpc("evm_snapshot")
    yield deployed
    assert deployed.node.rpc("evm_revert", snapshot)


@pytest.fixture
def blind(collection: Collection) -> Collection:
    """A blind collection with ten ids covered and two minted, on the node of `collection` and undone with it."""
    made = Collection.deployed(collection.node, seed_hash=None)
    made.released(10)
    made.do(MINTER, "mintBatch", [ALICE.address, BOB.address], 0)
    return made
