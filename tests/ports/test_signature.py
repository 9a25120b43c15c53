"""What SignatureChecker promises, asked of the one in memory, and on the embedded chain and anvil of the real one.

The contract accounts are those of `tests/contracts_src/Wallets.sol`; in memory they are the same rules in Python.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from eth_abi.abi import encode
from eth_account import Account as Keys
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

from app.adapters.signature_memory import MemorySignatures, Rule
from app.adapters.signature_web3 import Web3Signatures
from app.errors import ChainUnavailable
from app.identity import Account, SignatureChecker
from app.ports import Address
from app.provenance.signatures import MAX_SIGNATURE, Wrapped, recover, wrap
from tests.contracts_src.compile import ARTIFACT, SOURCE, compile_wallets
from tests.ports.test_chain_transport import Drop, Error, node, raising
from tests.standins.nodes import CHAIN_ID, Node, account, calldata, running, start_anvil, start_embedded

CODE: dict[str, str] = json.loads(ARTIFACT.read_text())["bytecode"]
MESSAGE = b"agents.example wants you to sign in with your Ethereum account"
ALICE, BOB = (Keys.from_key(hashlib.sha256(name).digest()) for name in (b"alice", b"bob"))
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signed(by: LocalAccount, message: bytes = MESSAGE) -> bytes:
    return bytes(by.sign_message(encode_defunct(message)).signature)


def on_chain(address: str) -> Account:
    return Account(CHAIN_ID, Address(to_checksum_address(address)))


@dataclass(frozen=True)
class Promised:
    """A wallet that a factory would make."""

    account: Account
    factory: Address
    calldata: bytes

    def wrap(self, signature: bytes) -> bytes:
        return wrap(Wrapped(self.factory, self.calldata, signature))


class Rig(Protocol):
    """A chain on which contract accounts can be made."""

    checker: SignatureChecker
    unreachable: SignatureChecker
    """The same chain, which does not answer."""

    def wallet(self, owner: LocalAccount) -> Account: ...
    def promised(self, owner: LocalAccount, salt: int) -> Promised: ...
    def make(self, promised: Promised, owner: LocalAccount) -> None: ...
    def delegated(self, key: LocalAccount) -> Account:
        """An EIP-7702 account whose code takes the signature `passkey`."""

    def doorman(self) -> Promised:
        """An existing account that says yes once anybody has called it with that calldata."""


class MemoryRig:
    def __init__(self) -> None:
        self.memory = MemorySignatures()
        self.checker: SignatureChecker = self.memory
        down = MemorySignatures()
        down.down.add(CHAIN_ID)
        self.unreachable: SignatureChecker = down
        self.made = 0

    def _address(self) -> Address:
        self.made += 1
        return Address(to_checksum_address(keccak(self.made.to_bytes(32, "big"))[12:]))

    def wallet(self, owner: LocalAccount) -> Account:
        account = Account(CHAIN_ID, self._address())
        self.memory.deploy(account, owned(owner))
        return account

    def promised(self, owner: LocalAccount, salt: int) -> Promised:
        made = Promised(Account(CHAIN_ID, self._address()), self._address(), salt.to_bytes(32, "big"))
        self.memory.promise(made.factory, made.calldata, made.account, owned(owner))
        return made

    def make(self, promised: Promised, owner: LocalAccount) -> None:
        self.memory.deploy(promised.account, owned(owner))

    def delegated(self, key: LocalAccount) -> Account:
        account = on_chain(key.address)
        self.memory.deploy(account, lambda _, signature: signature == b"passkey")
        return account

    def doorman(self) -> Promised:
        account = Account(CHAIN_ID, self._address())
        self.memory.deploy(account, lambda _, __: False)
        self.memory.promise(account.address, b"ring", account, lambda _, __: True)
        return Promised(account, account.address, b"ring")


def owned(owner: LocalAccount) -> Rule:
    return lambda digest, signature: len(signature) == 65 and recover(digest, signature) == owner.address


class NodeRig:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.checker: SignatureChecker = Web3Signatures({CHAIN_ID: node.url}, timeout=60)
        self.unreachable: SignatureChecker = Web3Signatures({CHAIN_ID: "http://127.0.0.1:1"}, timeout=1)
        self.factory = to_checksum_address(self.deploy("WalletFactory"))

    def deploy(self, name: str, arguments: bytes = b"") -> str:
        receipt = self.node.send(to=None, value=0, data="0x" + CODE[name] + arguments.hex(), gas=2_000_000)
        assert receipt["status"] == "0x1"
        address: str = receipt["contractAddress"]
        return address

    def wallet(self, owner: LocalAccount) -> Account:
        return on_chain(self.deploy("Wallet", encode(["address"], [owner.address])))

    def promised(self, owner: LocalAccount, salt: int) -> Promised:
        arguments = (owner.address, salt.to_bytes(32, "big"))
        (found,) = self.node.read(self.factory, "find(address,bytes32)", *arguments)
        data = bytes.fromhex(calldata("make(address,bytes32)", *arguments)[2:])
        return Promised(on_chain(f"0x{found:040x}"), Address(self.factory), data)

    def make(self, promised: Promised, owner: LocalAccount) -> None:
        receipt = self.node.send(to=self.factory, value=0, data="0x" + promised.calldata.hex(), gas=2_000_000)
        assert receipt["status"] == "0x1"
        assert self.node.rpc("eth_getCode", promised.account.address, "latest") != "0x"

    def delegated(self, key: LocalAccount) -> Account:
        code = to_checksum_address(self.deploy("Delegate"))
        nonce = self.node.number("eth_getTransactionCount", key.address, "latest")
        allowed = key.sign_authorization({"chainId": CHAIN_ID, "address": code, "nonce": nonce})
        receipt = self.node.send(gas=200_000, authorizationList=[allowed])
        assert receipt["status"] == "0x1"
        assert self.node.rpc("eth_getCode", key.address, "latest") == "0xef0100" + code[2:].lower()
        return on_chain(key.address)

    def doorman(self) -> Promised:
        account = on_chain(self.deploy("Doorman"))
        return Promised(account, account.address, bytes.fromhex(calldata("ring()")[2:]))


@pytest.fixture(scope="module")
def rigs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Rig]]:
    """Starts each kind of chain when a test first asks for it."""
    started: dict[str, tuple[Iterator[Rig], Rig]] = {}

    def serve(kind: str) -> Iterator[Rig]:
        if kind == "memory":
            yield MemoryRig()
            return
        with running(start_anvil() if kind == "anvil" else start_embedded(tmp_path_factory.mktemp("chain"))) as node:
            yield NodeRig(node)

    def get(kind: str) -> Rig:
        if kind not in started:
            serving = serve(kind)
            started[kind] = (serving, next(serving))
        return started[kind][1]

    yield get
    for serving, _ in started.values():
        next(serving, None)


ANVIL = pytest.param("anvil", marks=pytest.mark.part("anvil"))


@pytest.fixture(params=["memory", "embedded", ANVIL])
def rig(request: pytest.FixtureRequest, rigs: Callable[[str], Rig]) -> Rig:
    return rigs(request.param)


@pytest.fixture(params=["embedded", ANVIL])
def nodes(request: pytest.FixtureRequest, rigs: Callable[[str], Rig]) -> NodeRig:
    found = rigs(request.param)
    assert isinstance(found, NodeRig)
    return found


# --- by key ----------------------------------------------------------------------------------------------------------


def compact(signature: bytes) -> bytes:
    """EIP-2098."""
    parity = signature[64] - 27
    return signature[:32] + bytes([signature[32] | parity << 7]) + signature[33:64]


def other(signature: bytes) -> bytes:
    """The second signature that the curve allows: s in the other half, and the other parity."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


