"""Programs that run beside the tests: started in a process group of their own, waited for, and always stopped.

Every server writes its output to a log in its own folder and dies with this process, however that ends. The last lines
of the logs of running servers are added to the report of a failing test.
"""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psycopg

from scripts.tools import CATALOGUE

LIVE: "list[Server]" = []
"""The servers running now, for the reports of failing tests."""


class ServerFailed(AssertionError):
    """A real server did not come up; the message ends with its log."""


def program(part: str) -> str:
    """Absolute path of a part's program or file; raises ServerFailed when it is missing."""
    path = CATALOGUE[part].find()
    if path is None:
        raise ServerFailed(f"{part} is missing: python -m scripts.tools {part}")
    return str(path)


def free_port() -> int:
    """A loopback port nobody listens on. Taken below the range from which systems draw ports for connections, so that
    no connection made meanwhile sits on it."""
    for port in random.sample(range(15_000, 32_000), 200):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise ServerFailed("no free port between 15000 and 32000")


def listens(port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """One running program in a process group of its own, its output in `log`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        folder: Path,
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        user: pwd.struct_passwd | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._stop_signal = stop_signal
        # Linux tells the server when we die, even by kill -9; a signal that lets it stop its own children as well.
        dying = ["setpriv", "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*(dying if shutil.which("setpriv") else []), *command],
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
            )
        LIVE.append(self)

    def tail(self, lines: int = 40) -> str:
        """The end of the log."""
        if not self.log.is_file():
            return "(the log is gone with its folder)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Until `ready` says so (a connection error counts as not yet); raises ServerFailed with the log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailed(f"{self.name} ended with code {self.process.returncode}:\n{self.tail()}")
            with suppress(OSError, httpx.TransportError, psycopg.OperationalError):
                if ready():
                    return
            time.sleep(0.02)
        raise ServerFailed(f"{self.name} was not ready within {seconds:.0f} s:\n{self.tail()}")

    def stop(self, seconds: float = 10) -> None:
        """Ask it to stop, then kill what is left of it. Also where a test has paused it. Stopping twice is no error."""
        if self.process.poll() is None:
            family = [self.process.pid, *descendants(self.process.pid)]
            # PostgreSQL's children lead sessions of their own, and a paused process cannot end.
            _send(family, signal.SIGCONT)
            self.process.send_signal(self._stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
            if self.process.poll() is None:
                _send([*descendants(self.process.pid), self.process.pid], signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self in LIVE:
            LIVE.remove(self)


def descendants(process: int) -> list[int]:
    """Children of a process, their children, and so on, as they are now; none where there is no /proc."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            parents[int(fields["Pid"])] = int(fields["PPid"])
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _send(processes: Sequence[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


@contextmanager
def served(server: Server, ready: Callable[[], bool]) -> Iterator[None]:
    """Wait for a server, and stop it at the end whatever happens."""
    try:
        server.wait(ready)
        yield
    finally:
        server.stop()
