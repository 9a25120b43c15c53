"""The libraries that others will point at the embedded chain: viem, ethers, web3.py."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web3 import HTTPProvider, Web3
from web3.exceptions import ContractCustomError

from tests.standins.nodes import CHAIN_ID, NPM, PROBE, Node, account, running, start_embedded

CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(start_embedded(tmp_path_factory.mktemp("chain"))) as started:
        yield started


@pytest.mark.part("node")
@pytest.mark.parametrize(("library", "key", "value"), [("viem", 3, 33), ("ethers", 4, 44)])
def test_javascript_client_reads_writes_and_understands_refusals(
    node: Node, library: str, key: int, value: int
) -> None:
    assert (NPM / library).is_dir(), f"{library} is not installed: npm install --prefix .tools/npm {library}"
    contract = node.deploy(5)
    head = node.rpc("eth_getBlockByNumber", "latest", False)
    balance = node.number("eth_getBalance", account(0).address, "latest")
    secret = "0x" + bytes(account(0).key).hex()
    arguments = [str(NPM), node.url, contract, json.dumps(PROBE["abi"]), secret]
    ended = subprocess.run(
        ["node", str(CLIENTS / f"{library}.mjs"), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    seen: dict[str, Any] = json.loads(ended.stdout)
    assert seen == {
        "chainId": CHAIN_ID,
        "block": head["hash"],
        "balance": str(balance),
        "sent": "success",
        "sentBlock": int(head["number"], 16) + 1,
        "written": "success",
        "value": value,
        "old": 5,
        "log": [[account(0).address, key, value]],
        "refusal": ["TooLarge", 2000, 1000],
    }


def test_web3_client_deploys_reads_filters_and_understands_refusals(node: Node) -> None:
    web3 = Web3(HTTPProvider(node.url))
    signer = account(6)
    factory = web3.eth.contract(abi=PROBE["abi"], bytecode=PROBE["bytecode"])

    def send(call: Any) -> Any:
        transaction = call.build_transaction({"from": signer.address, "nonce": node.nonce(6)})
        raw = signer.sign_transaction(transaction).raw_transaction
        return web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw))

    probe: Any = web3.eth.contract(address=send(factory.constructor(8)).contractAddress, abi=PROBE["abi"])
    watcher = probe.events.Stored.create_filter(from_block="latest")
    receipt = send(probe.functions.set(1, 9))
    (log,) = probe.events.Stored().get_logs(block_hash=receipt.blockHash)
    assert (log.args.by, log.args.key, log.args.value) == (signer.address, 1, 9)
    assert [entry.args.value for entry in watcher.get_new_entries()] == [9]
    assert probe.functions.value().call() == 9
    assert probe.functions.value().call(block_identifier=receipt.blockNumber - 1) == 8
    assert web3.eth.get_block("finalized")["hash"] == receipt.blockHash
    assert web3.eth.get_block("pending")["number"] == receipt.blockNumber + 1
    assert web3.eth.get_transaction(receipt.transactionHash)["from"] == signer.address
    assert web3.eth.fee_history(2, "latest", [50])["oldestBlock"] == receipt.blockNumber - 1
    with pytest.raises(ContractCustomError) as refusal:
        probe.functions.set(1, 2000).call()
    assert str(refusal.value.data).startswith("0x")
