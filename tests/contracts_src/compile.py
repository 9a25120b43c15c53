"""Compiles the contracts of tests: `python -m tests.contracts_src.compile` writes `Wallets.json`."""

import hashlib
import json
import subprocess
from pathlib import Path

from scripts.contracts import CONTRACTS, NODE_MODULES

FOLDER = Path(__file__).parent
SOURCE = FOLDER / "Wallets.sol"
ARTIFACT = FOLDER / "Wallets.json"


def compile_wallets() -> str:
    """The text of the artifact, from the source as it is."""
    settings = {
        "evmVersion": "paris",
        "optimizer": {"enabled": True, "runs": 200},
        "metadata": {"bytecodeHash": "none", "appendCBOR": False},
        "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
    }
    source = SOURCE.read_text("utf-8")
    request = {"language": "Solidity", "sources": {SOURCE.name: {"content": source}}, "settings": settings}
    done = subprocess.run(
        ["node", str(CONTRACTS / "compile.cjs"), str(NODE_MODULES), str(FOLDER)],
        input=json.dumps(request),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    output = json.loads(done.stdout)
    assert "contracts" in output, output
    code = {name: found["evm"]["bytecode"]["object"] for name, found in output["contracts"][SOURCE.name].items()}
    digest = hashlib.sha256(source.encode()).hexdigest()
    return json.dumps({"source_sha256": digest, "bytecode": code}, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    ARTIFACT.write_text(compile_wallets(), "utf-8")
