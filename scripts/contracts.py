"""Compile the contracts: `python -m scripts.contracts` writes the artifacts, `--check` compares them with the sources.

Needs Node and the npm packages of `contracts_abi/package-lock.json` under `.tools/npm`. The result depends only on
the sources and the settings below: no paths, no times, so that anyone gets the same bytes.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
CONTRACTS = REPOSITORY / "contracts_abi"
NODE_MODULES = REPOSITORY / ".tools" / "npm" / "node_modules"

COMPILED = {"AgentNFT": "src/AgentNFT.sol"}
"""Contract name → source unit. One artifact `contracts_abi/{name}.json` each."""

SETTINGS: dict[str, Any] = {
    "evmVersion": "cancun",
    "optimizer": {"enabled": True, "runs": 800},
    # Without the hash of the metadata, a changed comment does not change the deployed code.
    "metadata": {"bytecodeHash": "none", "appendCBOR": True},
}

INTERFACES: Mapping[str, tuple[str, Sequence[str]]] = {
    "ERC165": ("@openzeppelin/contracts/utils/introspection/IERC165.sol:IERC165", ()),
    "ERC721": ("@openzeppelin/contracts/token/ERC721/IERC721.sol:IERC721", ("ERC165",)),
    "ERC721Metadata": (
        "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol:IERC721Metadata",
        ("ERC721", "ERC165"),
    ),
    "ERC2981": ("@openzeppelin/contracts/interfaces/IERC2981.sol:IERC2981", ("ERC165",)),
    "AccessControl": ("@openzeppelin/contracts/access/IAccessControl.sol:IAccessControl", ()),
    "AccessControlDefaultAdminRules": (
        "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol:IAccessControlDefaultAdminRules",
        ("AccessControl",),
    ),
}
"""ERC-165 name → interface, and the names whose functions it inherits (they do not count for its id)."""

ERC4906_ID = "0x49064906"
"""ERC-4906 has events only and names this id itself."""


class CompilationFailed(Exception):
    """solc could not be run or refused the sources; the message is its own text."""


def compile_contracts(node_modules: Path = NODE_MODULES) -> dict[str, str]:
    """File name → artifact text (JSON) of every contract. Raises CompilationFailed."""
    output = _solc(node_modules)
    return {f"{name}.json": _artifact(name, unit, output, node_modules) for name, unit in COMPILED.items()}


def _solc(node_modules: Path) -> dict[str, Any]:
    if not (node_modules / "solc").is_dir():
        raise CompilationFailed(
            f"solc is not installed in {node_modules}; install contracts_abi/package-lock.json there"
        )
    selection = {"*": {"*": ["abi", "evm.bytecode", "evm.deployedBytecode", "evm.methodIdentifiers", "metadata"]}}
    request = {
        "language": "Solidity",
        "sources": {unit: {"content": (CONTRACTS / unit).read_text("utf-8")} for unit in COMPILED.values()},
        "settings": {**SETTINGS, "outputSelection": selection},
    }
    try:
        done = subprocess.run(
            ["node", str(CONTRACTS / "compile.cjs"), str(node_modules), str(CONTRACTS / "src")],
            input=json.dumps(request),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CompilationFailed(f"node could not run solc: {error}") from error
    if done.returncode != 0:
        raise CompilationFailed(done.stderr.strip() or f"node ended with {done.returncode}")
    output: dict[str, Any] = json.loads(done.stdout)
    # Warnings count: the sources compile without any.
    if problems := [error["formattedMessage"] for error in output.get("errors", [])]:
        raise CompilationFailed("\n".join(problems))
    return output


def _artifact(name: str, unit: str, output: dict[str, Any], node_modules: Path) -> str:
    contract = output["contracts"][unit][name]
    metadata = json.loads(contract["metadata"])
    evm = contract["evm"]
    openzeppelin = json.loads((node_modules / "@openzeppelin/contracts/package.json").read_text("utf-8"))
    artifact = {
        "contract": name,
        "source": unit,
        "compiler": metadata["compiler"]["version"],
        "evmVersion": SETTINGS["evmVersion"],
        "optimizer": SETTINGS["optimizer"],
        "metadata": SETTINGS["metadata"],
        "openzeppelin": openzeppelin["version"],
        "sources": {source: _sha256(source, node_modules) for source in sorted(metadata["sources"])},
        "interfaceIds": _interface_ids(output),
        "abi": contract["abi"],
        "bytecode": "0x" + evm["bytecode"]["object"],
        "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
        # Byte ranges of the deployed code that the constructor fills in.
        "immutableReferences": [
            {"start": place["start"], "length": place["length"]}
            for _, places in sorted(evm["deployedBytecode"].get("immutableReferences", {}).items())
            for place in places
        ],
    }
    return json.dumps(artifact, indent=1, ensure_ascii=False) + "\n"


def _sha256(source: str, node_modules: Path) -> str:
    folder = CONTRACTS if source.startswith("src/") else node_modules
    return hashlib.sha256((folder / source).read_bytes()).hexdigest()


def _interface_ids(output: dict[str, Any]) -> dict[str, str]:
    """ERC-165: the id of an interface is the XOR of the selectors of its own functions."""
    selectors: dict[str, set[int]] = {}
    for name, (place, _) in INTERFACES.items():
        unit, contract = place.rsplit(":", 1)
        found = output["contracts"][unit][contract]["evm"]["methodIdentifiers"].values()
        selectors[name] = {int(selector, 16) for selector in found}
    ids = {"ERC4906": ERC4906_ID}
    for name, (_, parents) in INTERFACES.items():
        own = selectors[name].difference(*(selectors[parent] for parent in parents))
        ids[name] = f"0x{reduce(xor, own):08x}"
    return dict(sorted(ids.items()))


def write(artifacts: Mapping[str, str]) -> list[str]:
    """Write what differs; the names of the files written."""
    changed = [name for name, text in artifacts.items() if not _same(name, text)]
    for name in changed:
        (CONTRACTS / name).write_text(artifacts[name], "utf-8")
    return changed


def stale(artifacts: Mapping[str, str]) -> list[str]:
    """The committed artifacts that are missing or are not what the sources compile to."""
    return [name for name, text in artifacts.items() if not _same(name, text)]


def _same(name: str, text: str) -> bool:
    file = CONTRACTS / name
    return file.is_file() and file.read_bytes() == text.encode()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.contracts", description="Compile the contracts.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when an artifact is stale")
    options = parser.parse_args(arguments)
    try:
        artifacts = compile_contracts()
    except CompilationFailed as error:
        print(error, file=sys.stderr)
        return 1
    if options.check:
        for name in (old := stale(artifacts)):
            print(f"stale: contracts_abi/{name}; run `python -m scripts.contracts`", file=sys.stderr)
        return 1 if old else 0
    for name in write(artifacts):
        print(f"wrote contracts_abi/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
