"""The repository's own manners: what a reviewer would have to say every time, said by a test."""

import ast
import importlib
import inspect
import json
import os
import pkgutil
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Protocol

import pytest

import app.adapters
from app import ports

ROOT = Path(__file__).parent.parent
NOT_OURS = {".git", ".venv", ".tools", ".data", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache"}


@cache
def files() -> tuple[Path, ...]:
    """What is or would be committed, relative to the root."""
    git = shutil.which("git")
    listed = git and subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed and listed.returncode == 0:
        return tuple(Path(name) for name in sorted(listed.stdout.split("\0")) if name and (ROOT / name).is_file())
    # A tree without its history, as a release archive is.
    found = (Path(folder) / name for folder, _, names in os.walk(ROOT) for name in names)
    return tuple(sorted(path.relative_to(ROOT) for path in found if not NOT_OURS & set(path.relative_to(ROOT).parts)))


def lines(path: Path) -> list[str]:
    """Lines of a text file; none of a binary one."""
    try:
        return (ROOT / path).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []


def places(pattern: str, *suffixes: str) -> list[str]:
    """`file:line: text` of every hit in files with these endings (all files when none is given)."""
    wanted = re.compile(pattern)
    return [
        f"{path}:{number}: {line.strip()}"
        for path in files()
        if not suffixes or path.suffix in suffixes
        for number, line in enumerate(lines(path), 1)
        if wanted.search(line)
    ]


# --- layout ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("pyproject.toml", "app", "contracts_abi", "personalities", "renderers", "tests", "scripts"),
        *("README.md", "CHANGELOG.md", "docs/status.md", "docs/tours.md", "docs/adr/0000-template.md"),
    ],
)
def test_layout_has(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize("name", ["scripts/demo", "scripts/test", "scripts/env", ".ci/run"])
def test_command_is_executable_bash_that_parses(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)
    assert lines(Path(name))[0] == "#!/usr/bin/env bash"
    assert subprocess.run(["bash", "-n", ROOT / name], capture_output=True).stderr == b""


def test_modules_are_short_enough_to_read() -> None:
    """Past 300 lines a module has more than one subject: split it by subject, not by size. Tests are only told so."""
    counts = {path: len(lines(path)) for path in files() if path.suffix == ".py" and "versions" not in path.parts}
    long = {str(path): count for path, count in counts.items() if count > 300}
    assert {path: count for path, count in long.items() if not path.startswith("tests/")} == {}
    if long:
        warnings.warn(f"test modules past 300 lines, to be split by subject: {long}", stacklevel=1)


def test_module_names_say_their_subject() -> None:
    assert [
        str(path) for path in files() if path.stem in ("utils", "util", "helpers", "helper", "common", "misc")
    ] == []


# --- locks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_python_lock_pins_every_package_with_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text().replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(entries) > 50
    assert [entry for entry in entries if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry)] == []
    assert "://" not in text