GOOD: dict[str, Callable[[bytes], bytes]] = {
    "v 27 or 28": lambda signature: signature,
    "v 0 or 1": lambda signature: signature[:64] + bytes([signature[64] - 27]),
    "EIP-2098": compact,
}
BAD: dict[str, Callable[[bytes], bytes]] = {
    "high s": other,
    "high s with v 0 or 1": lambda signature: other(signature)[:64] + bytes([28 - signature[64]]),
    "other parity": lambda signature: signature[:64] + bytes([55 - signature[64]]),
    "v 2": lambda signature: signature[:64] + b"\x02",
    "v 26": lambda signature: signature[:64] + b"\x1a",
    "v 29": lambda signature: signature[:64] + b"\x1d",
    "v of two times 27": lambda signature: signature[:64] + bytes([signature[64] + 27]),
    "v of EIP-155": lambda signature: signature[:64] + bytes([signature[64] + 10]),
    "a bit of r": lambda signature: bytes([signature[0] ^ 1]) + signature[1:],
    "a bit of s": lambda signature: signature[:40] + bytes([signature[40] ^ 1]) + signature[41:],
    "r zero": lambda signature: bytes(32) + signature[32:],
    "s zero": lambda signature: signature[:32] + bytes(32) + signature[64:],
    "r the order": lambda signature: ORDER.to_bytes(32, "big") + signature[32:],
    "all zero": lambda signature: bytes(65),
    "all ones": lambda signature: b"\xff" * 65,
    "empty": lambda signature: b"",
    "one byte": lambda signature: b"\x1b",
    "cut short": lambda signature: signature[:63],
    "one more": lambda signature: signature + b"\x1b",
    "twice": lambda signature: signature * 2,
    "only the suffix of ERC-6492": lambda signature: bytes.fromhex("6492" * 16),
    "the suffix behind it": lambda signature: signature + bytes.fromhex("6492" * 16),
    "too long": lambda signature: signature + bytes(MAX_SIGNATURE),
}


