"""The committed artifacts are what the committed sources compile to, and the loader tells the same."""

import hashlib
import json
from pathlib import Path

import pytest

from contracts_abi import load
from scripts import contracts


@pytest.mark.part("node")
def test_artifacts_compiled_again_are_the_same_bytes() -> None:
    again = contracts.compile_contracts()
    assert set(again) == {"AgentNFT.json"}
    for name, text in again.items():
        assert (contracts.CONTRACTS / name).read_bytes() == text.encode(), "run `python -m scripts.contracts`"


@pytest.mark.part("node")
def test_check_command_finds_nothing_stale(capsys: pytest.CaptureFixture[str]) -> None:
    assert contracts.main(["--check"]) == 0
    assert capsys.readouterr().err == ""


def test_stale_names_an_artifact_that_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "CONTRACTS", tmp_path)
    assert contracts.stale({"A.json": "{}\n"}) == ["A.json"]
    assert contracts.write({"A.json": "{}\n"}) == ["A.json"]
    assert contracts.stale({"A.json": "{}\n"}) == []
    assert contracts.write({"A.json": "{}\n"}) == []


def test_compile_without_solc_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(contracts.CompilationFailed, match="solc is not installed"):
        contracts.compile_contracts(tmp_path)


def test_own_sources_have_the_hashes_in_the_artifact() -> None:
    own = {name: digest for name, digest in load("AgentNFT").sources.items() if name.startswith("src/")}
    present = {f"src/{file.name}": file for file in (contracts.CONTRACTS / "src").glob("*.sol")}
    assert own == {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in present.items()}


def test_artifact_tells_how_it_was_made() -> None:
    artifact = load("AgentNFT")
    locked = json.loads((contracts.CONTRACTS / "package-lock.json").read_text())["packages"]
    assert artifact.compiler.startswith(locked["node_modules/solc"]["version"] + "+commit.")
    assert artifact.openzeppelin == locked["node_modules/@openzeppelin/contracts"]["version"]
    assert artifact.evm_version == contracts.SETTINGS["evmVersion"]
    assert artifact.optimizer_runs == contracts.SETTINGS["optimizer"]["runs"]
    assert len(artifact.deployed_bytecode) < 24_576  # EIP-170
    assert len(artifact.bytecode) < 49_152  # EIP-3860


def test_lock_names_no_package_host() -> None:
    packages = json.loads((contracts.CONTRACTS / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in packages.items() if name)


def test_load_unknown_contract_raises() -> None:
    with pytest.raises(FileNotFoundError):
        load("Nothing")


def test_readme_quotes_the_artifact() -> None:
    readme = (contracts.CONTRACTS / "README.md").read_text()
    artifact = load("AgentNFT")
    for fact in (artifact.compiler, artifact.openzeppelin, artifact.evm_version, artifact.sources["src/AgentNFT.sol"]):
        assert fact in readme
    for entry in artifact.abi:
        if entry["type"] == "function" and entry["stateMutability"] == "nonpayable":
            assert f"`{entry['name']}`" in readme, entry["name"]