def test_python_locks_agree() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([\w.-]+==\S+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.lock") - pins("requirements-dev.lock") == set()


def test_npm_lock_pins_every_package_with_a_hash_and_no_address() -> None:
    wanted = json.loads((ROOT / "contracts_abi/package.json").read_text())
    packages = json.loads((ROOT / "contracts_abi/package-lock.json").read_text())["packages"]
    assert {
        name for name, entry in packages.items() if name and not entry.get("integrity", "").startswith("sha512-")
    } == set()
    assert {name for name, entry in packages.items() if "resolved" in entry} == set()
    direct = {**wanted.get("dependencies", {}), **wanted.get("devDependencies", {})}
    assert {name: packages[f"node_modules/{name}"]["version"] for name in direct} == direct


# --- traces ---------------------------------------------------------------------------------------------------------


def test_no_file_names_a_registry() -> None:
    """A lock or a text that names one stops working behind a mirror."""
    hosts = ["pypi{}org", "pythonhosted{}org", "registry.npmjs{}org", "registry.yarnpkg{}com", "proxy.golang{}org"]
    hosts += ["sum.golang{}org", "deb.debian{}org", "crates{}io", "repo.anaconda{}com"]
    assert places("|".join(re.escape(host.format(".")) for host in hosts)) == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    assert places(r"(?<![\w.:/}-])/(?:work|root|home/\w+|Users/\w+|farm)(?:/|\b(?=[`'\"\s]))") == []


# --- exceptions need reasons ----------------------------------------------------------------------------------------


def test_exceptions_in_code_have_their_reason_beside_them() -> None:
    silenced = places(r"#\s*(?:ruff: |mypy: )?(?:noqa|type: ignore|pragma: no cover)", ".py")
    codes = r"(?:noqa: *[A-Z]+\d+(?:, *[A-Z]+\d+)*|type: ignore\[[\w, -]+\]|pragma: no cover)"
    reasoned = re.compile(rf"{codes}\W+\w.{{9,}}")
    own = f"{Path(__file__).relative_to(ROOT)}:"
    assert [place for place in silenced if not reasoned.search(place) and not place.startswith(own)] == []


def test_skips_and_expected_failures_have_their_reason() -> None:
    marks = places(r"pytest\.mark\.(?:skip|xfail)\b|@unittest\.skip", ".py")
    own = f"{Path(__file__).relative_to(ROOT)}:"
    assert [place for place in marks if "reason=" not in place and not place.startswith(own)] == []


def test_lint_exceptions_in_pyproject_have_their_reason_beside_them() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    ruff = text[text.index("[tool.ruff.lint]") : text.index("[tool.mypy]")]
    ignored = ruff[ruff.index("ignore = [") : ruff.index("]", ruff.index("ignore = ["))].splitlines()[1:]
    per_file = ruff[ruff.index("[tool.ruff.lint.per-file-ignores]") :].splitlines()[1:]
    bare = [line for line in ignored + per_file if line.strip().startswith('"') and not re.search(r"#\s*\w.{9,}", line)]
    assert bare == []


# --- ports ----------------------------------------------------------------------------------------------------------

PORTS = [
    name
    for name, member in inspect.getmembers(ports, inspect.isclass)
    if Protocol in member.__bases__ and member.__module__ == ports.__name__
]
REAL_ONE_IS_IN_MEMORY = {
    "Signer": "LocalSigner",  # signing is arithmetic: there is nothing outside to stand in for
    "AgentContract": "AgentNft",  # builds calldata and talks to nobody
    "Workshop": "InlineWorkshop",  # runs everything where it is called: there is nothing outside to stand in for
    "ContentKeeper": "Replicas",  # keeps nothing itself: its suite runs it over the stores in memory and the real ones
}


def promises(port: str) -> set[str]:
    members = {name for name in vars(getattr(ports, port)) if not name.startswith("_")}
    return members | set(getattr(ports, port).__annotations__)


def adapters() -> Iterator[type]:
    for module in pkgutil.iter_modules(app.adapters.__path__, "app.adapters."):
        loaded = importlib.import_module(module.name)
        yield from (
            member for _, member in inspect.getmembers(loaded, inspect.isclass) if member.__module__ == module.name
        )


def keeps(adapter: type, promised: set[str]) -> bool:
    """Whether a class has every promised member, be it as a method, a class attribute or one set in `__init__`."""
    assigned = set(re.findall(r"self\.(\w+)\b[^=\n]*=", inspect.getsource(adapter)))
    return all(hasattr(adapter, name) or name in assigned for name in promised)


@pytest.mark.parametrize("port", PORTS)
def test_port_has_an_implementation_in_memory_and_a_suite_that_runs_it(port: str) -> None:
    fitting = {adapter.__name__ for adapter in adapters() if keeps(adapter, promises(port))}
    in_memory = {name for name in fitting if name.startswith("Memory") or name == REAL_ONE_IS_IN_MEMORY.get(port)}
    assert in_memory, f"no class Memory… in app/adapters keeps {port}'s promises: {sorted(promises(port))}"
    suites = {path: (ROOT / path).read_text() for path in files() if path.parts[:2] == ("tests", "ports")}
    running = [
        str(path)
        for path, text in suites.items()
        if re.search(rf"\b{port}\b", text) and any(re.search(rf"\b{name}\b", text) for name in in_memory)
    ]
    assert running, f"no file in tests/ports/ names both {port} and one of {sorted(in_memory)}"


def test_port_promises_are_written_down() -> None:
    tree = ast.parse(inspect.getsource(ports))
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name in PORTS and not ast.get_docstring(node)
    ]
    assert PORTS
    assert silent == []


# --- documents ------------------------------------------------------------------------------------------------------


def test_links_between_documents_lead_somewhere() -> None:
    dead = []
    for path in files():
        if path.suffix != ".md":
            continue
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", (ROOT / path).read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if re.match(r"[a-z][a-z0-9+.-]*:", target) or target.startswith("#"):
                continue
            file = (ROOT / path).parent / target.partition("#")[0]
            if not file.exists():
                dead.append(f"{path}: {target}")
    assert dead == []


def test_decisions_have_own_numbers_and_keep_the_template() -> None:
    records = {path.name: (ROOT / path).read_text() for path in files() if path.parts[:2] == ("docs", "adr")}
    numbers = [int(name[:4]) for name in records]
    assert len(set(numbers)) == len(numbers)
    headings = re.findall(r"^## .*$", records["0000-template.md"], re.MULTILINE)
    assert len(headings) == 3
    assert [name for name, text in records.items() if re.findall(r"^## .*$", text, re.MULTILINE) != headings] == []
    assert [name for name, text in records.items() if not text.startswith(f"# {int(name[:4])}. ")] == []
