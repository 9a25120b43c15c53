"""The ABI of AgentNFT as functions on bytes: calls and results in both directions, and what a revert says.

Selectors and types come from the compiled artifact. A function is named by its name (`burn`), or by its signature
where the name has several (`safeTransferFrom(address,address,uint256)`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from app.errors import Reverted
from app.ports import Address, Hash32
from contracts_abi import Artifact, load

ZERO_ADDRESS = Address("0x" + "00" * 20)
ZERO_HASH = Hash32("0x" + "00" * 32)
TRANSFER_TOPIC = keccak(text="Transfer(address,address,uint256)")


class UndecodableCall(Exception):
    """The calldata names no function of the contract, or its arguments do not fit the function's types."""


@dataclass(frozen=True, slots=True)
class Function:
    signature: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    view: bool

    @property
    def name(self) -> str:
        return self.signature.partition("(")[0]


@dataclass(frozen=True, slots=True)
class Revert:
    """Why a call was refused: an error's name and arguments; both empty when the contract gave no reason."""

    reason: str = ""
    arguments: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.reason}({', '.join(_shown(argument) for argument in self.arguments)})" if self.reason else ""

    def error(self) -> Reverted:
        said = f"The contract refused the call: {self}." if self.reason else "The contract refused without a reason."
        return Reverted(said, reason=self.reason, hint=_HINTS.get(self.reason, ""))


_HINTS = {
    "AccessControlUnauthorizedAccount": "Use the key that holds this role, or let the admin grant it.",
    "NotCovered": "Commit first: only ids below `covered` can be minted.",
    "CommitOutOfOrder": "Read the contract's last commit number; this one was made already or one is missing.",
    "MintIsPaused": "The admin ends the pause with unpauseMint().",
    "MintIsClosed": "The collection was closed for ever: nothing more can be minted.",
    "NotBlind": "An open collection has its seed from the start: there is nothing to close or to reveal.",
    "AlreadyClosed": "Nothing to do: capture the reveal block's hash once it is past.",
    "NotClosed": "The admin closes the collection first, with close().",
    "RevealNotReached": "Wait until the newest block is later than the reveal block, then capture.",
    "AlreadyCaptured": "Nothing to do: read the hash with capturedHash().",
    "TooManyRanges": "Merge ranges: a commit names at most eight.",
    "InvalidRange": "Give ranges in rising order, without overlap, below the commit's `covered`.",
    "AlreadyMinted": "Nothing to do if this mint was sent before; otherwise choose another id.",
}


def _shown(argument: Any) -> str:
    return "0x" + argument.hex() if isinstance(argument, bytes) else str(argument)


@dataclass(frozen=True, slots=True)
class Abi:
    """Encoder and decoder of one contract."""

    functions: dict[str, Function]
    """By name and by signature; a name shared by several functions is left out."""
    by_selector: dict[bytes, Function]
    errors: dict[bytes, tuple[str, tuple[str, ...]]]
    """Selector → name and argument types."""
    constructor: tuple[str, ...]
    creation_code: bytes

    def call(self, function: str, arguments: Sequence[Any]) -> bytes:
        """Calldata. Raises eth_abi's EncodingError when an argument does not fit its type."""
        found = self.functions[function]
        return found.selector + abi_encode(found.inputs, tuple(arguments))

    def read_call(self, data: bytes) -> tuple[Function, tuple[Any, ...]]:
        """The function and arguments of calldata; raises UndecodableCall."""
        function = self.by_selector.get(bytes(data[:4]))
        if function is None:
            raise UndecodableCall("no such function")
        try:
            return function, abi_decode(function.inputs, data[4:])
        except (DecodingError, ValueError, OverflowError) as error:
            raise UndecodableCall("malformed arguments") from error

    def read_result(self, function: str, data: bytes) -> tuple[Any, ...]:
        """Return values; raises eth_abi's DecodingError or ValueError when `data` is not an answer of this function."""
        return abi_decode(self.functions[function].outputs, data)

    def creation(self, arguments: Sequence[Any]) -> bytes:
        """Creation code with constructor arguments."""
        return self.creation_code + abi_encode(self.constructor, tuple(arguments))

    def read_creation(self, data: bytes) -> tuple[Any, ...]:
        """Constructor arguments out of creation code; raises UndecodableCall when it is another contract's."""
        if not data.startswith(self.creation_code):
            raise UndecodableCall("not the creation code of this contract")
        try:
            return abi_decode(self.constructor, data[len(self.creation_code) :])
        except (DecodingError, ValueError, OverflowError) as error:
            raise UndecodableCall("malformed constructor arguments") from error

    def read_revert(self, data: bytes) -> Revert:
        """What revert data says: one of our custom errors, Error(string) or Panic(uint256)."""
        name, types = self.errors.get(bytes(data[:4]), ("", ()))
        try:
            arguments = abi_decode(types, data[4:])
        except (DecodingError, ValueError, OverflowError):
            return Revert(name)
        # A plain `require(…, "text")` has its text as the reason, as people know it.
        if name == "Error":
            return Revert(str(arguments[0]))
        pairs = zip(types, arguments, strict=True)
        return Revert(name, tuple(to_checksum_address(value) if kind == "address" else value for kind, value in pairs))


def _types(parameters: Sequence[Any]) -> tuple[str, ...]:
    return tuple(collapse_if_tuple(parameter) for parameter in parameters)


def _abi(artifact: Artifact) -> Abi:
    by_selector: dict[bytes, Function] = {}
    # What Solidity's own checks and `require` revert with, in any contract.
    errors: dict[bytes, tuple[str, tuple[str, ...]]] = {
        _selector("Error(string)"): ("Error", ("string",)),
        _selector("Panic(uint256)"): ("Panic", ("uint256",)),
    }
    constructor: tuple[str, ...] = ()
    for entry in artifact.abi:
        inputs = _types(entry["inputs"])
        if entry["type"] == "constructor":
            constructor = inputs
            continue
        signature = f"{entry['name']}({','.join(inputs)})"
        if entry["type"] == "error":
            errors[_selector(signature)] = (entry["name"], inputs)
        elif entry["type"] == "function":
            view = entry["stateMutability"] in ("view", "pure")
            function = Function(signature, _selector(signature), inputs, _types(entry["outputs"]), view)
            by_selector[function.selector] = function
    names = [function.name for function in by_selector.values()]
    functions = {function.signature: function for function in by_selector.values()}
    functions |= {function.name: function for function in by_selector.values() if names.count(function.name) == 1}
    return Abi(functions, by_selector, errors, constructor, artifact.bytecode)


def _selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


@cache
def agent_abi() -> Abi:
    """The ABI of AgentNFT."""
    return _abi(load("AgentNFT"))


@cache
def role(name: str) -> bytes:
    """The 32-byte id of a role: `COMMITTER`, `MINTER`, `PAUSER`, or `DEFAULT_ADMIN_ROLE` (zero)."""
    return bytes(32) if name == "DEFAULT_ADMIN_ROLE" else keccak(text=name)
