"""What the service relies on in a chain's JSON-RPC, asked of the embedded chain and of anvil alike."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

from tests.standins.nodes import (
    CHAIN_ID,
    GWEI,
    PROBE,
    Node,
    account,
    calldata,
    error_string,
    running,
    selector,
    start_anvil,
    start_embedded,
    topic,
    words,
)

STORED = topic("Stored(address,uint256,uint256)")
NOTED = topic("Noted(string)")
UNKNOWN = "0x" + "11" * 32
NOBODY = "0x" + "ab" * 20


@pytest.fixture(scope="module", params=["embedded", pytest.param("anvil", marks=pytest.mark.part("anvil"))])
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    start = start_anvil if request.param == "anvil" else lambda: start_embedded(tmp_path_factory.mktemp("chain"))
    with running(start()) as started:
        yield started


@pytest.fixture(scope="module")
def probe(node: Node) -> str:
    return node.deploy()


def word(value: int) -> str:
    return f"0x{value:064x}"


def test_probe_contract_is_compiled_from_the_source_beside_it() -> None:
    source = Path(__file__).parents[1] / "standins/contracts/Probe.sol"
    assert hashlib.sha256(source.read_bytes()).hexdigest() == PROBE["source_sha256"]


# --- identity and blocks ---


def test_identity_is_that_of_a_dev_chain(node: Node) -> None:
    assert node.number("eth_chainId") == CHAIN_ID
    assert node.rpc("net_version") == str(CHAIN_ID)
    assert node.rpc("eth_syncing") is False
    assert isinstance(node.rpc("web3_clientVersion"), str)


def test_accounts_are_the_published_ones_and_funded(node: Node) -> None:
    expected = [account(i).address.lower() for i in range(10)]
    assert [address.lower() for address in node.rpc("eth_accounts")] == expected
    assert node.number("eth_getBalance", account(5).address, "earliest") == 10_000 * 10**18


def test_send_mines_one_block_per_transaction(node: Node) -> None:
    before = node.height()
    receipt = node.send()
    assert node.height() == before + 1
    assert int(receipt["blockNumber"], 16) == before + 1
    assert receipt["transactionIndex"] == "0x0"


def test_block_by_number_and_by_hash_agree_and_link_to_the_parent(node: Node) -> None:
    node.send()
    block = node.rpc("eth_getBlockByNumber", "latest", False)
    assert node.rpc("eth_getBlockByHash", block["hash"], False) == block
    parent = node.rpc("eth_getBlockByNumber", hex(int(block["number"], 16) - 1), False)
    assert block["parentHash"] == parent["hash"]
    assert int(block["timestamp"], 16) >= int(parent["timestamp"], 16)
    assert int(block["gasLimit"], 16) == 30_000_000
    assert len(block["logsBloom"]) == 2 + 512
    assert block["uncles"] == []
    for field in ("stateRoot", "receiptsRoot", "transactionsRoot", "mixHash", "sha3Uncles"):
        assert len(block[field]) == 66


def test_block_full_holds_the_transactions_themselves(node: Node) -> None:
    tx_hash = node.send(value=7)["transactionHash"]
    full = node.rpc("eth_getBlockByNumber", "latest", True)
    assert node.rpc("eth_getBlockByNumber", "latest", False)["transactions"] == [tx_hash]
    assert [item["hash"] for item in full["transactions"]] == [tx_hash]
    assert full["transactions"][0] == node.rpc("eth_getTransactionByHash", tx_hash)
    assert full["transactions"][0]["value"] == "0x7"


@pytest.mark.parametrize("tag", ["latest", "earliest", "pending", "safe", "finalized"])
def test_block_by_tag_exists(node: Node, tag: str) -> None:
    block = node.rpc("eth_getBlockByNumber", tag, False)
    expected = {"latest": node.height(), "earliest": 0, "pending": node.height() + 1}
    assert int(block["number"], 16) == expected.get(tag, int(block["number"], 16))
    assert int(block["number"], 16) <= node.height() + 1


def test_block_unknown_is_null(node: Node) -> None:
    assert node.rpc("eth_getBlockByNumber", hex(node.height() + 99), False) is None
    assert node.rpc("eth_getBlockByHash", UNKNOWN, False) is None
    assert node.rpc("eth_getBlockReceipts", hex(node.height() + 99)) is None


# --- transactions and receipts ---


def test_transaction_dynamic_fee_has_its_fields(node: Node) -> None:
    receipt = node.send(value=3)
    got = node.rpc("eth_getTransactionByHash", receipt["transactionHash"])
    base_fee = int(node.rpc("eth_getBlockByHash", got["blockHash"], False)["baseFeePerGas"], 16)
    assert got["type"] == "0x2"
    assert got["from"] == account(0).address.lower()
    assert got["to"] == account(9).address.lower()
    assert (got["value"], got["gas"], got["input"], got["accessList"]) == ("0x3", "0x5208", "0x", [])
    assert int(got["maxFeePerGas"], 16) == 3 * GWEI
    assert int(got["maxPriorityFeePerGas"], 16) == GWEI
    assert int(got["gasPrice"], 16) == base_fee + GWEI == int(receipt["effectiveGasPrice"], 16)
    assert int(got["chainId"], 16) == CHAIN_ID
    assert got["yParity"] == got["v"]


def test_transaction_legacy_and_access_list_are_mined_with_their_types(node: Node) -> None:
    legacy: dict[str, Any] = {"maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasPrice": 3 * GWEI}
    first = node.send(**legacy)
    got = node.rpc("eth_getTransactionByHash", first["transactionHash"])
    assert (first["type"], got["type"], got["gasPrice"]) == ("0x0", "0x0", hex(3 * GWEI))
    assert int(got["v"], 16) in (2 * CHAIN_ID + 35, 2 * CHAIN_ID + 36)
    keys = [{"address": account(8).address, "storageKeys": [word(7)]}]
    second = node.send(**legacy, type=1, accessList=keys, gas=60_000)
    got = node.rpc("eth_getTransactionByHash", second["transactionHash"])
    assert (second["type"], got["accessList"][0]["storageKeys"]) == ("0x1", [word(7)])
    assert int(second["gasUsed"], 16) == 21_000 + 2_400 + 1_900


def test_transaction_set_code_delegates_the_account(node: Node) -> None:
    authority, target = account(7), account(8).address
    permission = authority.sign_authorization({"chainId": CHAIN_ID, "address": target, "nonce": node.nonce(7)})
    receipt = node.send(type=4, gas=100_000, authorizationList=[permission])
    assert (receipt["type"], receipt["status"]) == ("0x4", "0x1")
    assert node.rpc("eth_getCode", authority.address, "latest") == "0xef0100" + target[2:].lower()
    got = node.rpc("eth_getTransactionByHash", receipt["transactionHash"])
    assert got["authorizationList"][0]["address"] == target.lower()


def test_transaction_found_by_place_in_block(node: Node) -> None:
    receipt = node.send()
    by_number = node.rpc("eth_getTransactionByBlockNumberAndIndex", receipt["blockNumber"], "0x0")
    assert by_number["hash"] == receipt["transactionHash"]
    assert node.rpc("eth_getTransactionByBlockHashAndIndex", receipt["blockHash"], "0x0") == by_number
    assert node.rpc("eth_getTransactionByBlockHashAndIndex", receipt["blockHash"], "0x1") is None
    assert node.number("eth_getBlockTransactionCountByNumber", receipt["blockNumber"]) == 1


def test_transaction_unknown_is_null(node: Node) -> None:
    assert node.rpc("eth_getTransactionByHash", UNKNOWN) is None
    assert node.rpc("eth_getTransactionReceipt", UNKNOWN) is None


def test_receipt_of_a_transfer_accounts_for_every_wei(node: Node) -> None:
    before = node.number("eth_getBalance", account(0).address, "latest")
    receipt = node.send(value=1234)
    paid = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert (receipt["status"], receipt["gasUsed"], receipt["contractAddress"]) == ("0x1", "0x5208", None)
    assert node.number("eth_getBalance", account(0).address, "latest") == before - 1234 - paid
    assert node.rpc("eth_getBlockReceipts", receipt["blockNumber"]) == [receipt]


def test_receipt_of_a_failed_transaction_says_so_and_keeps_the_state(node: Node, probe: str) -> None:
    value = node.read(probe, "value()")
    receipt = node.invoke(probe, "set(uint256,uint256)", 1, 5000)
    assert (receipt["status"], receipt["logs"]) == ("0x0", [])
    assert node.read(probe, "value()") == value


def test_gas_used_follows_the_prague_rules(node: Node) -> None:
    """Exact figures, so both chains meter alike: creation, storage, refund, calldata floor (EIP-7623)."""
    contract = node.deploy(0)
    created = node.rpc("eth_getBlockReceipts", "latest")[0]
    fresh_slots = node.invoke(contract, "set(uint256,uint256)", 2, 9)
    cleared = node.invoke(contract, "set(uint256,uint256)", 2, 0)
    floor = node.send(data="0x" + "11" * 1000, gas=100_000)
    used = [int(receipt["gasUsed"], 16) for receipt in (created, fresh_slots, cleared, floor)]
    assert used == [329_049, 67_757, 26_836, 61_000]


def test_fresh_uses_the_opcodes_of_cancun(node: Node, probe: str) -> None:
    assert node.read(probe, "fresh(uint256)", 77) == [77]


# --- refusals ---


def test_send_nonce_too_low_is_refused(node: Node) -> None:
    raw = node.sign()
    node.receipt(node.rpc("eth_sendRawTransaction", raw))
    again = node.failure("eth_sendRawTransaction", raw)
    other = node.failure("eth_sendRawTransaction", node.sign(nonce=0, value=9))
    assert (again.code, again.message) == (other.code, other.message) == (-32003, "nonce too low")


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"value": 10**26}, -32003, "Insufficient funds for gas * price + value"),
        ({"chainId": 1}, -32003, "invalid chain id for signer"),
        ({"gas": 20_000}, -32000, "intrinsic gas too low"),
        ({"gas": 30_000_001}, -32000, "intrinsic gas too high -- tx.gas_limit > env.block.gas_limit"),
        ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 1}, -32003, "max fee per gas less than block base fee"),
        ({"maxPriorityFeePerGas": 4 * GWEI}, -32003, "max priority fee per gas higher than max fee per gas"),
    ],
    ids=["funds", "chain", "gas-low", "gas-high", "fee", "tip"],
)
def test_send_unfit_is_refused_and_mines_nothing(node: Node, fields: dict[str, Any], code: int, message: str) -> None:
    before = node.height()
    failure = node.failure("eth_sendRawTransaction", node.sign(by=1, **fields))
    assert (failure.code, failure.message) == (code, message)
    assert node.height() == before


@pytest.mark.parametrize("raw", ["0x1234", "0x", "zz", "0x" + "c0" * 40, None, 5])
def test_send_malformed_is_invalid_params(node: Node, raw: Any) -> None:
    assert node.failure("eth_sendRawTransaction", raw).code == -32602


def test_send_ahead_of_the_nonce_waits_until_the_gap_is_filled(node: Node) -> None:
    nonce = node.nonce(2)
    late = node.rpc("eth_sendRawTransaction", node.sign(by=2, nonce=nonce + 1))
    assert node.rpc("eth_getTransactionReceipt", late) is None
    waiting = node.rpc("eth_getTransactionByHash", late)
    assert (waiting["blockNumber"], waiting["blockHash"], waiting["nonce"]) == (None, None, hex(nonce + 1))
    assert node.nonce(2) == nonce
    known = node.failure("eth_sendRawTransaction", node.sign(by=2, nonce=nonce + 1))
    cheap = node.failure("eth_sendRawTransaction", node.sign(by=2, nonce=nonce + 1, value=2))
    assert (known.code, known.message) == (-32003, "transaction already imported")
    assert (cheap.code, cheap.message) == (-32003, "replacement transaction underpriced")
    node.send(by=2, nonce=nonce)
    assert node.receipt(late)["status"] == "0x1"
    assert node.nonce(2) == nonce + 2


def test_send_replacement_with_higher_fees_is_the_one_mined(node: Node) -> None:
    nonce = node.nonce(3)
    node.rpc("eth_sendRawTransaction", node.sign(by=3, nonce=nonce + 1))
    fees = {"maxFeePerGas": 4 * GWEI, "maxPriorityFeePerGas": 2 * GWEI}
    better = node.rpc("eth_sendRawTransaction", node.sign(by=3, nonce=nonce + 1, **fees))
    node.send(by=3, nonce=nonce)
    assert node.receipt(better)["status"] == "0x1"


# --- calls ---


def test_deploy_gives_an_address_with_the_runtime_code(node: Node) -> None:
    contract = node.deploy(42)
    assert node.rpc("eth_getCode", contract, "latest") == PROBE["runtime"]
    assert node.read(contract, "value()") == [42]
    assert node.rpc("eth_getCode", NOBODY, "latest") == "0x"


def test_call_at_an_old_block_sees_the_old_state(node: Node, probe: str) -> None:
    old = node.invoke(probe, "set(uint256,uint256)", 1, 100)
    node.invoke(probe, "set(uint256,uint256)", 1, 200)
    assert node.read(probe, "value()") == [200]
    assert node.read(probe, "value()", at=old["blockNumber"]) == [100]
    assert node.read(probe, "value()", at={"blockHash": old["blockHash"]}) == [100]
    assert node.read(probe, "value()", at={"blockNumber": old["blockNumber"]}) == [100]
    assert node.read(probe, "value()", at={"blockHash": old["blockHash"], "requireCanonical": True}) == [100]
    before = hex(int(old["blockNumber"], 16) - 1)
    assert node.number("eth_getTransactionCount", account(0).address, before) == (
        node.number("eth_getTransactionCount", account(0).address, old["blockNumber"]) - 1
    )


def test_call_context_is_that_of_the_block(node: Node, probe: str) -> None:
    node.send()
    for at, offset in (("latest", 0), (hex(node.height() - 1), 1)):
        block = node.rpc("eth_getBlockByNumber", hex(node.height() - offset), False)
        number, time, fee, price, chain, parent = node.read(probe, "context()", at=at)
        assert number == int(block["number"], 16)
        assert time == int(block["timestamp"], 16)
        assert fee == int(block["baseFeePerGas"], 16)
        assert (price, chain) == (0, CHAIN_ID)
        assert word(parent) == block["parentHash"]


def test_call_changes_nothing(node: Node, probe: str) -> None:
    before = node.height(), node.read(probe, "value()")
    node.rpc("eth_call", {"to": probe, "data": calldata("set(uint256,uint256)", 1, 999)}, "latest")
    assert (node.height(), node.read(probe, "value()")) == before


def test_call_custom_error_gives_code_3_and_the_data(node: Node, probe: str) -> None:
    failure = node.failure("eth_call", {"to": probe, "data": calldata("set(uint256,uint256)", 1, 1001)}, "latest")
    expected = "0x" + selector("TooLarge(uint256,uint256)").hex() + word(1001)[2:] + word(1000)[2:]
    assert (failure.code, failure.data) == (3, expected)
    assert failure.message.startswith("execution reverted")


def test_call_require_string_is_in_message_and_data(node: Node, probe: str) -> None:
    failure = node.failure("eth_call", {"to": probe, "data": calldata("refuse(string)", "not today")}, "latest")
    assert (failure.code, failure.message) == (3, "execution reverted: not today")
    assert error_string(failure.data) == "not today"


def test_call_panic_is_named(node: Node, probe: str) -> None:
    failure = node.failure("eth_call", {"to": probe, "data": calldata("divide(uint256,uint256)", 1, 0)}, "latest")
    assert failure.code == 3
    assert failure.message == "execution reverted: panic: division or modulo by zero (0x12)"
    assert failure.data == "0x4e487b71" + word(0x12)[2:]


def test_call_unknown_function_reverts_without_data(node: Node, probe: str) -> None:
    failure = node.failure("eth_call", {"to": probe, "data": "0xdeadbeef"}, "latest")
    assert (failure.code, failure.message, failure.data) == (3, "execution reverted", "0x")


def test_call_invalid_opcode_is_an_internal_error(node: Node) -> None:
    failure = node.failure("eth_call", {"data": "0xfe"}, "latest")
    assert failure.code == -32603
    assert failure.message.startswith("EVM error Invalid")


def test_call_value_beyond_the_balance_is_refused(node: Node) -> None:
    request = {"from": NOBODY, "to": account(9).address, "value": "0x1"}
    failure = node.failure("eth_call", request, "latest")
    assert (failure.code, failure.message) == (-32003, "Insufficient funds for gas * price + value")


def test_call_to_an_empty_account_answers_nothing(node: Node) -> None:
    assert node.rpc("eth_call", {"to": NOBODY, "data": "0x01"}, "latest") == "0x"


def test_call_nested_deeply_answers(node: Node, probe: str) -> None:
    assert node.read(probe, "dig(uint256)", 200) == [200]


def test_call_with_overrides_pretends(node: Node, probe: str) -> None:
    request = {"to": probe, "data": calldata("value()")}
    changed = {probe: {"stateDiff": {word(0): word(31)}}}
    assert words(node.rpc("eth_call", request, "latest", changed)) == [31]
    assert node.read(probe, "value()") != [31]


def test_state_at_an_unknown_block_is_refused(node: Node) -> None:
    ahead = hex(node.height() + 50)
    for method, params in (
        ("eth_call", ({"to": NOBODY}, ahead)),
        ("eth_getBalance", (NOBODY, ahead)),
        ("eth_getCode", (NOBODY, ahead)),
        ("eth_getStorageAt", (NOBODY, "0x0", ahead)),
        ("eth_getTransactionCount", (NOBODY, ahead)),
    ):
        failure = node.failure(method, *params)
        assert failure.code == -32602
        assert failure.message.startswith("BlockOutOfRangeError")
    assert node.failure("eth_call", {"to": NOBODY}, {"blockHash": UNKNOWN}).code == -32001


def test_storage_at_reads_plain_and_mapped_slots(node: Node, probe: str) -> None:
    node.invoke(probe, "set(uint256,uint256)", 6, 66)
    mapped = mapped_slot(6, 1)
    assert node.rpc("eth_getStorageAt", probe, "0x0", "latest") == word(66)
    assert node.rpc("eth_getStorageAt", probe, word(0), "latest") == word(66)
    assert node.rpc("eth_getStorageAt", probe, mapped, "latest") == word(66)
    assert node.rpc("eth_getStorageAt", NOBODY, "0x0", "latest") == word(0)


def mapped_slot(key: int, slot: int) -> str:
    return "0x" + keccak(key.to_bytes(32, "big") + slot.to_bytes(32, "big")).hex()


# --- estimates and fees ---


def test_estimate_is_enough_and_not_much_more(node: Node, probe: str) -> None:
    request = {"from": account(0).address, "to": probe, "data": calldata("set(uint256,uint256)", node.height(), 8)}
    estimate = node.number("eth_estimateGas", request)
    receipt = node.send(to=to_checksum_address(probe), value=0, gas=estimate, data=request["data"])
    used = int(receipt["gasUsed"], 16)
    assert receipt["status"] == "0x1"
    assert used <= estimate <= used * 1.3
    assert node.number("eth_estimateGas", {"from": account(0).address, "to": account(9).address}) == 21_000


def test_estimate_of_nested_calls_is_enough(node: Node, probe: str) -> None:
    data = calldata("dig(uint256)", 12)
    estimate = node.number("eth_estimateGas", {"from": account(0).address, "to": probe, "data": data})
    assert node.send(to=to_checksum_address(probe), value=0, gas=estimate, data=data)["status"] == "0x1"


def test_estimate_of_a_deployment_is_enough(node: Node) -> None:
    data = PROBE["bytecode"] + word(1)[2:]
    estimate = node.number("eth_estimateGas", {"from": account(0).address, "data": data})
    assert node.send(to=None, value=0, gas=estimate, data=data)["status"] == "0x1"


def test_estimate_of_a_revert_gives_its_data(node: Node, probe: str) -> None:
    failure = node.failure("eth_estimateGas", {"to": probe, "data": calldata("refuse(string)", "no")})
    assert (failure.code, error_string(failure.data)) == (3, "no")


def test_estimate_without_end_runs_out_of_gas(node: Node) -> None:
    failure = node.failure("eth_estimateGas", {"data": "0x5b600056", "gas": hex(200_000)})
    assert failure.code == -32003
    assert failure.message == "Out of gas: gas required exceeds allowance: 200000"


def test_fees_are_base_fee_plus_tip(node: Node) -> None:
    node.send()
    pending = int(node.rpc("eth_getBlockByNumber", "pending", False)["baseFeePerGas"], 16)
    assert node.number("eth_maxPriorityFeePerGas") == GWEI
    assert node.number("eth_gasPrice") == pending + GWEI


def test_base_fee_falls_by_the_rule_of_eip_1559(node: Node) -> None:
    parent = node.rpc("eth_getBlockByNumber", "latest", False)
    node.send()
    child = node.rpc("eth_getBlockByNumber", "latest", False)
    fee, target = int(parent["baseFeePerGas"], 16), 15_000_000
    assert int(child["baseFeePerGas"], 16) == fee - fee * (target - int(parent["gasUsed"], 16)) // target // 8


def test_fee_history_covers_the_blocks_asked_for(node: Node) -> None:
    node.send()
    node.send()
    history = node.rpc("eth_feeHistory", "0x2", "latest", [25, 75])
    assert int(history["oldestBlock"], 16) == node.height() - 1
    assert len(history["baseFeePerGas"]) == 3
    assert len(history["gasUsedRatio"]) == 2
    assert history["reward"] == [[hex(GWEI)] * 2] * 2
    block = node.rpc("eth_getBlockByNumber", "latest", False)
    assert history["baseFeePerGas"][1] == block["baseFeePerGas"]
    pending = node.rpc("eth_getBlockByNumber", "pending", False)
    assert history["baseFeePerGas"][2] == pending["baseFeePerGas"]


# --- logs ---


def test_logs_by_block_hash_are_those_of_the_receipt(node: Node, probe: str) -> None:
    receipt = node.invoke(probe, "set(uint256,uint256)", 4, 40)
    node.invoke(probe, "set(uint256,uint256)", 4, 41)
    logs = node.rpc("eth_getLogs", {"blockHash": receipt["blockHash"]})
    assert logs == receipt["logs"]
    (log,) = logs
    assert log["address"] == probe
    assert log["topics"] == [STORED, word(int(account(0).address, 16)), word(4)]
    assert log["data"] == word(40)
    assert (log["transactionHash"], log["blockNumber"]) == (receipt["transactionHash"], receipt["blockNumber"])
    assert (log["logIndex"], log["transactionIndex"], log["removed"]) == ("0x0", "0x0", False)
    assert node.rpc("eth_getLogs", {"blockHash": receipt["blockHash"], "topics": [NOTED]}) == []


def test_logs_of_one_transaction_are_numbered_in_order(node: Node, probe: str) -> None:
    receipt = node.invoke(probe, "note(string)", "twice")
    logs = node.rpc("eth_getLogs", {"blockHash": receipt["blockHash"], "address": probe})
    assert [log["logIndex"] for log in logs] == ["0x0", "0x1"]


def test_logs_filters_combine_ranges_addresses_and_topics(node: Node) -> None:
    first, second = node.deploy(), node.deploy()
    start = node.height() + 1
    for contract, key, by in ((first, 1, 0), (second, 1, 0), (first, 2, 1), (first, 3, 0)):
        node.invoke(contract, "set(uint256,uint256)", key, key, by=by)
    end = node.height()
    node.invoke(first, "note(string)", "outside")

    def found(first_block: int = start, last_block: int | str = end, **fields: Any) -> list[tuple[str, int]]:
        last = last_block if isinstance(last_block, str) else hex(last_block)
        logs = node.rpc("eth_getLogs", {"fromBlock": hex(first_block), "toBlock": last, **fields})
        return [(log["address"], words(log["topics"][2])[0] if len(log["topics"]) > 2 else 0) for log in logs]

    everything = [(first, 1), (second, 1), (first, 2), (first, 3)]
    assert found() == everything
    assert found(start + 1, start + 2) == everything[1:3]
    assert found(address=first) == [everything[i] for i in (0, 2, 3)]
    assert found(address=[first, second]) == everything
    assert found(address=NOBODY) == []
    assert found(topics=[STORED]) == everything
    assert found(topics=[[NOTED, STORED]]) == everything
    assert found(topics=[NOTED]) == []
    assert found(topics=[None, word(int(account(1).address, 16))]) == [everything[2]]
    assert found(topics=[None, None, [word(1), word(3)]]) == [everything[i] for i in (0, 1, 3)]
    assert found(topics=[STORED, None, word(1)], address=second) == [everything[1]]
    assert found(topics=[], address=[]) == everything
    assert found(last_block="latest") == [*everything, (first, 0), (first, 0)]
    assert found(end, start) == []
    assert node.rpc("eth_getLogs", {"address": first}) == node.rpc("eth_getLogs", {"blockHash": _head(node)})


def _head(node: Node) -> str:
    block_hash: str = node.rpc("eth_getBlockByNumber", "latest", False)["hash"]
    return block_hash


def test_logs_refuse_what_makes_no_sense(node: Node) -> None:
    assert node.failure("eth_getLogs", {"blockHash": UNKNOWN}).message == "unknown block"
    assert node.failure("eth_getLogs", {"blockHash": UNKNOWN, "fromBlock": "0x0"}).code == -32602
    assert node.failure("eth_getLogs", {"fromBlock": hex(node.height() + 9)}).code == -32602
    assert node.failure("eth_getLogs", {"topics": ["0x12"]}).code == -32602
    assert node.failure("eth_getLogs", {"topics": [None] * 5}).code == -32602
    assert node.failure("eth_getLogs", {"address": "0x12"}).code == -32602


def test_filters_report_each_change_once(node: Node, probe: str) -> None:
    logs, blocks = node.rpc("eth_newFilter", {"address": probe}), node.rpc("eth_newBlockFilter")
    receipt = node.invoke(probe, "note(string)", "changed")
    assert node.rpc("eth_getFilterChanges", logs) == receipt["logs"]
    assert node.rpc("eth_getFilterChanges", logs) == []
    assert node.rpc("eth_getFilterChanges", blocks) == [receipt["blockHash"]]
    assert node.rpc("eth_uninstallFilter", logs) is True
    assert node.rpc("eth_uninstallFilter", logs) is False
    assert node.failure("eth_getFilterChanges", logs).code == -32000


# --- time and history ---


def test_mine_adds_an_empty_block(node: Node) -> None:
    before = node.height()
    node.rpc("evm_mine")
    block = node.rpc("eth_getBlockByNumber", "latest", False)
    assert (node.height(), block["transactions"]) == (before + 1, [])


def test_increase_time_moves_the_following_blocks(node: Node) -> None:
    node.rpc("evm_mine")
    before = int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    total = node.rpc("evm_increaseTime", 86_400)
    assert node.rpc("evm_increaseTime", hex(10)) == total + 10
    node.rpc("evm_mine")
    after = int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    drift = 600  # blocks mined within one second push the chain's clock ahead of the calendar
    assert before + 86_410 - drift <= after <= before + 86_410 + 60


def test_set_next_block_timestamp_is_exact_and_time_goes_on_from_it(node: Node) -> None:
    start = int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    node.rpc("evm_setNextBlockTimestamp", start + 1_000)
    first = node.send()
    node.send()
    last = int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert int(node.rpc("eth_getBlockByHash", first["blockHash"], False)["timestamp"], 16) == start + 1_000
    assert start + 1_000 <= last <= start + 1_060
    node.rpc("evm_mine", last + 5_000)
    assert int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) == last + 5_000
    assert node.failure("evm_setNextBlockTimestamp", 1).code == -32602


def test_revert_takes_blocks_transactions_logs_and_state_back(node: Node) -> None:
    contract = node.deploy(1)
    height, nonce, snapshot = node.height(), node.nonce(), node.rpc("evm_snapshot")
    gone = node.invoke(contract, "set(uint256,uint256)", 1, 2)
    node.rpc("evm_mine")
    assert node.rpc("evm_revert", snapshot) is True
    assert (node.height(), node.nonce()) == (height, nonce)
    assert node.read(contract, "value()") == [1]
    assert node.rpc("eth_getTransactionReceipt", gone["transactionHash"]) is None
    assert node.rpc("eth_getBlockByHash", gone["blockHash"], False) is None
    assert node.failure("eth_getLogs", {"blockHash": gone["blockHash"]}).message == "unknown block"
    assert node.rpc("evm_revert", snapshot) is False
    other = node.invoke(contract, "set(uint256,uint256)", 1, 3)
    assert int(other["blockNumber"], 16) == height + 1
    assert other["blockHash"] != gone["blockHash"]
    assert node.rpc("eth_getLogs", {"fromBlock": hex(height + 1)}) == other["logs"]


# --- JSON-RPC itself ---


def test_batch_answers_each_request_in_order(node: Node) -> None:
    batch = [
        {"jsonrpc": "2.0", "id": "a", "method": "eth_chainId", "params": []},
        {"jsonrpc": "2.0", "id": 2, "method": "eth_nope", "params": []},
        {"jsonrpc": "2.0", "id": 3, "method": "eth_getBalance", "params": ["0x12", "latest"]},
        {"jsonrpc": "2.0", "id": 4, "method": "eth_blockNumber"},
    ]
    answers = node.post(batch).json()
    assert [answer["id"] for answer in answers] == ["a", 2, 3, 4]
    assert answers[0]["result"] == hex(CHAIN_ID)
    assert answers[1]["error"] == {"code": -32601, "message": "Method not found"}
    assert answers[2]["error"]["code"] == -32602
    assert int(answers[3]["result"], 16) == node.height()


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBalance", ["0x12", "latest"]),
        ("eth_getBalance", [NOBODY, "newest"]),
        ("eth_getBalance", []),
        ("eth_getBlockByHash", ["0x12", False]),
        ("eth_getBlockByNumber", ["0x1"]),
        ("eth_getTransactionByHash", ["0xzz"]),
        ("eth_chainId", [1]),
        ("eth_call", [[1]]),
        ("eth_call", [{"to": "0x12"}, "latest"]),
        ("evm_increaseTime", [-5]),
        ("eth_chainId", {}),
    ],
    ids=lambda value: json.dumps(value),
)
def test_params_malformed_are_invalid_params(node: Node, method: str, params: Any) -> None:
    answer = node.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).json()
    assert answer["error"]["code"] == -32602


@pytest.mark.parametrize("body", [b"{", b"[]", b"1", b'{"id": 1}'])
def test_request_malformed_is_an_invalid_request(node: Node, body: bytes) -> None:
    answer = node.http.post(node.url, content=body, headers={"Content-Type": "application/json"}).json()
    assert answer["error"]["code"] == -32600


def test_notification_gets_no_answer(node: Node) -> None:
    response = node.post({"jsonrpc": "2.0", "method": "eth_chainId"})
    assert (response.status_code, response.content) == (204, b"")
