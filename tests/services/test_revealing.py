"""The reveal: minting ends, a later block gives the seed, everybody can compute it, and nothing was known before."""

import hashlib
import json

import pytest

from app.db.tables import Snapshot
from app.errors import ChainRefused, Conflict, Reverted
from app.ports import Address, Hash32
from app.services.revealing import blind_seed, capture_key, close_key
from personalities import beauvoir, birth, load_pack, placeholder_document, placeholder_name
from tests.services.rig import ALICE, CHAIN_ID, SENDER, Rig


def waiting(rig: Rig, count: int = 2, supply: int = 8) -> int:
    """A blind collection with released placeholders, the first of them minted."""
    collection = rig.deployed(kind="blind", seed="", supply=supply)
    rig.world.births.make(rig.project, collection, 0, count)
    rig.world.publishing.publish(rig.project, collection, 0, count)
    rig.committed(collection)
    rig.minted(collection, [ALICE.address])
    rig.follow(collection)
    return collection


def closed(rig: Rig, collection: int) -> int:
    """End the mint; the block that will give the seed."""
    rig.carry(rig.world.revealing.plan_close(rig.project, collection, SENDER.address))
    block = rig.chain.collection(rig.contract(collection)).reveal_block
    assert block is not None
    return block


def captured(rig: Rig, collection: int) -> Hash32:
    block = closed(rig, collection)
    while rig.chain.collection(rig.contract(collection)).block.number <= block:
        rig.chain.mine()
    rig.carry(rig.world.revealing.plan_capture(rig.project, collection, block, SENDER.address))
    found = rig.chain.collection(rig.contract(collection)).captured
    assert found is not None
    return found


def revealed(rig: Rig, collection: int) -> str:
    captured(rig, collection)
    state = rig.chain.collection(rig.contract(collection))
    seed = rig.world.revealing.finish(rig.project, collection, state)
    count = rig.collection(collection).covered
    rig.world.births.make(rig.project, collection, 0, count)
    rig.world.publishing.publish(rig.project, collection, 0, count)
    rig.committed(collection)
    return seed


def snapshots(rig: Rig, collection: int, token: int) -> list[Snapshot]:
    with rig.world.database.read() as unit:
        return list(unit.tokens.snapshots(rig.project, collection, [token]))


def test_make_before_the_reveal_gives_the_placeholder(both: Rig) -> None:
    collection = waiting(both)
    (snapshot,) = snapshots(both, collection, 1)
    document = json.loads(snapshot.canonical)
    pack = load_pack("dixie")
    assert document["name"] == placeholder_name(pack, 1)
    assert document["attributes"] == [{"trait_type": "Stage", "value": "unborn"}]
    assert (snapshot.bands, snapshot.level, snapshot.document) == ("", 0, 1)
    assert (snapshot.n, snapshot.state, snapshot.commit_number) == (1, "committed", 1)
    view = both.world.reading.view(CHAIN_ID, both.contract(collection).lower(), 1)
    assert view.birth is None
    assert view.personality is None
    assert view.version.trigger == "placeholder"
    assert view.version.document == placeholder_document(pack, 1)


def test_make_before_the_reveal_again_makes_nothing(rig: Rig) -> None:
    collection = waiting(rig)
    assert rig.world.births.make(rig.project, collection, 0, 2) == 0


def test_seed_is_the_hash_of_pack_and_block(rig: Rig) -> None:
    collection = waiting(rig)
    block_hash = captured(rig, collection)
    state = rig.chain.collection(rig.contract(collection))
    seed = rig.world.revealing.finish(rig.project, collection, state)
    pack_hash = bytes.fromhex(load_pack("dixie").hash)
    assert seed == hashlib.sha256(pack_hash + bytes.fromhex(block_hash[2:])).hexdigest()
    assert seed == blind_seed(load_pack("dixie").hash, block_hash).hex()
    assert rig.collection(collection).seed == seed
    assert rig.world.revealing.finish(rig.project, collection, state) == seed, "again is no error"


def test_captured_hash_is_that_of_the_block_fixed_at_the_close(rig: Rig) -> None:
    collection = waiting(rig)
    block_hash = captured(rig, collection)
    state = rig.chain.collection(rig.contract(collection))
    assert state.reveal_block is not None
    block = rig.chain.block(state.reveal_block)
    assert block is not None
    assert block.hash == block_hash


def test_births_after_the_reveal_are_snapshot_two_of_the_seed(both: Rig) -> None:
    collection = waiting(both)
    seed = revealed(both, collection)
    pack = load_pack("dixie")
    for token in range(2):
        first, second = snapshots(both, collection, token)
        born = birth(bytes.fromhex(seed), 8, token, pack)
        assert (first.n, second.n, second.state, second.commit_number) == (1, 2, "committed", 2)
        assert json.loads(second.canonical)["name"] == born.name
        view = both.world.reading.view(CHAIN_ID, both.contract(collection).lower(), token)
        assert view.personality == born
        assert (view.version.number, view.version.parent, view.version.trigger) == (2, 1, "birth")
        assert view.version.document == beauvoir(born, pack)


def test_readers_see_the_placeholder_until_the_birth_is_published(rig: Rig) -> None:
    collection = waiting(rig)
    captured(rig, collection)
    rig.world.revealing.finish(rig.project, collection, rig.chain.collection(rig.contract(collection)))
    rig.world.births.make(rig.project, collection, 0, 2)
    view = rig.world.reading.view(CHAIN_ID, rig.contract(collection).lower(), 0)
    assert view.personality is None
    assert view.document["name"] == placeholder_name(load_pack("dixie"), 0)
    assert view.version.trigger == "placeholder"


def test_mint_after_the_close_is_refused_by_the_contract(rig: Rig) -> None:
    collection = waiting(rig)
    closed(rig, collection)
    with pytest.raises((Reverted, ChainRefused)):
        rig.minted(collection, [ALICE.address])


def test_reserve_after_the_reveal_is_refused_before_anything_is_sent(rig: Rig) -> None:
    collection = waiting(rig)
    revealed(rig, collection)
    with pytest.raises(Conflict, match="ended"):
        rig.world.minting.reserve(rig.project, collection, [Address(ALICE.address)])


def test_finish_before_the_capture_is_refused(rig: Rig) -> None:
    collection = waiting(rig)
    closed(rig, collection)
    with pytest.raises(Conflict, match="not captured"):
        rig.world.revealing.finish(rig.project, collection, rig.chain.collection(rig.contract(collection)))
    assert rig.collection(collection).seed == ""


def test_finish_with_another_seed_is_refused(rig: Rig) -> None:
    collection = waiting(rig)
    captured(rig, collection)
    with rig.world.database.write() as unit:
        row = unit.collections.get(rig.project, collection)
        row.seed = "11" * 32
        unit.collections.add(row)
    with pytest.raises(Conflict, match="another seed"):
        rig.world.revealing.finish(rig.project, collection, rig.chain.collection(rig.contract(collection)))


def test_check_of_an_open_collection_is_refused(rig: Rig) -> None:
    with pytest.raises(Conflict, match="open"):
        rig.world.revealing.check(rig.project, rig.deployed())


def test_keys_name_collection_and_block() -> None:
    assert (close_key(3), capture_key(3, 17)) == ("close:3", "capture:3:17")
