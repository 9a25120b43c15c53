"""Late captures on a chain with EIP-2935, whose contract remembers more hashes than the EVM itself."""

from collections.abc import Iterator

import pytest

from tests.contracts.collection import (
    AGENT,
    ALICE,
    BLOCKHASH_REACH,
    HISTORY,
    REVEAL_DELAY,
    Collection,
    events,
    hash_of,
    mine,
    send,
)
from tests.standins.nodes import Node, running, start_anvil

pytestmark = pytest.mark.part("anvil")

REACH = 8191
LATE = BLOCKHASH_REACH + 50
HASHED = "0x5f355f5260205f205f5260205ff3"
"""Code that answers keccak256 of the number it is asked for: a hash, but no block's."""
TWO_WORDS = "0x5f35408015015f5260405ff3"
"""Code that answers 64 bytes, which begin with the right hash of a recent block, and with one for any other."""


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """anvil only: the embedded chain has no such contract, and no way to put one there."""
    with running(start_anvil()) as started:
        started.rpc("anvil_setLoggingEnabled", False)
        yield started


def test_capture_late_with_history_still_finds_the_hash(blind: Collection) -> None:
    number = blind.closed(past=LATE)
    assert blind.do(ALICE, "capture") == [("Captured", (number, hash_of(blind.node, number)))]


def test_capture_late_with_too_little_gas_fixes_no_new_block(blind: Collection) -> None:
    number = blind.closed(past=LATE)
    for gas in range(25_000, 60_000, 100):
        receipt = send(blind.node, ALICE, AGENT.capture(blind.address), gas=gas)
        if receipt["status"] == "0x1":
            break
        assert blind.view("revealBlock") == number
    assert events(receipt["logs"]) == [("Captured", (number, hash_of(blind.node, number)))]


@pytest.mark.full
def test_capture_at_the_end_of_history_finds_the_hash_and_one_block_later_fixes_a_new_block(blind: Collection) -> None:
    number = blind.closed()
    for _ in range(REACH // 500):
        mine(blind.node, 500)
    mine(blind.node, number + REACH - 1 - blind.node.height())
    before = blind.node.rpc("evm_snapshot")
    assert blind.do(ALICE, "capture") == [("Captured", (number, hash_of(blind.node, number)))]
    assert blind.node.rpc("evm_revert", before)
    mine(blind.node, 1)
    said = blind.do(ALICE, "capture")
    assert said == [("RevealMoved", (number, blind.node.height() + REVEAL_DELAY))]


@pytest.mark.parametrize(
    "code",
    ["0x5f5ffd", "0xfe", "0x00", TWO_WORDS, "0x60205ff3", "0x60015f5260205ff3", HASHED],
    ids=["reverts", "takes all gas", "nothing", "too long", "zero", "one", "hashes of no block"],
)
def test_capture_late_with_a_history_that_is_none_fixes_a_new_block(blind: Collection, code: str) -> None:
    missed = blind.closed(past=LATE)
    blind.node.rpc("anvil_setCode", HISTORY, code)
    said = blind.do(ALICE, "capture")
    assert said == [("RevealMoved", (missed, blind.node.height() + REVEAL_DELAY))]
