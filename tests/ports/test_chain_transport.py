"""What Web3Chain does when the node is slow, down, rude or wrong: a real HTTP server plays the node."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.adapters.agent_nft import AgentNft
from app.adapters.chain_abi import agent_abi
from app.adapters.chain_rpc import NodeRefused, Refusal
from app.adapters.chain_web3 import FALLBACK_FINALITY_DEPTH, Web3Chain
from app.adapters.signer import LocalSigner
from app.errors import (
    ChainRefused,
    ChainUnavailable,
    DnftError,
    InsufficientFunds,
    NonceTooLow,
    Reverted,
    Underpriced,
    WrongChain,
)
from app.ports import Address, Call, Fees, Hash32, UnsignedTransaction

SIGNER = LocalSigner(b"\x05" * 32)
SOMEONE = Address("0x000000000000000000000000000000000000dEaD")
RAW = SIGNER.sign(UnsignedTransaction(1, 0, 21_000, Fees(1, 1), Call(SOMEONE, b""))).raw

Answer = Callable[[str, list[Any]], Any]


class Drop(Exception):
    """Close the connection without an answer."""


class Http(Exception):
    """Answer with this status and body."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, headers or {}


class Error(Exception):
    """Answer with a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        self.error = {"code": code, "message": message} | ({} if data is None else {"data": data})


class FakeNode:
    """Answers by `answer(method, params)`, and remembers what it was asked."""

    def __init__(self, url: str, asked: list[str]) -> None:
        self.url = url
        self.asked = asked


@contextmanager
def node(answer: Answer) -> Iterator[FakeNode]:
    asked: list[str] = []

    def one(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request["method"])
        reply = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            return reply | {"result": answer(request["method"], request["params"])}
        except Error as error:
            return reply | {"error": error.error}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                replies = [one(item) for item in body] if isinstance(body, list) else one(body)
                self.reply(200, json.dumps(replies).encode(), {})
            except Http as http:
                self.reply(http.status, http.body, http.headers)
            except Drop:
                self.close_connection = True

        def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield FakeNode(f"http://127.0.0.1:{server.server_port}/v3/secret-key", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def raising(error: Exception) -> Answer:
    def answer(method: str, params: list[Any]) -> Any:
        raise error

    return answer


def once(error: Exception, result: Any) -> Answer:
    """Fails the first time."""
    left = [error]

    def answer(method: str, params: list[Any]) -> Any:
        if left:
            raise left.pop()
        return result

    return answer


def block(number: int) -> dict[str, str]:
    return {
        "number": hex(number),
        "hash": f"0x{number + 1:064x}",
        "parentHash": f"0x{number:064x}",
        "timestamp": hex(1_700_000_000 + number),
        "baseFeePerGas": hex(100),
    }


# --- the node is down, slow or broken --------------------------------------------------------------------------------


def test_read_when_nobody_listens_is_unavailable_and_hides_the_url() -> None:
    with pytest.raises(ChainUnavailable) as caught:
        Web3Chain("http://127.0.0.1:1/v3/secret-key", timeout=1).balance(SOMEONE)
    assert caught.value.retryable
    assert caught.value.status == 504
    assert "secret" not in str(caught.value) + repr(caught.value.__cause__)


def test_read_when_the_node_hangs_ends_at_the_timeout() -> None:
    released = threading.Event()

    def hang(method: str, params: list[Any]) -> Any:
        released.wait(5)

    with node(hang) as fake:
        begun = time.monotonic()
        with pytest.raises(ChainUnavailable, match=r"within 0\.2 seconds"):
            Web3Chain(fake.url, timeout=0.2).balance(SOMEONE)
        assert time.monotonic() - begun < 2
        released.set()
        assert fake.asked == ["eth_getBalance"]


@pytest.mark.parametrize(
    "failure",
    [
        Http(500, b"oops"),
        Http(503, b""),
        Http(429, b"slow down"),
        Http(200, b"<html>hello</html>"),
        Http(200, b""),
        Http(200, b"[]"),
        Http(200, b'"text"'),
        Http(200, b'{"jsonrpc":"2.0","id":1}'),
        Http(302, b"", {"Location": "http://127.0.0.1:1/"}),
    ],
    ids=lambda failure: f"{failure.status}-{failure.body.decode()}",
)
def test_read_of_an_answer_that_is_none_is_unavailable(failure: Http) -> None:
    with node(raising(failure)) as fake, pytest.raises(ChainUnavailable):
        Web3Chain(fake.url, timeout=2).balance(SOMEONE)


def test_read_with_a_key_that_is_refused_says_so() -> None:
    with node(raising(Http(401, b"no"))) as fake, pytest.raises(ChainUnavailable) as caught:
        Web3Chain(fake.url, timeout=2).balance(SOMEONE)
    assert "key" in caught.value.hint


@pytest.mark.parametrize("result", [None, 5, "zz", {}, []])
def test_read_of_a_result_of_another_shape_is_unavailable(result: Any) -> None:
    with node(lambda method, params: result) as fake, pytest.raises(ChainUnavailable):
        Web3Chain(fake.url, timeout=2).balance(SOMEONE)


def test_error_object_with_an_http_error_status_is_understood() -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "header not found"}}).encode()
    with node(raising(Http(400, body))) as fake:
        assert Web3Chain(fake.url, timeout=2).block(5) is None


# --- retries ---------------------------------------------------------------------------------------------------------


def test_read_is_tried_again_once_when_the_connection_broke() -> None:
    with node(once(Drop(), "0x7")) as fake:
        assert Web3Chain(fake.url, timeout=2).balance(SOMEONE) == 7
        assert fake.asked == ["eth_getBalance"] * 2


def test_read_is_not_tried_a_third_time() -> None:
    with node(raising(Drop())) as fake:
        with pytest.raises(ChainUnavailable):
            Web3Chain(fake.url, timeout=2).balance(SOMEONE)
        assert fake.asked == ["eth_getBalance"] * 2


def test_broadcast_is_never_tried_again() -> None:
    def answer(method: str, params: list[Any]) -> Any:
        if method == "eth_chainId":
            return "0x1"
        raise Drop

    with node(answer) as fake:
        with pytest.raises(ChainUnavailable):
            Web3Chain(fake.url, timeout=2).broadcast(RAW)
        assert fake.asked == ["eth_chainId", "eth_sendRawTransaction"]


def test_broadcast_for_another_chain_never_leaves() -> None:
    with node(lambda method, params: "0x2") as fake:
        with pytest.raises(WrongChain):
            Web3Chain(fake.url, timeout=2).broadcast(RAW)
        assert fake.asked == ["eth_chainId"]


# --- what nodes say --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (-32000, "nonce too low: next nonce 5, tx nonce 4", NonceTooLow),
        (-32003, "nonce too low", NonceTooLow),
        (-32010, "OldNonce", NonceTooLow),
        (-32000, "replacement transaction underpriced", Underpriced),
        (-32000, "transaction underpriced: gas tip cap 0, minimum needed 1", Underpriced),
        (-32000, "max fee per gas less than block base fee: address 0x1, maxFeePerGas: 1, baseFee: 7", Underpriced),
        (-32010, "FeeTooLow, EffectivePriorityFeePerGas too low", Underpriced),
        (-32000, "insufficient funds for gas * price + value: have 0 want 21000", InsufficientFunds),
        (-32003, "Insufficient funds for gas * price + value", InsufficientFunds),
        (-32000, "invalid sender: invalid chain id for signer: have 5 want 1", WrongChain),
        (-32000, "intrinsic gas too low: gas 5, minimum needed 21000", ChainRefused),
        (-32000, "exceeds block gas limit", ChainRefused),
        (-32005, "daily request count exceeded, request rate limited", ChainUnavailable),
        (429, "Too Many Requests", ChainUnavailable),
        (-32603, "something else", ChainRefused),
    ],
)
def test_broadcast_refusal_becomes_an_error_with_meaning(code: int, message: str, error: type[DnftError]) -> None:
    def answer(method: str, params: list[Any]) -> Any:
        if method == "eth_chainId":
            return "0x1"
        if method == "eth_getTransactionByHash":
            return None
        raise Error(code, message)

    with node(answer) as fake, pytest.raises(DnftError) as caught:
        Web3Chain(fake.url, timeout=2).broadcast(RAW)
    assert type(caught.value) is error


@pytest.mark.parametrize("message", ["already known", "transaction already imported", "AlreadyKnown"])
def test_broadcast_of_a_known_transaction_is_no_error(message: str) -> None:
    def answer(method: str, params: list[Any]) -> Any:
        if method == "eth_chainId":
            return "0x1"
        raise Error(-32000, message)

    with node(answer) as fake:
        assert Web3Chain(fake.url, timeout=2).broadcast(RAW).startswith("0x")


def test_broadcast_of_a_mined_transaction_is_no_error() -> None:
    def answer(method: str, params: list[Any]) -> Any:
        match method:
            case "eth_chainId":
                return "0x1"
            case "eth_getTransactionByHash":
                return {"hash": params[0]}
        raise Error(-32000, "nonce too low")

    with node(answer) as fake:
        Web3Chain(fake.url, timeout=2).broadcast(RAW)


REVERT_DATA = (
    "0x"
    + next(selector for selector, (name, _) in agent_abi().errors.items() if name == "NotCovered").hex()
    + f"{7:064x}{5:064x}"
)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Error(3, "execution reverted", REVERT_DATA), "NotCovered"),
        (Error(-32603, "Error: VM Exception while processing: reverted", {"data": REVERT_DATA}), "NotCovered"),
        (Error(-32015, "execution reverted", f"Reverted {REVERT_DATA}"), "NotCovered"),
        (Error(3, "execution reverted: not so fast", "0x"), ""),
        (Error(-32000, "execution reverted: not so fast"), "not so fast"),
        (Error(3, "insufficient funds, says the contract"), ""),
        (Error(-32000, "gas required exceeds allowance (21000)"), ""),
    ],
)
def test_simulate_reads_the_reason_wherever_a_node_puts_it(error: Error, reason: str) -> None:
    with node(raising(error)) as fake, pytest.raises(Reverted) as caught:
        Web3Chain(fake.url, timeout=2).simulate(SOMEONE, AgentNft().commit(SOMEONE, number=1, covered=1))
    assert caught.value.reason == reason


def test_node_message_is_shortened_and_on_one_line() -> None:
    refused = NodeRefused(-32000, "x\n" * 500, None)
    assert refused.refusal is Refusal.OTHER
    assert len(refused.message) <= 200
    assert "\n" not in refused.message


# --- finality, ranges, batches ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("finalized", [None, Error(-32000, "finalized block not found"), Error(-32602, "invalid tag")])
def test_finalized_where_there_is_no_tag_falls_back_to_a_depth(finalized: Error | None) -> None:
    def answer(method: str, params: list[Any]) -> Any:
        if method == "eth_blockNumber":
            return hex(1000)
        if params[0] == "finalized":
            if finalized:
                raise finalized
            return None
        return block(int(params[0], 16))

    with node(answer) as fake:
        found = Web3Chain(fake.url, timeout=2).block("finalized")
    assert found is not None
    assert found.number == 1000 - FALLBACK_FINALITY_DEPTH


def test_finalized_while_the_node_is_busy_does_not_fall_back() -> None:
    with node(raising(Error(429, "too many requests"))) as fake, pytest.raises(ChainUnavailable):
        Web3Chain(fake.url, timeout=2).block("finalized")


def test_finalized_on_a_young_chain_is_its_first_block() -> None:
    def answer(method: str, params: list[Any]) -> Any:
        return hex(2) if method == "eth_blockNumber" else block(int(params[0], 16))

    with node(answer) as fake:
        found = Web3Chain(fake.url, timeout=2, finality_depth=10).block("finalized")
    assert found is not None
    assert found.number == 0


def test_transfers_of_a_range_too_wide_for_the_node_are_asked_in_parts() -> None:
    def answer(method: str, params: list[Any]) -> Any:
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        if last - first >= 10:
            raise Error(-32005, "query returned more than 10000 results")
        return [log(number) for number in range(first, last + 1)]

    def log(number: int) -> dict[str, Any]:
        topic = agent_topic()
        return {
            "topics": [topic, f"0x{0:064x}", f"0x{1:064x}", f"0x{number:064x}"],
            "blockNumber": hex(number),
            "blockHash": f"0x{number:064x}",
            "transactionHash": f"0x{number:064x}",
            "logIndex": "0x0",
        }

    with node(answer) as fake:
        found = Web3Chain(fake.url, timeout=2).transfers(SOMEONE, 0, 30)
    assert [transfer.token_id for transfer in found] == list(range(31))


def agent_topic() -> str:
    return "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def test_transfers_of_one_block_that_is_too_wide_are_refused() -> None:
    with node(raising(Error(-32000, "query exceeds max results"))) as fake, pytest.raises(ChainRefused):
        Web3Chain(fake.url, timeout=2).transfers(SOMEONE, 5, 5)


def test_collection_is_one_block_and_one_batch() -> None:
    def answer(method: str, params: list[Any]) -> Any:
        if method == "eth_getBlockByNumber":
            return block(9)
        assert params[1] == {"blockHash": block(9)["hash"]}
        return "0x"  # no contract there

    with node(answer) as fake, pytest.raises(ChainRefused, match="no AgentNFT"):
        Web3Chain(fake.url, timeout=2).collection(SOMEONE)
    assert fake.asked == ["eth_getBlockByNumber"] + ["eth_call"] * 11


def test_fees_without_a_tip_method_come_from_the_gas_price() -> None:
    def answer(method: str, params: list[Any]) -> Any:
        match method:
            case "eth_getBlockByNumber":
                return block(9)
            case "eth_gasPrice":
                return hex(130)
        raise Error(-32601, "the method eth_maxPriorityFeePerGas does not exist")

    with node(answer) as fake:
        assert Web3Chain(fake.url, timeout=2).fees() == Fees(max_fee=230, max_priority_fee=30)


def test_receipt_that_is_still_indexed_may_be_asked_again() -> None:
    with node(raising(Error(-32000, "transaction indexing is in progress"))) as fake, pytest.raises(ChainUnavailable):
        Web3Chain(fake.url, timeout=2).receipt(Hash32("0x" + "11" * 32))


def test_chain_may_be_used_from_many_threads() -> None:
    with node(lambda method, params: "0x7") as fake:
        chain = Web3Chain(fake.url, timeout=5)
        results: list[int] = []
        threads = [
            threading.Thread(target=lambda: results.extend(chain.balance(SOMEONE) for _ in range(20))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [7] * 160
