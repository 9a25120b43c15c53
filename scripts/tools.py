"""The real parts the tests run against: finds them, and installs those it may.

    python -m scripts.tools [--install-system] [--json] [part …]

npm and Go parts go to `.tools/`, pinned, wherever npm is and Go can be had. Debian packages are installed only with
`--install-system`, or with `CI=true`. With `CI=true` a missing part fails the command unless `tests/real_parts.toml`
excuses it; a part asked for by name always does. Needs the standard library only.
"""

import argparse
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from scripts.installers import (
    KUBO_VERSION,
    ROOT,
    TOOLS,
    Cause,
    InstallFailed,
    install_debian,
    install_kubo,
    install_npm,
    npm_is_current,
)

Source = Literal["npm", "go", "debian"]


@dataclass(frozen=True, slots=True)
class Part:
    """A real program, library or font. `places` are tried in order: a program name, or a glob pattern of paths."""

    name: str
    source: Source
    places: tuple[str, ...]
    packages: tuple[str, ...] = ()
    """Debian packages that bring it."""
    version_option: str = "--version"

    def find(self) -> Path | None:
        """Where it is now, or None."""
        for place in self.places:
            if "/" not in place:
                if program := shutil.which(place):
                    return Path(program)
                continue
            base = Path("/") if place.startswith("/") else ROOT
            hits = sorted(
                base.glob(place.lstrip("/")), key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))]
            )
            if hits:
                return hits[-1]
        return None

    def version(self, path: Path) -> str:
        """Version as the part itself tells it, "" when it does not say."""
        if path.name == "package.json":
            return str(json.loads(path.read_text())["version"])
        if not os.access(path, os.X_OK):
            return ""
        try:
            answer = subprocess.run([path, self.version_option], capture_output=True, text=True, timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        found = re.search(r"\d+(?:\.\d+)+", answer.stdout + answer.stderr)
        return found[0] if found else ""


def _npm(package: str) -> tuple[str, ...]:
    return (f".tools/npm/node_modules/{package}",)


CATALOGUE: Mapping[str, Part] = {
    part.name: part
    for part in (
        Part("node", "debian", ("node",), ("nodejs",)),
        Part("npm", "debian", ("npm",), ("npm",)),
        Part("anvil", "npm", _npm("@foundry-rs/anvil-*/bin/anvil")),
        Part("solc", "npm", _npm("solc/package.json")),
        Part("openzeppelin", "npm", _npm("@openzeppelin/contracts/package.json")),
        Part("viem", "npm", _npm("viem/package.json")),
        Part("ethers", "npm", _npm("ethers/package.json")),
        Part("kubo", "go", (".tools/bin/ipfs",)),
        Part("postgres", "debian", ("/usr/lib/postgresql/*/bin/postgres", "postgres"), ("postgresql",)),
        Part("nginx", "debian", ("nginx", "/usr/sbin/nginx"), ("nginx-light",), "-v"),
        Part("wrk", "debian", ("wrk",), ("wrk",), "-v"),
        Part("chromium", "debian", ("/usr/bin/chromium", "chromium", "chromium-browser"), ("chromium",)),
        Part("fonts", "debian", ("/usr/share/fonts/**/DejaVuSans.ttf",), ("fonts-dejavu-core",)),
    )
}


@dataclass(frozen=True, slots=True)
class Found:
    """What became of looking for one part: either a path, or why there is none and whether that is excused."""

    part: str
    path: str = ""
    version: str = ""
    cause: Cause | Literal[""] = ""
    missing: str = ""
    excuse: str = ""


def in_ci() -> bool:
    """Whether this is a run that must be complete."""
    return os.environ.get("CI") == "true"  # noqa: TID251 - a fact about the machine, not a setting of the service


def excuses() -> Mapping[str, tuple[Cause, str]]:
    """Part → (the cause that is excused, why the part cannot be had there), from `tests/real_parts.toml`."""
    table = tomllib.loads((ROOT / "tests" / "real_parts.toml").read_text())
    return {name: (entry["cause"], entry["reason"]) for name, entry in table.get("excused", {}).items()}


def provide(names: Iterable[str], *, system: bool, say: Callable[[str], None]) -> list[Found]:
    """Find the named parts, installing what is missing and may be installed. Never raises for a part it cannot get."""
    wanted = [CATALOGUE[name] for name in names]
    failures: dict[str, InstallFailed] = {}
    with _alone(say):
        lacking = [part for part in wanted if part.source == "debian" and part.find() is None]
        if lacking and system:
            failures |= _attempt_debian(lacking, say)
        npm = [part for part in wanted if part.source == "npm"]
        if npm and not (npm_is_current() and all(part.find() for part in npm)):
            say("installing the npm parts")
            failures |= _attempt(npm, install_npm)
        kubo = CATALOGUE["kubo"]
        if kubo in wanted and ((path := kubo.find()) is None or kubo.version(path) != KUBO_VERSION):
            say("building Kubo: some minutes, once")
            failures |= _attempt([kubo], install_kubo)
    pardons = excuses()
    return [judge(part, failures.get(part.name), pardons) for part in wanted]


def look(name: str) -> Found:
    """Look for one part without installing anything."""
    return judge(CATALOGUE[name], None, excuses())


def _attempt(parts: Iterable[Part], install: Callable[[], None]) -> dict[str, InstallFailed]:
    try:
        install()
    except InstallFailed as failure:
        return {part.name: failure for part in parts}
    return {}


def _attempt_debian(parts: Sequence[Part], say: Callable[[str], None]) -> dict[str, InstallFailed]:
    """All packages at once; one by one when that fails, so that one a system lacks does not cost the others."""
    packages = [package for part in parts for package in part.packages]
    say(f"installing {' '.join(packages)}")
    failed = _attempt(parts, lambda: install_debian(packages))
    if not failed or len(parts) == 1:
        return failed
    return {name: why for part in parts for name, why in _attempt_debian([part], say).items()}


def judge(part: Part, failure: InstallFailed | None, pardons: Mapping[str, tuple[Cause, str]]) -> Found:
    """What to say of a part now, given how its installation failed (if it was tried) and what is excused."""
    path = part.find()
    if path is not None:
        return Found(part.name, str(path), part.version(path))
    cause: Cause = failure.cause if failure else "not installed"
    missing = str(failure) if failure else f"not installed: {how_to_install(part)}"
    excused, reason = pardons.get(part.name, ("", ""))
    return Found(part.name, cause=cause, missing=missing, excuse=reason if excused == cause else "")


def how_to_install(part: Part) -> str:
    """One line for whoever wants the part."""
    if part.source == "debian":
        return f"apt-get install {' '.join(part.packages)} (or: python -m scripts.tools --install-system)"
    return "python -m scripts.tools"


@contextmanager
def _alone(say: Callable[[str], None]) -> Iterator[None]:
    """One installer at a time on this checkout; the kernel lets go of the lock when the process ends."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "tools.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is installing parts; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def table(found: Sequence[Found], used: Mapping[str, int] | None = None) -> str:
    """The parts as aligned text; with `used`, how many tests ran on each."""
    head = ("part", "version", "tests", "") if used is not None else ("part", "version", "")
    rows = [head]
    for one in found:
        note = one.path.replace(f"{ROOT}/", "") if one.path else f"MISSING: {one.missing}"
        if one.excuse:
            note += f" [excused: {one.excuse}]"
        tests = (str(used.get(one.part, 0)),) if used is not None else ()
        rows.append((one.part, one.version or "-", *tests, note))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    lines = (
        "  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. 0 when nothing that must be there is missing."""
    parser = argparse.ArgumentParser(prog="python -m scripts.tools", description="Find and install the real parts.")
    parser.add_argument("--install-system", action="store_true", help="also install Debian packages (needs root)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--used", type=Path, metavar="FILE", help="only print the table, with the test run's counts")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of: {', '.join(CATALOGUE)}")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.parts if name not in CATALOGUE]:
        parser.error(f"unknown part {', '.join(unknown)}; there are: {', '.join(CATALOGUE)}")
    if options.used:
        counts = json.loads(options.used.read_text())["parts"] if options.used.exists() else {}
        print(table([look(name) for name in CATALOGUE], counts))
        return 0

    def say(line: str) -> None:
        print(f"tools: {line}", file=sys.stderr, flush=True)

    found = provide(options.parts or CATALOGUE, system=options.install_system or in_ci(), say=say)
    must = [one for one in found if one.missing and (options.parts or (in_ci() and not one.excuse))]
    if options.json:
        print(json.dumps({"ok": not must, "data": {"parts": [asdict(one) for one in found]}}))
    else:
        print(table(found))
    for one in must:
        say(f"{one.part} is missing and must be there")
    return 1 if must else 0


if __name__ == "__main__":
    sys.exit(main())
