"""The reveal and new texts as durable work, on a chain in memory: one command each, safe to repeat."""

import sys
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from app.adapters.chain_memory import MemoryChain
from app.adapters.platform_memory import MemoryPlatform
from app.bootstrap import Chain, World
from app.db.migrate import migrate
from app.dialogue import Ask
from app.workflows.worker import Worker
from personalities import birth, load_pack
from tests.services.rig import CHAIN_ID, ETHER, SENDER
from tests.workflows.town import Town
from tests.worlds import settings_for

ADDED = "You say so plainly."


def editor(ask: Ask) -> str:
    """A model that adds a sentence to the document it is sent, and wraps it as models like to."""
    sent = ask.messages[1].content.strip("=\n")
    return "```markdown\n" + sent.replace("\n\n## Voice", f" {ADDED}\n\n## Voice", 1) + "\n```"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    chain = MemoryChain(finality_depth=3, balances={SENDER.address: 1_000 * ETHER})
    settings = settings_for(tmp_path_factory.mktemp("reveal"), rpc_urls={CHAIN_ID: SecretStr("http://127.0.0.1:1")})
    world = World(
        settings,
        chains={CHAIN_ID: Chain(chain, chain)},
        signer=SENDER,
        platform=MemoryPlatform(editor),
    )
    migrate(world.database)
    worker = Worker(world)
    worker.start()
    yield Town(world)
    worker.stop(wait_seconds=1)
    world.close()
    sys.stdout.flush()


def test_reveal_ends_with_agents_born_of_the_captured_block(town: Town) -> None:
    collection = town.done(town.deploy(slug="blind", supply=12, kind="blind", seed="")).collection_id
    town.done(town.mint(collection, 3))
    path = town.contract(collection).lower()
    assert town.world.reading.view(CHAIN_ID, path, 2).personality is None
    done = town.done(town.request(collection, "reveal", f"reveal:{collection}", 0, 3))
    assert (done.state, done.done) == ("done", 3)
    seed = bytes.fromhex(town.collection(collection).seed)
    for token in range(3):
        view = town.world.reading.view(CHAIN_ID, path, token)
        assert view.personality == birth(seed, 12, token, load_pack("dixie"))
        assert (view.snapshot.n, view.snapshot.commit_number) == (2, 2)
    again = town.done(town.request(collection, "reveal", f"reveal:{collection}:again", 0, 3))
    assert again.state == "done"
    assert town.collection(collection).last_commit == 2


def test_polish_shows_and_commits_the_models_text(town: Town) -> None:
    collection = town.done(town.deploy(slug="polished", supply=8)).collection_id
    town.done(town.mint(collection, 2))
    done = town.done(town.request(collection, "polish", f"polish:{collection}", 0, 2))
    assert done.state == "done"
    path = town.contract(collection).lower()
    for token in range(2):
        view = town.world.reading.view(CHAIN_ID, path, token)
        assert (view.version.number, view.version.trigger, view.version.parent) == (2, "polish", 1)
        assert view.version.document.count(ADDED) == 1
        assert len(view.version.prompt_hash) == 64
        assert view.version.model
        assert (view.snapshot.n, view.snapshot.commit_number) == (2, 2)


def test_birth_in_a_polished_collection_shows_the_models_text_at_once(town: Town) -> None:
    collection = town.done(town.deploy(slug="born-polished", supply=8, polish=True)).collection_id
    town.done(town.mint(collection, 1))
    view = town.world.reading.view(CHAIN_ID, town.contract(collection).lower(), 0)
    assert (view.snapshot.n, view.snapshot.document, view.version.trigger) == (1, 2, "polish")
    first, second = town.world.versions.of(town.project, collection, 0)
    assert (first.trigger, second.parent) == ("birth", 1)
    assert first.document != second.document