@pytest.mark.parametrize("form", GOOD)
def test_check_by_key_takes_every_form_of_the_signature(rig: Rig, form: str) -> None:
    for number in range(4):  # both parities
        message = MESSAGE + bytes([number])
        assert rig.checker.check(on_chain(ALICE.address), message, GOOD[form](signed(ALICE, message)))


@pytest.mark.parametrize("fault", BAD)
def test_check_by_key_refuses_anything_else(rig: Rig, fault: str) -> None:
    assert not rig.checker.check(on_chain(ALICE.address), MESSAGE, BAD[fault](signed(ALICE)))


def test_check_by_key_is_of_one_account_and_one_message(rig: Rig) -> None:
    assert not rig.checker.check(on_chain(BOB.address), MESSAGE, signed(ALICE))
    assert not rig.checker.check(on_chain(ALICE.address), MESSAGE + b" ", signed(ALICE))


def test_check_by_key_needs_no_chain(rig: Rig) -> None:
    assert rig.unreachable.check(on_chain(ALICE.address), MESSAGE, signed(ALICE))
    assert rig.checker.check(Account(999, Address(ALICE.address)), MESSAGE, signed(ALICE))


def test_check_while_the_chain_is_down_is_no_verdict(rig: Rig) -> None:
    with pytest.raises(ChainUnavailable):
        rig.unreachable.check(on_chain(BOB.address), MESSAGE, signed(ALICE))


# --- by contract (ERC-1271) ------------------------------------------------------------------------------------------


def test_check_by_contract_asks_the_wallet(rig: Rig) -> None:
    wallet = rig.wallet(ALICE)
    assert rig.checker.check(wallet, MESSAGE, signed(ALICE))
    assert not rig.checker.check(wallet, MESSAGE, signed(BOB))
    assert not rig.checker.check(wallet, MESSAGE + b"!", signed(ALICE))
    assert not rig.checker.check(wallet, MESSAGE, b"\x01")


def test_check_by_contract_is_of_one_chain() -> None:
    rig = MemoryRig()
    wallet = rig.wallet(ALICE)
    assert rig.checker.check(wallet, MESSAGE, signed(ALICE))
    assert not rig.checker.check(wallet._replace(chain_id=1), MESSAGE, signed(ALICE))


def test_check_by_contract_follows_the_wallet(nodes: NodeRig) -> None:
    first = account(0)  # a dev account, which can send transactions
    wallet = nodes.wallet(first)
    assert nodes.checker.check(wallet, MESSAGE, signed(first))
    assert nodes.node.invoke(wallet.address, "hand(address)", BOB.address)["status"] == "0x1"
    assert not nodes.checker.check(wallet, MESSAGE, signed(first))
    assert nodes.checker.check(wallet, MESSAGE, signed(BOB))


ODD = {
    0: "no",
    1: "reverts",
    2: "too short",
    3: "dirty",
    4: "a bool",
    5: "nothing",
    6: "invalid opcode",
    7: "endless",
    8: "reverts with yes",
    9: "echoes the hash",
    10: "zeros",
}


@pytest.mark.parametrize("how", [pytest.param(how, id=name) for how, name in ODD.items() if how != 7])
@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "wrapped"])
def test_check_by_contract_takes_only_the_whole_yes(nodes: NodeRig, how: int, wrapped: bool) -> None:
    odd = on_chain(nodes.deploy("Odd"))
    signature = bytes([how])
    if wrapped:
        signature = wrap(Wrapped(Address(nodes.factory), b"", signature))
    assert not nodes.checker.check(odd, MESSAGE, signature)


