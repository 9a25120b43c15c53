"""The servers that are compared: each a group of processes on one core, idle ones stopped so that they cost nothing."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.errors import Unavailable
from app.settings import environment
from scripts.bench.load import program
from scripts.bench.plain import HEADERS_FILE


@dataclass(frozen=True, slots=True)
class Place:
    """What is served: files `tokens/{id}` in `folder`, under the URL path `prefix`/{id}."""

    folder: Path
    prefix: str
    core: int


class Contestant:
    """One running server. Its ETags are asked of it, because nginx makes its own."""

    def __init__(self, name: str, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.name = name
        self.port = port
        self.etags: list[str] = []
        self._process = process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self, paths: Sequence[str], bodies: Mapping[str, bytes]) -> None:
        """Read every URL once, so that memory is warm, and hold what comes against what should. Raises Unavailable."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for path in paths:
            status, etag, body = _get(connection, path, {})
            if status != 200 or body != bodies[path] or not etag:
                raise Unavailable(f"{self.name} answers {path} with status {status} and {len(body)} bytes.")
            self.etags.append(etag)
        for path, etag in list(zip(paths, self.etags, strict=True))[:10]:
            status, _, body = _get(connection, path, {"If-None-Match": etag})
            if status != 304 or body:
                raise Unavailable(f"{self.name} answers {path} with status {status} where 304 is right.")
        connection.close()

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Runs within the block, and stands still outside of it."""
        os.killpg(self._process.pid, signal.SIGCONT)
        try:
            yield
        finally:
            self.pause()

    def pause(self) -> None:
        os.killpg(self._process.pid, signal.SIGSTOP)

    def end(self) -> None:
        for number in (signal.SIGCONT, signal.SIGTERM):
            os.killpg(self._process.pid, number)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _get(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]) -> tuple[int, str, bytes]:
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    return answer.status, answer.getheader("etag") or "", answer.read()


@contextmanager
def _running(name: str, port: int, place: Place, command: Sequence[str], **settings: str) -> Iterator[Contestant]:
    log = place.folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=partial(os.sched_setaffinity, 0, {place.core}),
        )
    contestant = Contestant(name, port, process)
    try:
        _wait(contestant, process, log)
        yield contestant
    finally:
        contestant.end()


def _wait(contestant: Contestant, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", contestant.port)) == 0:
                return
        time.sleep(0.05)
    raise Unavailable(f"{contestant.name} did not start: {log.read_text(errors='replace')[-500:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ours(place: Place, data: Path) -> Iterator[Contestant]:
    """`dnft serve`, one process, on a data folder."""
    port = free_port()
    (data / "none.toml").touch()
    settings = {
        "DNFT_CONFIG": str(data / "none.toml"),
        "DNFT_DATA": str(data),
        "DNFT_DATABASE_URL": f"sqlite:///{data / 'dnft.db'}",
        "DNFT_ENV": "development",
        "DNFT_HOST": "127.0.0.1",
        "DNFT_PORT": str(port),
        "DNFT_WORKERS": "1",
        "DNFT_CACHE_MB": "256",
        "DNFT_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "scripts.dnft", "serve"]
    with _running("ours", port, place, command, **settings) as contestant:
        yield contestant


@contextmanager
def fastapi(place: Place) -> Iterator[Contestant]:
    """A plain FastAPI route under granian's ASGI."""
    port = free_port()
    command = [sys.executable, "-m", "scripts.bench.plain", str(port), str(place.folder)]
    with _running("fastapi", port, place, command) as contestant:
        yield contestant


@contextmanager
def nginx(place: Place) -> Iterator[Contestant]:
    """nginx, one worker, static files of the same bytes; files kept open and no sendfile is its fastest for these."""
    port = free_port()
    files = place.folder / "nginx"
    (files / place.prefix.lstrip("/")).parent.mkdir(parents=True)
    (files / place.prefix.lstrip("/")).symlink_to(place.folder / "tokens")
    lines = (place.folder / HEADERS_FILE).read_text().splitlines()
    headers = "".join("add_header {} '{}';\n".format(*line.split(": ", 1)) for line in lines)
    spools = "".join(
        f"{kind}_temp_path {place.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = place.folder / "nginx.conf"
    configuration.write_text(
        f"""{"user root;" if os.geteuid() == 0 else ""}
daemon off; worker_processes 1; error_log stderr; pid {place.folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
{spools}
access_log off; sendfile off; keepalive_requests 100000000; server_tokens off;
open_file_cache max=20000 inactive=1h; open_file_cache_valid 1h;
server {{ listen 127.0.0.1:{port}; root {files}; default_type application/json; etag on;
{headers} }}
}}
"""
    )
    command = [str(program("nginx")), "-e", "stderr", "-p", str(place.folder), "-c", str(configuration)]
    with _running("nginx", port, place, command) as contestant:
        yield contestant
