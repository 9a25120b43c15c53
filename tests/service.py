"""The whole service as real processes on a temporary folder: chain, worker, web server, and `dnft` commands."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.servers import Server, free_port, listens

DEV_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
CHAIN_ID = 31337


class Service:
    """Processes by name (chain, serve, worker), each startable and killable on its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.chain_port, self.port = free_port(), free_port()
        self.rpc = f"http://127.0.0.1:{self.chain_port}"
        self.origin = f"http://127.0.0.1:{self.port}"
        config = folder / "dnft.toml"
        config.touch()  # so that no file of the working directory is read
        self.environment = {
            "DNFT_DATA": str(folder),
            "DNFT_CONFIG": str(config),
            "DNFT_PORT": str(self.port),
            "DNFT_ORIGIN": self.origin,
            "DNFT_RPC_URLS": f"{CHAIN_ID}={self.rpc}",
            "DNFT_RAW_KEY": DEV_KEY,
            **settings,
        }
        self._processes: dict[str, Server] = {}

    def start(self, *names: str) -> None:
        for name in names:
            options = ["--port", str(self.chain_port)] if name == "chain" else []
            command = [sys.executable, "-m", "scripts.dnft", name, *options]
            self._processes[name] = Server(name, command, self.folder, environment=self.environment)
        if "chain" in names:
            self._processes["chain"].wait(lambda: listens(self.chain_port), 60)
        if "serve" in names:
            ready = f"{self.origin}/readyz"
            self._processes["serve"].wait(lambda: httpx.get(ready, timeout=2).status_code == 200, 60)

    def kill(self, name: str) -> None:
        """kill -9 of the process and all its children."""
        server = self._processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.stop()

    def stop(self) -> None:
        for name in list(self._processes):
            self.kill(name)

    def command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a `dnft` command and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-m", "scripts.dnft", *arguments, "--json"],
            env={**os.environ, **self.environment},
            cwd=self.folder,
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
