"""A deployed AgentNFT on a node, with short ways to call it, to be refused by it, and to read its events."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from app.adapters.agent_nft import AgentNft
from app.adapters.chain_abi import Revert, agent_abi, role
from app.adapters.signer import LocalSigner
from app.ports import Address, Call, Fees, Hash32, UnsignedTransaction
from contracts_abi import load
from tests.standins.nodes import CHAIN_ID, GWEI, Node, RpcFailure, account

ZERO = Address("0x" + "00" * 20)
AGENT = AgentNft()
ADMIN, COMMITTER, MINTER, PAUSER, ALICE, BOB, CAROL = (LocalSigner(bytes(account(index).key)) for index in range(7))
ORIGIN = "https://agents.example"
PACK_HASH, SEED_HASH = Hash32("0x" + "9a" * 32), Hash32("0x" + "5e" * 32)
REVEAL_DELAY = 64
"""Blocks from a close to the block that the seed comes from."""
BLOCKHASH_REACH = 256
"""Past blocks whose hash the EVM itself knows."""
HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935"
"""EIP-2935's contract. Where there is one, it gives the hashes of the last 8191 blocks."""
DELAY = 1000
"""Seconds a change of the admin waits."""
Event = tuple[str, tuple[Any, ...]]


def deployment(**changes: Any) -> Call:
    values: dict[str, Any] = {
        "name": "Agents",
        "symbol": "AGT",
        "origin": ORIGIN,
        "supply": 200,
        "pack_hash": PACK_HASH,
        "seed_hash": SEED_HASH,
        "admin": ADMIN.address,
        "committer": COMMITTER.address,
        "minter": MINTER.address,
        "pauser": PAUSER.address,
        "admin_delay": DELAY,
        "royalty_receiver": ADMIN.address,
        "royalty_bps": 500,
    }
    return AGENT.deployment(**values | changes)


class Collection:
    """One AgentNFT at `address`."""

    def __init__(self, node: Node, address: Address) -> None:
        self.node = node
        self.address = address

    @classmethod
    def deployed(cls, node: Node, **changes: Any) -> "Collection":
        receipt = send(node, ADMIN, deployment(**changes))
        assert receipt["status"] == "0x1"
        return cls(node, Address(to_checksum_address(receipt["contractAddress"])))

    def do(self, by: LocalSigner, function: str, *arguments: Any) -> list[Event]:
        """Send a call that must succeed; its events in order."""
        receipt = self.receipt(by, function, *arguments)
        assert receipt["status"] == "0x1", self.refusal(by, function, *arguments)
        return events(receipt["logs"])

    def receipt(self, by: LocalSigner, function: str, *arguments: Any) -> dict[str, Any]:
        return send(self.node, by, AGENT.call(self.address, function, *arguments))

    def refusal(self, by: LocalSigner, function: str, *arguments: Any) -> str:
        """The error of a call that must be refused, as `Name(arguments)`."""
        call = AGENT.call(self.address, function, *arguments)
        revert = refused(self.node, by, call)
        assert revert is not None, f"{function} should have been refused"
        return str(revert)

    def view(self, function: str, *arguments: Any) -> Any:
        """The result, or the tuple of results."""
        data = "0x" + agent_abi().call(function, arguments).hex()
        answer = bytes.fromhex(self.node.rpc("eth_call", {"to": self.address, "data": data}, "latest")[2:])
        values = agent_abi().read_result(function, answer)
        return values[0] if len(values) == 1 else values

    def refused_view(self, function: str, *arguments: Any) -> str:
        data = "0x" + agent_abi().call(function, arguments).hex()
        failure = self.node.failure("eth_call", {"to": self.address, "data": data}, "latest")
        assert failure.data is not None
        return str(agent_abi().read_revert(bytes.fromhex(failure.data[2:])))

    def closed(self, *, past: int = 0) -> int:
        """Close, then mine until the newest block is `past` blocks behind the reveal block; the latter's number."""
        self.do(ADMIN, "close")
        number: int = self.view("revealBlock")
        mine(self.node, REVEAL_DELAY + past)
        assert self.node.height() == number + past
        return number

    def released(self, covered: int) -> None:
        """Make the next commit."""
        self.do(COMMITTER, "commit", self.view("head")[0] + 1, covered, [])


def unauthorized(by: LocalSigner, name: str) -> str:
    """The refusal of a caller without the role."""
    return f"AccessControlUnauthorizedAccount({by.address}, 0x{role(name).hex()})"


def mine(node: Node, blocks: int) -> None:
    node.rpc("evm_mine", {"timestamp": None, "blocks": blocks})


def hash_of(node: Node, number: int) -> bytes:
    return bytes.fromhex(node.rpc("eth_getBlockByNumber", hex(number), False)["hash"][2:])


def refused(node: Node, by: LocalSigner, call: Call) -> Revert | None:
    """Why the latest state refuses the call; None when it does not."""
    request = {"from": by.address, "data": "0x" + call.data.hex(), "value": hex(call.value)}
    if call.to is not None:
        request["to"] = call.to
    try:
        node.rpc("eth_call", request, "latest")
    except RpcFailure as failure:
        if failure.code != 3:  # anything but "execution reverted" is a fault of the test
            raise
        return agent_abi().read_revert(bytes.fromhex((failure.data or "0x")[2:]))
    return None


def send(node: Node, by: LocalSigner, call: Call, *, gas: int = 8_000_000) -> dict[str, Any]:
    """Sign, send, wait for the receipt."""
    nonce = node.number("eth_getTransactionCount", by.address, "latest")
    transaction = UnsignedTransaction(CHAIN_ID, nonce, gas, Fees(20 * GWEI, GWEI), call)
    return node.receipt(node.rpc("eth_sendRawTransaction", "0x" + by.sign(transaction).raw.hex()))


@cache
def _events() -> Mapping[bytes, Mapping[str, Any]]:
    found = {}
    for entry in load("AgentNFT").abi:
        if entry["type"] == "event":
            types = ",".join(collapse_if_tuple(field) for field in entry["inputs"])
            found[keccak(text=f"{entry['name']}({types})")] = entry
    return found


def events(logs: Sequence[Mapping[str, Any]]) -> list[Event]:
    """Logs as (name, arguments in the order of the declaration); addresses in EIP-55 form."""
    return [_event(log) for log in logs]


def _event(log: Mapping[str, Any]) -> Event:
    topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
    entry = _events()[topics[0]]
    indexed = iter(topics[1:])
    plain = iter(decode([field["type"] for field in entry["inputs"] if not field["indexed"]], _data(log)))
    values = []
    for field in entry["inputs"]:
        value = decode([field["type"]], next(indexed))[0] if field["indexed"] else next(plain)
        values.append(to_checksum_address(value) if field["type"] == "address" else value)
    return entry["name"], tuple(values)


def _data(log: Mapping[str, Any]) -> bytes:
    return bytes.fromhex(log["data"][2:])
