"""Signatures checked on real chains (port SignatureChecker): one node per chain, asked by JSON-RPC.

    1. by key        ECDSA, without a chain. First, because a key rules its account whatever code that carries: an
                     EIP-7702 account has code and signs by its key. Where the account is a plain contract nobody has
                     a key that fits its address, so nothing is taken from it (the order of ERC-6492 is another one,
                     for verifiers that do not compare addresses).
    2. by contract   eth_call of isValidSignature (ERC-1271).
    3. wrapped       (ERC-6492) eth_call of a program of ours that runs as if it were a contract's creation: when the
                     account has no code it first calls the factory; then isValidSignature, and gives back the verdict.

An account that exists is never "prepared" by the call that comes with its signature, as ERC-6492 would also allow: that
call could be anything, such as buying what the account's verdict depends on with money nobody pays.
"""

from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from eth_abi.abi import encode

from app.adapters.chain_rpc import NodeRefused, Refusal, Rpc
from app.errors import ChainUnavailable
from app.identity import Account
from app.provenance.signatures import MAX_SIGNATURE, Wrapped, is_wrapped, message_hash, recover, unwrap

MAGIC: Final = bytes.fromhex("1626ba7e")
"""Selector of isValidSignature(bytes32,bytes), and its answer for a valid signature (ERC-1271)."""
GAS: Final = 1 << 24
"""For one check: as much as any transaction may have (EIP-7825), so what a contract can never afford is refused."""
_VALID: Final = MAGIC.ljust(32, b"\0")
_NOBODY: Final = "0x" + b"signature check".rjust(20, b"\0").hex()
"""Who calls: an address without a key, code or rights. The zero address would be taken for somebody by some."""


class Web3Signatures:
    """One node per chain id. Safe to use from several threads. timeout: seconds per answer."""

    def __init__(self, rpc_urls: Mapping[int, str], *, timeout: float) -> None:
        self._nodes = {chain_id: Rpc(url, timeout=timeout) for chain_id, url in rpc_urls.items()}
        self._verified: set[int] = set()
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"Web3Signatures(chain_ids={sorted(self._nodes)})"  # the URLs may hold keys

    def check(self, account: Account, message: bytes, signature: bytes) -> bool:
        if not signature or len(signature) > MAX_SIGNATURE:
            return False
        digest = message_hash(message)
        if recover(digest, signature) == account.address:
            return True
        if not is_wrapped(signature):
            request = {"to": account.address, "data": _hex(_question(digest, signature))}
            return self._call(account.chain_id, request) == _VALID
        wrapped = unwrap(signature)
        if wrapped is None:
            return False
        program = _program(account, _question(digest, wrapped.signature), wrapped)
        verdict = self._call(account.chain_id, {"data": _hex(program)})
        if verdict == b"":  # a node that takes a call without `to` for something else
            raise ChainUnavailable("The node can not run calls without a receiver, which ERC-6492 needs.")
        return verdict == (1).to_bytes(32, "big")

    def _call(self, chain_id: int, request: dict[str, Any]) -> bytes | None:
        """The first 32 bytes of the result of eth_call at `latest`; None when the call failed."""
        try:
            answer = self._node(chain_id).read("eth_call", {"from": _NOBODY, "gas": hex(GAS), **request}, "latest")
            return bytes.fromhex(answer.removeprefix("0x"))[:32]
        except NodeRefused as refused:
            if refused.refusal is Refusal.REVERTED:
                return None
            raise ChainUnavailable(f"The node can not check the signature: {refused.message}") from refused
        except (AttributeError, TypeError, ValueError) as error:
            raise ChainUnavailable("The node's answer has an unexpected shape.") from error

    def _node(self, chain_id: int) -> Rpc:
        """The node of that chain, asked once whether it is: a wrong URL would let in whoever has an account there."""
        node = self._nodes.get(chain_id)
        if node is None:
            raise ChainUnavailable(f"No endpoint is set for chain {chain_id}.", hint="Name one in DNFT_RPC_URLS.")
        if chain_id not in self._verified:
            found = int(node.read("eth_chainId"), 16)
            if found != chain_id:
                raise ChainUnavailable(
                    f"The endpoint of chain {chain_id} serves chain {found}.", hint="Correct DNFT_RPC_URLS."
                )
            with self._lock:
                self._verified.add(chain_id)
        return node


def _question(digest: bytes, signature: bytes) -> bytes:
    """Calldata of isValidSignature."""
    return MAGIC + encode(("bytes32", "bytes"), (digest, signature))


def _program(account: Account, question: bytes, wrapped: Wrapped) -> bytes:
    """Creation code that leaves one word, 1 when the account finds the signature valid and else 0. The two calldatas
    are appended to the code, which copies them to memory. Only opcodes of 2019 (Istanbul), so any chain runs it."""
    who, factory = bytes.fromhex(account.address[2:]), bytes.fromhex(wrapped.factory[2:])
    length = _CODE_BYTES
    code = b"".join(
        (
            # if (account.code.length == 0) factory.call(calldata)
            _push(who, 20), _EXTCODESIZE, _push(_ASK_AT, 2), _JUMPI,
            _push(len(wrapped.calldata), 2), _push(length + len(question), 2), _push(0, 1), _CODECOPY,
            _push(0, 1), _push(0, 1), _push(len(wrapped.calldata), 2), _push(0, 1), _push(0, 1),
            _push(factory, 20), _GAS, _CALL, _POP,
            # answered = account.staticcall(question)
            _JUMPDEST,
            _push(len(question), 2), _push(length, 2), _push(0, 1), _CODECOPY,
            _push(32, 1), _push(0, 1), _push(len(question), 2), _push(0, 1), _push(who, 20), _GAS, _STATICCALL,
            # return answered && returndata.length > 31 && returndata[:32] == magic
            _push(31, 1), _RETURNDATASIZE, _GT, _AND,
            _push(_VALID, 32), _push(0, 1), _MLOAD, _EQ, _AND,
            _push(0, 1), _MSTORE, _push(32, 1), _push(0, 1), _RETURN,
        )
    )  # fmt: skip
    assert len(code) == length and code[_ASK_AT : _ASK_AT + 1] == _JUMPDEST, "the program is not as long as it says"
    return code + question + wrapped.calldata


_GT, _EQ, _AND, _EXTCODESIZE, _CODECOPY, _RETURNDATASIZE = (
    bytes([code]) for code in (0x11, 0x14, 0x16, 0x3B, 0x39, 0x3D)
)
_POP, _MLOAD, _MSTORE, _JUMPI, _GAS, _JUMPDEST = (bytes([code]) for code in (0x50, 0x51, 0x52, 0x57, 0x5A, 0x5B))
_CALL, _RETURN, _STATICCALL = (bytes([code]) for code in (0xF1, 0xF3, 0xFA))
_ASK_AT: Final = 70
_CODE_BYTES: Final = 163


def _push(value: int | bytes, width: int) -> bytes:
    """PUSH1 to PUSH32."""
    return bytes([0x5F + width]) + (value if isinstance(value, bytes) else value.to_bytes(width, "big"))


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
