"""The machinery around real parts: servers never outlive their run, guards hold, the finder tells the truth."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests import parts
from tests.conftest import OutsideNetwork, _strays
from tests.servers import LIVE, Server, ServerFailed, descendants

ROOT = Path(__file__).parent.parent


@pytest.mark.part("anvil")
def test_server_killed_test_process_takes_its_servers_along(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time\nfrom tests import parts\n"
        "with parts.anvil(pathlib.Path(sys.argv[1])) as chain:\n"
        "    print(chain.url, chain.server.process.pid, flush=True)\n    time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    url, pid = owner.stdout.readline().split()
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    gone = Server("watch", ["sleep", "30"], tmp_path)
    try:
        gone.wait(lambda: not os.path.exists(f"/proc/{pid}") or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2])
    finally:
        gone.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_server_that_ends_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    server = Server("sad", ["sh", "-c", "echo cannot go on; exit 3"], tmp_path)
    with pytest.raises(ServerFailed, match=r"code 3:\ncannot go on"):
        server.wait(lambda: False)
    server.stop()
    assert server not in LIVE


def test_guard_connection_outside_is_refused_and_remembered() -> None:
    with pytest.raises(OutsideNetwork), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(OutsideNetwork):
        urllib.request.urlopen("http://example.com/")
    assert _strays == ["socket.connect 192.0.2.1", "socket.getaddrinfo example.com"]
    _strays.clear()


@pytest.mark.part("chromium")
def test_chromium_closed_leaves_the_thread_free_for_asyncio() -> None:
    with parts.chromium():
        pass

    async def answer() -> int:
        return 42

    assert asyncio.run(answer()) == 42


@pytest.mark.part("postgres")
def test_stop_of_a_paused_server_leaves_none_of_its_children() -> None:
    with parts.postgres() as cluster:
        family = [cluster.server.process.pid, *descendants(cluster.server.process.pid)]
        assert len(family) > 3
        for process in family:
            with suppress(ProcessLookupError):  # PostgreSQL's helpers come and go
                os.kill(process, signal.SIGSTOP)
    assert [process for process in family if os.path.exists(f"/proc/{process}")] == []
