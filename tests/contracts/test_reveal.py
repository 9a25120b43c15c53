"""Blind collections: closing ends minting for ever, and the hash of a later block is captured by anybody."""

import pytest

from app.adapters.signer import LocalSigner
from tests.contracts.collection import (
    ADMIN,
    ALICE,
    BLOCKHASH_REACH,
    BOB,
    COMMITTER,
    HISTORY,
    MINTER,
    PACK_HASH,
    PAUSER,
    REVEAL_DELAY,
    Collection,
    hash_of,
    mine,
    unauthorized,
)
from tests.standins.nodes import Node

NO_HASH = bytes(32)


def without_history(node: Node) -> None:
    """Make the node one that knows 256 hashes only. The embedded chain is one; anvil has EIP-2935's contract."""
    if node.rpc("eth_getCode", HISTORY, "latest") != "0x":
        node.rpc("anvil_setCode", HISTORY, "0x")


# --- close -----------------------------------------------------------------------------------------------------------


def test_blind_collection_starts_without_seed_and_mints(blind: Collection) -> None:
    view = blind.view
    assert (view("blind"), view("seedHash")) == (True, NO_HASH)
    assert (view("revealBlock"), view("capturedHash")) == (0, NO_HASH)
    assert "0x" + view("packHash").hex() == PACK_HASH
    assert view("totalSupply") == 2
    assert view("REVEAL_DELAY") == REVEAL_DELAY


def test_close_fixes_a_block_to_come_and_says_so(blind: Collection) -> None:
    said = blind.do(ADMIN, "close")
    number = blind.node.height() + REVEAL_DELAY
    assert said == [("Closed", (number,))]
    assert blind.view("revealBlock") == number
    assert blind.view("capturedHash") == NO_HASH


def test_close_ends_minting_and_nothing_else(blind: Collection) -> None:
    blind.closed(past=1)
    assert blind.refusal(MINTER, "mint", BOB.address, 5) == "MintIsClosed()"
    assert blind.refusal(MINTER, "mintBatch", [BOB.address], 5) == "MintIsClosed()"
    blind.do(ALICE, "capture")
    assert blind.refusal(MINTER, "mint", BOB.address, 5) == "MintIsClosed()"
    blind.do(ALICE, "transferFrom", ALICE.address, BOB.address, 0)
    blind.do(BOB, "burn", 1)
    said = blind.do(COMMITTER, "commit", 2, 10, [(0, 9)])
    assert said == [("Committed", (2, 10)), ("BatchMetadataUpdate", (0, 9))]


def test_close_while_minting_is_paused_outlives_the_pause(blind: Collection) -> None:
    blind.do(PAUSER, "pauseMint")
    blind.do(ADMIN, "close")
    assert blind.refusal(MINTER, "mint", BOB.address, 5) == "MintIsClosed()"
    blind.do(ADMIN, "unpauseMint")
    assert blind.refusal(MINTER, "mint", BOB.address, 5) == "MintIsClosed()"


def test_close_twice_is_refused(blind: Collection) -> None:
    blind.closed(past=1)
    assert blind.refusal(ADMIN, "close") == "AlreadyClosed()"
    blind.do(ALICE, "capture")
    assert blind.refusal(ADMIN, "close") == "AlreadyClosed()"


@pytest.mark.parametrize("by", [PAUSER, MINTER, COMMITTER, ALICE])
def test_close_by_anyone_but_the_admin_is_refused(blind: Collection, by: LocalSigner) -> None:
    assert blind.refusal(by, "close") == unauthorized(by, "DEFAULT_ADMIN_ROLE")


def test_open_collection_can_neither_be_closed_nor_captured(collection: Collection) -> None:
    assert collection.refusal(ADMIN, "close") == "NotBlind()"
    assert collection.refusal(ADMIN, "capture") == "NotClosed()"


# --- capture ---------------------------------------------------------------------------------------------------------


def test_capture_before_close_is_refused(blind: Collection) -> None:
    assert blind.refusal(ALICE, "capture") == "NotClosed()"


def test_capture_by_a_stranger_in_the_block_after_the_reveal_block(blind: Collection) -> None:
    number = blind.closed()
    # Nobody can capture in the reveal block itself, which is what the node's newest state is now.
    assert blind.refusal(ALICE, "capture") == f"RevealNotReached({number})"
    said = blind.do(ALICE, "capture")
    assert blind.node.height() == number + 1
    assert said == [("Captured", (number, hash_of(blind.node, number)))]
    assert blind.view("capturedHash") == hash_of(blind.node, number)
    assert blind.view("revealBlock") == number


def test_capture_too_early_is_refused(blind: Collection) -> None:
    blind.do(ADMIN, "close")
    number = blind.view("revealBlock")
    mine(blind.node, REVEAL_DELAY - 1)
    receipt = blind.receipt(ALICE, "capture")
    assert int(receipt["blockNumber"], 16) == number
    assert receipt["status"] == "0x0"
    assert blind.view("capturedHash") == NO_HASH


def test_capture_twice_is_refused_and_the_hash_stays(blind: Collection) -> None:
    number = blind.closed(past=1)
    blind.do(BOB, "capture")
    mine(blind.node, 300)
    assert blind.refusal(ALICE, "capture") == "AlreadyCaptured()"
    assert blind.view("capturedHash") == hash_of(blind.node, number)


def test_capture_in_the_last_block_that_knows_the_hash(blind: Collection) -> None:
    without_history(blind.node)
    number = blind.closed(past=BLOCKHASH_REACH - 1)
    assert blind.do(ALICE, "capture") == [("Captured", (number, hash_of(blind.node, number)))]
    assert blind.node.height() == number + BLOCKHASH_REACH


def test_capture_too_late_fixes_a_new_block_and_says_so(blind: Collection) -> None:
    without_history(blind.node)
    missed = blind.closed(past=BLOCKHASH_REACH)
    said = blind.do(ALICE, "capture")
    number = blind.node.height() + REVEAL_DELAY
    assert said == [("RevealMoved", (missed, number))]
    assert (blind.view("revealBlock"), blind.view("capturedHash")) == (number, NO_HASH)
    assert blind.refusal(ALICE, "capture") == f"RevealNotReached({number})"
    assert blind.refusal(MINTER, "mint", BOB.address, 5) == "MintIsClosed()"
    mine(blind.node, REVEAL_DELAY)
    assert blind.do(BOB, "capture") == [("Captured", (number, hash_of(blind.node, number)))]
