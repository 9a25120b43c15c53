"""The whole service as real processes on a temporary folder: chain, worker, web server, and `dnft` commands."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

DEV_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
CHAIN_ID = 31337


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Service:
    """Processes by name (chain, serve, worker), each startable and killable on its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.chain_port, self.port = free_port(), free_port()
        self.rpc = f"http://127.0.0.1:{self.chain_port}"
        self.origin = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DNFT_")}
        config = folder / "dnft.toml"
        config.touch()  # so that no file of the working directory is read
        self.environment = inherited | {
            "DNFT_DATA": str(folder),
            "DNFT_CONFIG": str(config),
            "DNFT_PORT": str(self.port),
            "DNFT_ORIGIN": self.origin,
            "DNFT_RPC_URLS": f"{CHAIN_ID}={self.rpc}",
            "DNFT_RAW_KEY": DEV_KEY,
            **settings,
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        for name in names:
            options = ["--port", str(self.chain_port)] if name == "chain" else []
            with (self.folder / f"{name}.log").open("ab") as log:
                self._processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "scripts.dnft", name, *options],
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        if "chain" in names:
            wait_until(lambda: _listens(self.chain_port), "the chain listens")
        if "serve" in names:
            wait_until(lambda: _answers(f"{self.origin}/readyz"), "the server is ready")

    def kill(self, name: str) -> None:
        """kill -9 of the process and all its children."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in list(self._processes):
            self.kill(name)

    def command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a `dnft` command and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-m", "scripts.dnft", *arguments, "--json"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *arguments: str, timeout: float = 120) -> dict[str, Any]:
        """Run a `dnft` command to its end; its data."""
        answer = self.ask(*arguments, timeout=timeout)
        assert answer["ok"], f"dnft {' '.join(arguments)}: {answer['error']}\n{self.logs()}"
        data: dict[str, Any] = answer["data"]
        return data

    def ask(self, *arguments: str, timeout: float = 120) -> dict[str, Any]:
        """Run a `dnft` command to its end; all it printed."""
        output, _ = self.command(*arguments).communicate(timeout=timeout)
        answer: dict[str, Any] = json.loads(output)
        return answer

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-2000:]}" for path in sorted(self.folder.glob("*.log")))


@contextmanager
def service(folder: Path, *names: str, **settings: str) -> Iterator[Service]:
    """A service with some of its processes started."""
    running = Service(folder, **settings)
    try:
        running.start(*names)
        yield running
    finally:
        running.stop()


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
