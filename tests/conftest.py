"""The manners of the suite: real parts as fixtures, no connection but to loopback, the big numbers only when asked."""

import ipaddress
import json
import os
import socket
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from scripts.tools import CATALOGUE, Found, in_ci, look
from tests import parts
from tests.servers import LIVE

FIXTURE_PARTS = {
    "anvil": "anvil",
    "anvil_url": "anvil",
    "postgres": "postgres",
    "postgres_url": "postgres",
    "nginx": "nginx",
    "chromium": "chromium",
    "kubo": "kubo",
}
"""Whoever uses one of these fixtures needs its part, with or without the mark."""


# --- what runs ------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the tests marked full too (or alone: --full -m full)")
    parser.addoption("--usage", metavar="FILE", help="add to this JSON file how many tests ran on each real part")


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith("DNFT_")]:
        del os.environ[name]  # the developer's own settings are no business of the tests
    config.stash[TALLY] = Tally()
    config.pluginmanager.register(config.stash[TALLY])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        needed = {name for mark in item.iter_markers("part") for name in mark.args}
        needed |= {FIXTURE_PARTS[name] for name in getattr(item, "fixturenames", ()) if name in FIXTURE_PARTS}
        if unknown := needed - CATALOGUE.keys():
            raise pytest.UsageError(f"{item.nodeid}: no real part is called {', '.join(sorted(unknown))}")
        item.user_properties += [("part", name) for name in sorted(needed)]
    if not config.getoption("--full"):
        big = [item for item in items if item.get_closest_marker("full")]
        items[:] = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=big)
        config.stash[TALLY].big = len(big)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in _parts_of(item.user_properties):
        found = _look(name)
        if found.missing and in_ci() and not found.excuse:
            pytest.fail(f"{name} is missing: {found.missing}", pytrace=False)
        if found.missing:
            pytest.skip(f"{name} is missing: {found.excuse or found.missing}")


def _parts_of(properties: list[tuple[str, object]]) -> list[str]:
    return [str(value) for key, value in properties if key == "part"]


_looked: dict[str, Found] = {}


def _look(name: str) -> Found:
    if name not in _looked:
        _looked[name] = look(name)
    return _looked[name]


# --- what is told at the end ----------------------------------------------------------------------------------------


class Tally:
    """Counts, where the reports of all workers arrive, the tests that ran on each part."""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()
        self.big = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped:
            self.ran.update(_parts_of(report.user_properties))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.big = max(self.big, getattr(node, "workeroutput", {}).get("big", 0))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["big"] = self.big
            return
        if path := session.config.getoption("--usage"):
            file = Path(path)
            before = json.loads(file.read_text())["parts"] if file.exists() else {}
            file.write_text(json.dumps({"parts": dict(Counter(before) + self.ran)}))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.big:
            terminalreporter.write_line(f"{self.big} big tests were left out; scripts/test --full runs them too.")


TALLY = pytest.StashKey[Tally]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for server in LIVE:
            report.sections.append((f"{server.name} log ({server.log})", server.tail()))
    return report


# --- the socket guard -----------------------------------------------------------------------------------------------

_strays: list[str] = []


class OutsideNetwork(Exception):
    """A test reached for something beyond this machine. Tests use real servers on loopback."""


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        connection, address = arguments
        host = address[0] if connection.family in (socket.AF_INET, socket.AF_INET6) and address else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        _strays.append(f"{event} {host}")
        raise OutsideNetwork(f"{event} to {host!r}: tests may only reach loopback")


def _is_here(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


# An audit hook sees every socket of this interpreter, whoever opened it, and cannot be taken off again.
sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def loopback_only() -> Iterator[None]:
    """Fails the test that reached outside, even where the code under test swallowed the refusal."""
    _strays.clear()
    yield
    assert not _strays, f"reached for {', '.join(_strays)}: tests may only reach loopback"


# --- real servers ---------------------------------------------------------------------------------------------------


@pytest.fixture
def anvil(tmp_path: Path) -> Iterator[Callable[..., parts.Anvil]]:
    """Starts development chains: `anvil("--slots-in-an-epoch", "1")`. They end with the test."""
    with ExitStack() as stack:
        started = 0

        def start(*options: str) -> parts.Anvil:
            nonlocal started
            started += 1
            folder = tmp_path / f"anvil-{started}"
            folder.mkdir()
            return stack.enter_context(parts.anvil(folder, *options))

        yield start


@pytest.fixture(scope="session")
def anvil_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a chain that all tests of this worker share: use fresh contracts, and count nothing from block 0."""
    with parts.anvil(tmp_path_factory.mktemp("anvil")) as chain:
        yield chain.url


@pytest.fixture(scope="session")
def postgres() -> Iterator[parts.Postgres]:
    """The PostgreSQL cluster of this worker."""
    with parts.postgres() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres: parts.Postgres) -> Callable[[], str]:
    """Each call gives the URL of a new, empty database: `postgresql+psycopg://…`."""
    return postgres.url


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Callable[..., parts.Nginx]]:
    """Starts nginx with the given content of its http block; see `tests.parts.nginx`."""
    with ExitStack() as stack:
        started = 0

        def start(http: str) -> parts.Nginx:
            nonlocal started
            started += 1
            folder = tmp_path / f"nginx-{started}"
            folder.mkdir()
            return stack.enter_context(parts.nginx(folder, http))

        yield start


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of one module. Open pages in a context of your own: `chromium.new_context()`."""
    with parts.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def kubo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[parts.Kubo]:
    """The IPFS daemon of this worker; content stays between tests, so name yours by its CID."""
    with parts.kubo(tmp_path_factory.mktemp("kubo")) as daemon:
        yield daemon
