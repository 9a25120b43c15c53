"""The compiled contracts as data: `load("AgentNFT")`. What they promise and how they are made: README.md."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract."""

    contract: str
    compiler: str
    """solc's full version, for example `0.8.37+commit.…`."""
    evm_version: str
    optimizer_runs: int
    openzeppelin: str
    sources: Mapping[str, str]
    """Source unit → sha256 of its bytes, hex."""
    interface_ids: Mapping[str, bytes]
    """ERC name → the 4-byte ERC-165 id that the contract answers to."""
    abi: tuple[Mapping[str, Any], ...]
    """The contract ABI as solc prints it."""
    bytecode: bytes
    """Creation code; constructor arguments are appended to it."""
    deployed_bytecode: bytes
    """Code at the contract's address, with zeros at `immutables`."""
    immutables: tuple[tuple[int, int], ...]
    """(start, length) of the ranges of `deployed_bytecode` that the constructor fills in."""

    def runs_at(self, code: bytes) -> bool:
        """Whether `code`, read from a chain, is this contract, whatever its constructor arguments were."""
        if len(code) != len(self.deployed_bytecode):
            return False
        blank = bytearray(code)
        for start, length in self.immutables:
            blank[start : start + length] = bytes(length)
        return bytes(blank) == self.deployed_bytecode


@cache
def load(contract: str) -> Artifact:
    """The committed artifact of `contract`; raises FileNotFoundError for a name that is none of ours."""
    data = json.loads(files(__name__).joinpath(f"{contract}.json").read_text("utf-8"))
    return Artifact(
        contract=data["contract"],
        compiler=data["compiler"],
        evm_version=data["evmVersion"],
        optimizer_runs=data["optimizer"]["runs"],
        openzeppelin=data["openzeppelin"],
        sources=MappingProxyType(data["sources"]),
        interface_ids=MappingProxyType({name: bytes.fromhex(id_[2:]) for name, id_ in data["interfaceIds"].items()}),
        abi=tuple(data["abi"]),
        bytecode=bytes.fromhex(data["bytecode"][2:]),
        deployed_bytecode=bytes.fromhex(data["deployedBytecode"][2:]),
        immutables=tuple((place["start"], place["length"]) for place in data["immutableReferences"]),
    )
