"""The embedded chain as a process: its door, its lock, its clock, and what survives a kill."""

import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.errors import ConfigurationError, Conflict
from app.standins.chain.fork import DEV_ACCOUNTS, DEV_MNEMONIC
from app.standins.chain.ledger import DATABASE, Ledger
from app.standins.chain.server import ChainServer
from tests.standins.nodes import MNEMONIC, ROOT, Node, account, running, start_embedded, words

CHAIN_ID_REQUEST = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}


def fixed_clock() -> int:
    return 1_800_000_000


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ChainServer(tmp_path_factory.mktemp("chain"), 0, now=fixed_clock) as server:
        yield server.url


def test_dev_accounts_are_those_of_the_mnemonic() -> None:
    assert DEV_MNEMONIC == MNEMONIC
    assert [account(i).address for i in range(10)] == list(DEV_ACCOUNTS)


# --- the door ---


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8545", "LocalHost:99"])
def test_request_host_of_this_machine_is_served(url: str, host: str) -> None:
    assert httpx.post(url, json=CHAIN_ID_REQUEST, headers={"Host": host}).json()["result"] == "0x7a69"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "10.0.0.1"]
)
@pytest.mark.parametrize("method", ["POST", "GET", "OPTIONS"])
def test_request_host_elsewhere_is_forbidden(url: str, host: str, method: str) -> None:
    response = httpx.request(method, url, json=CHAIN_ID_REQUEST, headers={"Host": host})
    assert response.status_code == 403
    assert "0x7a69" not in response.text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", None])