@pytest.mark.part("anvil")
@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "wrapped"])
def test_check_by_contract_that_never_ends_is_a_no(rigs: Callable[[str], Rig], wrapped: bool) -> None:
    nodes = rigs("anvil")  # the embedded chain runs the same gas in Python: minutes
    assert isinstance(nodes, NodeRig)
    signature = wrap(Wrapped(Address(nodes.factory), b"", b"\x07")) if wrapped else b"\x07"
    assert not nodes.checker.check(on_chain(nodes.deploy("Odd")), MESSAGE, signature)


def test_check_of_a_contract_that_is_no_wallet_is_a_no(nodes: NodeRig) -> None:
    assert not nodes.checker.check(on_chain(nodes.factory), MESSAGE, signed(ALICE))


@pytest.mark.parametrize("number", range(1, 11))
def test_check_of_a_precompile_is_a_no(nodes: NodeRig, number: int) -> None:
    account = on_chain(f"0x{number:040x}")  # number 4 gives back what it is asked, which begins with the magic
    assert not nodes.checker.check(account, MESSAGE, signed(ALICE))
    assert not nodes.checker.check(account, MESSAGE, wrap(Wrapped(Address(nodes.factory), b"", signed(ALICE))))


# --- wrapped (ERC-6492) ----------------------------------------------------------------------------------------------


def test_check_wrapped_of_a_wallet_to_be(rig: Rig) -> None:
    promised = rig.promised(ALICE, 1)
    assert rig.checker.check(promised.account, MESSAGE, promised.wrap(signed(ALICE)))
    assert not rig.checker.check(promised.account, MESSAGE, promised.wrap(signed(BOB)))
    assert not rig.checker.check(promised.account, MESSAGE + b"!", promised.wrap(signed(ALICE)))
    assert not rig.checker.check(promised.account, MESSAGE, signed(ALICE)), "without the wrapper nobody is there"


def test_check_wrapped_leaves_nothing_behind(nodes: NodeRig) -> None:
    promised = nodes.promised(ALICE, 2)
    assert nodes.checker.check(promised.account, MESSAGE, promised.wrap(signed(ALICE)))
    assert nodes.node.rpc("eth_getCode", promised.account.address, "latest") == "0x"


def test_check_wrapped_of_a_wallet_that_was_made_since(rig: Rig) -> None:
    promised = rig.promised(ALICE, 3)
    rig.make(promised, ALICE)
    assert rig.checker.check(promised.account, MESSAGE, promised.wrap(signed(ALICE)))
    assert rig.checker.check(promised.account, MESSAGE, signed(ALICE))
    assert not rig.checker.check(promised.account, MESSAGE, promised.wrap(signed(BOB)))


def test_check_wrapped_for_another_account_than_the_factory_makes(rig: Rig) -> None:
    hers, his = rig.promised(ALICE, 4), rig.promised(BOB, 4)
    assert not rig.checker.check(hers.account, MESSAGE, his.wrap(signed(BOB)))
    assert not rig.checker.check(on_chain(ALICE.address), MESSAGE, his.wrap(signed(BOB)))
    assert rig.checker.check(his.account, MESSAGE, his.wrap(signed(BOB)))


def test_check_wrapped_with_a_factory_that_makes_nothing(rig: Rig) -> None:
    promised = rig.promised(ALICE, 5)
    nobody = Promised(promised.account, Address(BOB.address), promised.calldata)
    nonsense = Promised(promised.account, promised.factory, b"\xff" * 40)
    assert not rig.checker.check(promised.account, MESSAGE, nobody.wrap(signed(ALICE)))
    assert not rig.checker.check(promised.account, MESSAGE, nonsense.wrap(signed(ALICE)))


def test_check_wrapped_never_prepares_an_account_that_exists(rig: Rig) -> None:
    doorman = rig.doorman()
    assert not rig.checker.check(doorman.account, MESSAGE, doorman.wrap(b"let me in"))
    assert not rig.checker.check(doorman.account, MESSAGE, b"let me in")


def test_check_wrapped_as_large_as_may_be(rig: Rig) -> None:
    promised = rig.promised(ALICE, 6)
    room = MAX_SIGNATURE - len(promised.wrap(b""))
    largest = promised.wrap(bytes(room))
    assert len(largest) == MAX_SIGNATURE
    assert not rig.checker.check(promised.account, MESSAGE, largest)


def test_check_wrapped_while_the_chain_is_down_is_no_verdict(rig: Rig) -> None:
    promised = rig.promised(ALICE, 7)
    with pytest.raises(ChainUnavailable):
        rig.unreachable.check(promised.account, MESSAGE, promised.wrap(signed(ALICE)))


# --- EIP-7702 --------------------------------------------------------------------------------------------------------


