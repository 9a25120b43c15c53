"""Chains to test against: the embedded one and anvil, each a process of its own, behind the same small client."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from eth_abi.abi import decode, encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

ROOT = Path(__file__).parents[2]
NPM = ROOT / ".tools/npm/node_modules"
ANVIL = NPM / "@foundry-rs/anvil-linux-amd64/bin/anvil"
PROBE: Mapping[str, Any] = json.loads((Path(__file__).parent / "contracts/Probe.json").read_text())
MNEMONIC = "test test test test test test test test test test test junk"
CHAIN_ID = 31337
GWEI = 10**9


@cache
def account(index: int) -> LocalAccount:
    """One of the ten funded dev accounts."""
    Account.enable_unaudited_hdwallet_features()
    signer: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return signer


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


def topic(signature: str) -> str:
    return "0x" + keccak(signature.encode()).hex()


def calldata(signature: str, *values: Any) -> str:
    types = signature[signature.index("(") + 1 : -1]
    return "0x" + (selector(signature) + encode(types.split(",") if types else [], values)).hex()


def words(data: str) -> list[int]:
    raw = bytes.fromhex(data[2:])
    return [int.from_bytes(raw[i : i + 32], "big") for i in range(0, len(raw), 32)]


class RpcFailure(Exception):
    """The node answered with an error object."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: str | None = error.get("data")


class Node:
    """A JSON-RPC client that signs with the dev accounts."""

    def __init__(self, url: str, process: "subprocess.Popen[str]") -> None:
        self.url = url
        self.process = process
        self.http = httpx.Client(timeout=60)
        self.unanswered = 0
        """Requests that a kill left without an answer: they may or may not have happened."""

    def post(self, body: Any) -> httpx.Response:
        return self.http.post(self.url, json=body)

    def rpc(self, method: str, *params: Any) -> Any:
        answer = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).json()
        assert answer["jsonrpc"] == "2.0"
        assert answer["id"] == 1
        if "error" in answer:
            raise RpcFailure(answer["error"])
        return answer["result"]

    def failure(self, method: str, *params: Any) -> RpcFailure:
        try:
            result = self.rpc(method, *params)
        except RpcFailure as failure:
            return failure
        raise AssertionError(f"{method} should have failed but answered {result}")

    def number(self, method: str, *params: Any) -> int:
        return int(self.rpc(method, *params), 16)

    def height(self) -> int:
        return self.number("eth_blockNumber")

    def nonce(self, index: int = 0) -> int:
        return self.number("eth_getTransactionCount", account(index).address, "pending")

    def sign(self, *, by: int = 0, **fields: Any) -> str:
        """A raw EIP-1559 transfer of 1 wei to account 9; `fields` replace parts of it, None removes one."""
        transaction: dict[str, Any] = {
            "chainId": CHAIN_ID,
            "gas": 21_000,
            "maxFeePerGas": 3 * GWEI,
            "maxPriorityFeePerGas": GWEI,
            "to": account(9).address,
            "value": 1,
            "data": "0x",
        } | fields
        if "nonce" not in transaction:
            transaction["nonce"] = self.nonce(by)
        present = {name: value for name, value in transaction.items() if value is not None}
        raw: bytes = account(by).sign_transaction(present).raw_transaction
        return "0x" + raw.hex()

    def send(self, *, by: int = 0, **fields: Any) -> dict[str, Any]:
        """Sign, send, and give the receipt."""
        return self.receipt(self.rpc("eth_sendRawTransaction", self.sign(by=by, **fields)))

    def receipt(self, tx_hash: str) -> dict[str, Any]:
        """Waits a little: anvil answers before it has mined."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            receipt: dict[str, Any] | None = self.rpc("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                assert receipt["transactionHash"] == tx_hash
                return receipt
            time.sleep(0.005)
        raise AssertionError(f"{tx_hash} was not mined")

    def deploy(self, initial: int = 5) -> str:
        """A fresh Probe; its address."""
        code = PROBE["bytecode"] + encode(["uint256"], [initial]).hex()
        receipt = self.send(to=None, value=0, data=code, gas=2_000_000)
        assert receipt["status"] == "0x1"
        address: str = receipt["contractAddress"]
        return address

    def invoke(self, contract: str, signature: str, *values: Any, by: int = 0) -> dict[str, Any]:
        return self.send(
            by=by, to=to_checksum_address(contract), value=0, gas=300_000, data=calldata(signature, *values)
        )

    def read(self, contract: str, signature: str, *values: Any, at: Any = "latest") -> list[int]:
        return words(self.rpc("eth_call", {"to": contract, "data": calldata(signature, *values)}, at))

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            if self.process.stdout is not None:
                self.process.stdout.close()


def error_string(data: str | None) -> str:
    assert data is not None
    assert data.startswith("0x08c379a0")
    text: str = decode(["string"], bytes.fromhex(data[10:]))[0]
    return text


def start_embedded(data: Path, *, port: int = 0) -> Node:
    command = [sys.executable, "-m", "tests.standins.chain_process", "--data", str(data), "--port", str(port)]
    return _start(command, r"listening on (http://\S+)", "")


def start_anvil() -> Node:
    assert ANVIL.exists(), "anvil is not installed: npm install --prefix .tools/npm @foundry-rs/anvil"
    return _start([str(ANVIL), "--port", "0", "--host", "127.0.0.1"], r"Listening on (\S+)", "http://")


def _start(command: list[str], pattern: str, scheme: str) -> Node:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(pattern, line)
        if found:
            # Read on for good: anvil logs every call, and stops when nobody empties its pipe.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return Node(scheme + found[1], process)
    raise AssertionError(f"{command[0]} ended with {process.wait()} before it listened")


@contextmanager
def running(node: Node) -> Iterator[Node]:
    try:
        yield node
    finally:
        node.stop()