def test_request_not_declared_json_is_unsupported(url: str, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    response = httpx.post(url, content=b'{"jsonrpc":"2.0","id":1,"method":"evm_mine"}', headers=headers)
    assert response.status_code == 415
    height = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber"}
    assert httpx.post(url, json=height, headers={"Content-Type": "application/json; charset=utf-8"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://localhost:3000", "https://[::1]"])
def test_request_from_a_local_page_is_allowed_to_read(url: str, origin: str) -> None:
    asked = httpx.options(url, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    answered = httpx.post(url, json=CHAIN_ID_REQUEST, headers={"Origin": origin})
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert answered.headers["Access-Control-Allow-Origin"] == asked.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
def test_request_from_a_foreign_page_is_forbidden(url: str, origin: str) -> None:
    response = httpx.post(url, json=CHAIN_ID_REQUEST, headers={"Origin": origin})
    assert response.status_code == 403
    assert "Access-Control-Allow-Origin" not in response.headers


def test_request_too_large_or_of_unknown_length_is_refused(url: str) -> None:
    assert httpx.post(url, content=iter([b"{}"]), headers={"Content-Type": "application/json"}).status_code == 411
    with socket.create_connection((httpx.URL(url).host, httpx.URL(url).port or 0)) as wire:
        wire.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9999999\r\n\r\n"
        )
        assert wire.recv(100).startswith(b"HTTP/1.1 413")
    assert httpx.get(url).status_code == 405


def test_requests_in_parallel_on_kept_connections_all_get_their_own_answer(url: str) -> None:
    wrong: list[Any] = []

    def ask(start: int) -> None:
        with httpx.Client() as client:
            for number in range(start, start + 25):
                answer = client.post(url, json=CHAIN_ID_REQUEST | {"id": number}).json()
                if answer != {"jsonrpc": "2.0", "id": number, "result": "0x7a69"}:
                    wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(i * 100,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_call_nested_as_deep_as_gas_allows_does_not_bring_the_server_down(url: str) -> None:
    """Code that calls itself with all its gas, some 590 levels: thousands of Python frames."""
    request = {"to": "0x" + "cd" * 20, "gas": hex(30_000_000)}
    code = {"0x" + "cd" * 20: {"code": "0x5f5f5f5f5f305af15f5260205ff3"}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [request, "latest", code]}
    assert words(httpx.post(url, json=body, timeout=60).json()["result"])[0] in (0, 1)
    deep = b"[" * 100_000
    assert httpx.post(url, content=deep, headers={"Content-Type": "application/json"}).json()["error"]["code"] == -32600
    assert httpx.post(url, json=CHAIN_ID_REQUEST).json()["result"] == "0x7a69"


def test_server_host_beyond_loopback_is_refused(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "example.org", "192.168.0.1"):
        with pytest.raises(ConfigurationError, match="loopback only"):
            ChainServer(tmp_path, 0, now=fixed_clock, host=host)


def test_server_port_taken_is_a_clear_conflict(url: str, tmp_path: Path) -> None:
    port = httpx.URL(url).port
    assert port is not None
    with pytest.raises(Conflict, match=f"Port {port} on 127.0.0.1"):
        ChainServer(tmp_path, port, now=fixed_clock)


def test_deployment_beyond_the_size_limits_is_refused_or_fails(tmp_path: Path) -> None:
    """Initcode over 49,152 bytes (EIP-3860) never enters a block; code over 24,576 bytes (EIP-170) burns its gas."""
    with running(start_embedded(tmp_path)) as node:
        initcode = "0x" + "00" * 49_153
        sent = node.failure("eth_sendRawTransaction", node.sign(to=None, value=0, data=initcode, gas=8_000_000))
        called = node.failure("eth_call", {"data": initcode}, "latest")
        assert sent.code == called.code == node.failure("eth_estimateGas", {"data": initcode}).code == -32000
        assert sent.message.startswith("max initcode size exceeded")
        assert node.height() == 0
        code = node.send(to=None, value=0, data="0x6160015ff3", gas=8_000_000)
        assert (code["status"], int(code["gasUsed"], 16)) == ("0x0", 8_000_000)


# --- one process, one folder ---


def test_ledger_second_opening_is_a_clear_conflict(tmp_path: Path) -> None:
    with running(start_embedded(tmp_path)) as node:
        node.send()
        with pytest.raises(Conflict, match="Another process"):
            Ledger(tmp_path, now=fixed_clock)
        assert node.height() == 1
    ledger = Ledger(tmp_path, now=fixed_clock)
    assert ledger.head.block_number == 1
    ledger.close()


def test_ledger_foreign_file_or_chain_id_is_a_configuration_error(tmp_path: Path) -> None:
    Ledger(tmp_path / "one", now=fixed_clock).close()
    with pytest.raises(ConfigurationError, match="has id 31337, not 5"):
        Ledger(tmp_path / "one", now=fixed_clock, chain_id=5)
    (tmp_path / DATABASE).write_bytes(b"not a database at all " * 100)
    with pytest.raises(ConfigurationError, match="not a chain database"):
        Ledger(tmp_path, now=fixed_clock)


def test_process_sigterm_ends_cleanly_with_code_0(tmp_path: Path) -> None:
    node = start_embedded(tmp_path)
    node.send()
    node.http.close()
    node.process.terminate()
    assert node.process.wait(10) == 0
    assert node.process.stdout is not None
    node.process.stdout.close()


# --- time ---


def test_timestamps_follow_the_calendar_that_is_given(tmp_path: Path) -> None:
    today = 1_800_000_000
    ledger = Ledger(tmp_path, now=lambda: today)
    assert ledger.head.timestamp == today
    ledger.mine()
    ledger.mine()
    assert ledger.head.timestamp == today + 2  # never twice the same
    today += 86_400
    ledger.mine()
    assert ledger.head.timestamp == today
    ledger.clock.forward(100)
    ledger.close()
    ledger = Ledger(tmp_path, now=lambda: today)
    ledger.mine()
    assert ledger.head.timestamp == today + 100
    ledger.close()


# --- what survives ---


def test_state_after_a_restart_is_the_same(tmp_path: Path) -> None:
    with running(start_embedded(tmp_path)) as node:
        probe = node.deploy(1)
        first = node.invoke(probe, "set(uint256,uint256)", 1, 11)
        node.invoke(probe, "set(uint256,uint256)", 2, 22)
        waiting = node.rpc("eth_sendRawTransaction", node.sign(by=4, nonce=1))
        questions: list[tuple[str, list[Any]]] = [
            ("eth_getBlockByNumber", ["latest", True]),
            ("eth_getBlockByNumber", ["0x1", True]),
            ("eth_getBlockReceipts", ["latest"]),
            ("eth_getLogs", [{"fromBlock": "0x0"}]),
            ("eth_call", [{"to": probe, "data": "0x3fa4f245"}, first["blockNumber"]]),
            ("eth_getTransactionByHash", [waiting]),
        ]
        before = [node.rpc(method, *params) for method, params in questions]
    with running(start_embedded(tmp_path)) as node:
        assert [node.rpc(method, *params) for method, params in questions] == before
        node.send(by=4, nonce=0)
        assert node.rpc("eth_getTransactionReceipt", waiting)["status"] == "0x1"


def check_whole(node: Node, acknowledged: list[str]) -> None:
    """The chain is linked from genesis to head, every state can be read, every acknowledged transaction is in it."""
    height, parent, mined = node.height(), "0x" + "00" * 32, []
    for number in range(height + 1):
        block = node.rpc("eth_getBlockByNumber", hex(number), False)
        assert block["parentHash"] == parent
        assert len(block["transactions"]) == (0 if number == 0 else 1)
        mined += block["transactions"]
        parent = block["hash"]
        assert node.number("eth_getTransactionCount", account(0).address, hex(number)) == number
    assert set(acknowledged) <= set(mined)
    assert len(mined) - len(acknowledged) <= node.unanswered
    for tx_hash in acknowledged:
        assert node.rpc("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"


def kill_at_random(tmp_path: Path, kills: int, seed: int) -> int:
    """Send transactions without pause, kill the process at random moments, start it again. Transactions kept."""
    chance, acknowledged, unanswered = random.Random(seed), [], 0
    for _ in range(kills):
        with running(start_embedded(tmp_path)) as node:
            killer = threading.Timer(chance.uniform(0.005, 0.4), node.process.kill)
            nonce = node.nonce()
            node.rpc("eth_blockNumber")
            killer.start()
            while True:
                raw = node.sign(nonce=nonce)
                try:
                    acknowledged.append(node.rpc("eth_sendRawTransaction", raw))
                except httpx.TransportError:
                    unanswered += 1
                    break
                nonce += 1
            killer.join()
    with running(start_embedded(tmp_path)) as node:
        node.unanswered = unanswered
        check_whole(node, acknowledged)
        node.send()
    return len(acknowledged)


def test_kill_at_random_moments_keeps_every_acknowledged_transaction(tmp_path: Path) -> None:
    assert kill_at_random(tmp_path, kills=5, seed=7) > 0


@pytest.mark.full
@pytest.mark.timeout(900)
def test_kill_at_fifty_random_moments_keeps_every_acknowledged_transaction(tmp_path: Path) -> None:
    assert kill_at_random(tmp_path, kills=50, seed=11) > 100


@pytest.mark.full
@pytest.mark.timeout(900)
def test_start_after_a_thousand_blocks_takes_about_as_long_as_at_first(tmp_path: Path) -> None:
    began = time.perf_counter()
    with running(start_embedded(tmp_path)) as node:
        first_start = time.perf_counter() - began
        probe = node.deploy()
        for number in range(1_000):
            node.invoke(probe, "set(uint256,uint256)", number, 7)
    began = time.perf_counter()
    with running(start_embedded(tmp_path)) as node:
        assert node.height() == 1_001
        start = time.perf_counter() - began
    print(f"start: {first_start:.2f} s empty, {start:.2f} s after 1,001 blocks")
    assert start < first_start + 1


def test_process_port_taken_ends_with_an_error(tmp_path: Path) -> None:
    with running(start_embedded(tmp_path / "one")) as node:
        port = str(httpx.URL(node.url).port)
        command = [
            sys.executable,
            "-m",
            "tests.standins.chain_process",
            "--data",
            str(tmp_path / "two"),
            "--port",
            port,
        ]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode != 0
    assert f"Port {port} on 127.0.0.1" in ended.stderr


def test_rpc_deeply_nested_json_is_an_invalid_request(tmp_path: Path) -> None:
    with ChainServer(tmp_path, 0, now=lambda: 1_800_000_000) as server:
        answer = httpx.post(server.url, content=b"[" * 200_000, headers={"content-type": "application/json"}).json()
    assert answer["error"]["code"] == -32600