def test_check_of_a_delegated_account_takes_its_key_and_its_code(rig: Rig) -> None:
    key = Keys.from_key(hashlib.sha256(b"delegated").digest())
    account = rig.delegated(key)
    assert rig.checker.check(account, MESSAGE, signed(key))
    assert rig.checker.check(account, MESSAGE, compact(signed(key)))
    assert rig.checker.check(account, MESSAGE, b"passkey")
    assert not rig.checker.check(account, MESSAGE, signed(ALICE))
    assert not rig.checker.check(account, MESSAGE, b"another passkey")


# --- nodes that are no help ------------------------------------------------------------------------------------------


def answering(answer: Callable[[dict[str, Any]], Any]) -> Callable[[str, list[Any]], Any]:
    return lambda method, params: hex(CHAIN_ID) if method == "eth_chainId" else answer(params[0])


@pytest.mark.parametrize(
    "failure", [Error(-32000, "internal error"), Error(429, "too many requests"), Drop()], ids=repr
)
def test_check_by_a_node_that_fails_is_no_verdict(failure: Exception) -> None:
    def fail(_: dict[str, Any]) -> Any:
        raise failure

    with node(answering(fail)) as fake, pytest.raises(ChainUnavailable) as caught:
        Web3Signatures({CHAIN_ID: fake.url}, timeout=2).check(on_chain(BOB.address), MESSAGE, signed(ALICE))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("result", [None, 5, "zz", {}, []])
def test_check_by_a_node_that_answers_nonsense_is_no_verdict(result: Any) -> None:
    with node(answering(lambda _: result)) as fake, pytest.raises(ChainUnavailable):
        Web3Signatures({CHAIN_ID: fake.url}, timeout=2).check(on_chain(BOB.address), MESSAGE, signed(ALICE))


def test_check_wrapped_by_a_node_that_runs_no_creations_is_no_verdict() -> None:
    wrapped = wrap(Wrapped(ALICE.address, b"", b"x"))
    with node(answering(lambda _: "0x")) as fake, pytest.raises(ChainUnavailable, match="without a receiver"):
        Web3Signatures({CHAIN_ID: fake.url}, timeout=2).check(on_chain(BOB.address), MESSAGE, wrapped)


def test_check_by_a_node_of_another_chain_is_no_verdict() -> None:
    with node(lambda method, params: "0x1") as fake, pytest.raises(ChainUnavailable, match="serves chain 1"):
        Web3Signatures({CHAIN_ID: fake.url}, timeout=2).check(on_chain(BOB.address), MESSAGE, signed(ALICE))
    assert fake.asked == ["eth_chainId"]


def test_check_asks_for_the_chain_id_once_and_bounds_the_gas() -> None:
    asked: list[dict[str, Any]] = []

    def remember(request: dict[str, Any]) -> str:
        asked.append(request)
        return "0x" + "00" * 32

    with node(answering(remember)) as fake:
        checker = Web3Signatures({CHAIN_ID: fake.url}, timeout=2)
        for _ in range(2):
            assert not checker.check(on_chain(BOB.address), MESSAGE, signed(ALICE))
    assert fake.asked == ["eth_chainId", "eth_call", "eth_call"]
    assert {request["gas"] for request in asked} == {hex(1 << 24)}


def test_checker_of_no_such_chain_says_what_to_set_and_shows_no_url() -> None:
    checker = Web3Signatures({1: "http://127.0.0.1:1/secret-key"}, timeout=1)
    assert "secret" not in repr(checker)
    with pytest.raises(ChainUnavailable) as caught:
        checker.check(on_chain(BOB.address), MESSAGE, signed(ALICE))
    assert "DNFT_RPC_URLS" in caught.value.hint


def test_check_when_the_node_refuses_everything_is_no_verdict() -> None:
    with node(raising(Error(-32601, "Method not found"))) as fake, pytest.raises(ChainUnavailable):
        Web3Signatures({CHAIN_ID: fake.url}, timeout=2).check(on_chain(BOB.address), MESSAGE, signed(ALICE))


# --- the contracts ---------------------------------------------------------------------------------------------------


def test_wallets_artifact_is_of_the_source_beside_it() -> None:
    assert json.loads(ARTIFACT.read_text())["source_sha256"] == hashlib.sha256(SOURCE.read_bytes()).hexdigest()


@pytest.mark.part("node")
def test_wallets_compiled_again_are_the_same_bytes() -> None:
    assert ARTIFACT.read_text() == compile_wallets()
