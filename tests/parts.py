"""Real servers for tests, each a context manager; `tests/conftest.py` offers them as fixtures.

A test names what it needs: `@pytest.mark.part("anvil")` (the names are those of `python -m scripts.tools`), or simply a
fixture of `tests/conftest.py`. Where the part is missing the test is skipped with the reason; in a complete run
(`CI=true`) it fails. Every server listens on loopback only.
"""

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from playwright.sync_api import Browser, sync_playwright

from tests.servers import Server, ServerFailed, free_port, program, served


@dataclass(frozen=True)
class Anvil:
    url: str
    websocket_url: str
    server: Server

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of a JSON-RPC call; raises AssertionError when the node answers with an error."""
        answer = httpx.post(self.url, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).json()
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]


@contextmanager
def anvil(folder: Path, *options: str) -> Iterator[Anvil]:
    """A development chain (chain id 31337 unless told) that mines on every transaction; `options` are anvil's own."""
    port = free_port()
    server = Server("anvil", [program("anvil"), "--host", "127.0.0.1", "--port", str(port), *options], folder)
    chain = Anvil(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", server)
    with served(server, lambda: bool(chain.rpc("eth_chainId"))):
        yield chain


@dataclass(frozen=True)
class Postgres:
    port: int
    server: Server
    _numbers: Iterator[int]

    def url(self) -> str:
        """SQLAlchemy URL of a new, empty database."""
        name = f"fresh_{next(self._numbers)}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://dnft@127.0.0.1:{self.port}/{name}"

    def answers(self) -> bool:
        with psycopg.connect(self._dsn("postgres"), connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)

    def _dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=dnft dbname={database}"


@contextmanager
def postgres(*options: str) -> Iterator[Postgres]:
    """A PostgreSQL cluster without a password, in a folder of its own; `options` are settings like `work_mem=1MB`."""
    binaries = Path(program("postgres")).resolve().parent
    # PostgreSQL refuses to run as root, and another user cannot enter pytest's folders.
    user = _unprivileged() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="dnft-postgres-"))
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        made = subprocess.run(
            [
                *(binaries / "initdb", "-D", folder / "data", "-U", "dnft", "--auth=trust", "--no-sync"),
                *("--encoding=UTF8", "--locale=C.UTF-8"),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )
        if made.returncode != 0:
            raise ServerFailed(f"initdb failed:\n{made.stdout}{made.stderr}")
        port = free_port()
        # A crash of the machine may lose this database; a crash of any of our processes may not.
        quick = ["fsync=off", "full_page_writes=off", "max_connections=200"]
        quiet = ["listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={port}"]
        settings = [word for setting in (*quick, *quiet, *options) for word in ("-c", setting)]
        command: list[str | Path] = [binaries / "postgres", "-D", folder / "data", *settings]
        server = Server("postgres", command, folder, stop_signal=signal.SIGINT, user=user)
        cluster = Postgres(port, server, itertools.count(1))
        with served(server, cluster.answers):
            yield cluster
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServerFailed("running as root, and there is neither a user postgres nor nobody to run PostgreSQL as")


@dataclass(frozen=True)
class Nginx:
    url: str
    folder: Path
    server: Server
    _configuration: Callable[[str], None]

    def reload(self, http: str) -> None:
        """Replace the http block; returns when new connections are answered by the new configuration."""
        self._configuration(http)
        before = self._workers()
        self.server.process.send_signal(signal.SIGHUP)
        self.server.wait(lambda: bool(self._workers()) and not self._workers() & before)

    def stop(self) -> None:
        self.server.stop()

    def _workers(self) -> set[str]:
        children = Path(f"/proc/{self.server.process.pid}/task/{self.server.process.pid}/children")
        return set(children.read_text().split())


@contextmanager
def nginx(folder: Path, http: str) -> Iterator[Nginx]:
    """nginx with `http` as the content of its http block, where `@PORT@` is a free port to listen on and `@FOLDER@` is
    `folder`, for caches and files."""
    port = free_port()
    path = folder / "nginx.conf"

    def configure(text: str) -> None:
        # Workers of a root nginx would become another user, who may not read pytest's folders.
        owner = "user root;\n" if os.geteuid() == 0 else ""
        spools = "".join(
            f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        block = text.replace("@PORT@", str(port)).replace("@FOLDER@", str(folder))
        path.write_text(
            f"{owner}daemon off;\nworker_processes 1;\nerror_log stderr;\npid {folder}/nginx.pid;\n"
            f"events {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\n{spools}{block}\n}}\n"
        )

    configure(http)
    server = Server("nginx", [program("nginx"), "-e", "stderr", "-p", folder, "-c", path], folder)

    def answers() -> bool:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True

    with served(server, answers):
        yield Nginx(f"http://127.0.0.1:{port}", folder, server, configure)


def nginx_cache(upstream: str) -> str:
    """Content of an http block: a cache in front of `upstream` that keeps what its Cache-Control allows and understands
    `PURGE /path`. Plain nginx has no purging (and the module that adds it crashes on nginx from 1.11.6 on): here a
    PURGE becomes an internal GET that must not be answered from the cache, and whose answer replaces the stored one."""
    proxy = f"proxy_pass {upstream}; proxy_cache documents; proxy_cache_key $stored; proxy_cache_lock on;"
    return f"""
    proxy_cache_path @FOLDER@/cache levels=1:2 keys_zone=documents:1m use_temp_path=off;
    server {{
      listen 127.0.0.1:@PORT@;
      set $stored $request_uri;
      error_page 418 = /.purge;
      if ($request_method = PURGE) {{ return 418; }}
      location / {{ {proxy} add_header x-cache $upstream_cache_status always; }}
      location = /.purge {{ internal; rewrite ^ $stored break; {proxy} proxy_cache_bypass 1; }}
    }}"""


@dataclass(frozen=True)
class Kubo:
    api_url: str
    gateway_url: str
    multiaddr: str
    """The API's address as IPFS clients write it."""
    server: Server


@contextmanager
def kubo(folder: Path, *, configure: Mapping[str, str] | None = None) -> Iterator[Kubo]:
    """An IPFS daemon that talks to nobody, with a repository of its own. `configure` is `ipfs config --json` pairs."""
    ipfs, repository = program("kubo"), folder / "repository"
    environment = {"IPFS_PATH": str(repository), "IPFS_TELEMETRY": "off"}

    def run(*arguments: str) -> None:
        done = subprocess.run([ipfs, *arguments], env={**os.environ, **environment}, capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerFailed(f"ipfs {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")

    run("init", "--profile=test,autoconf-off")
    for key, value in (configure or {}).items():
        run("config", "--json", key, value)
    server = Server("kubo", [ipfs, "daemon", "--offline"], folder, environment=environment)

    def answers() -> bool:
        # The daemon writes the addresses it got when it listens on them.
        return (repository / "gateway").is_file() and httpx.post(f"{api_url()}/api/v0/id").status_code == 200

    def api_url() -> str:
        _, _, host, _, port = (repository / "api").read_text().strip().split("/")
        return f"http://{host}:{port}"

    with served(server, answers):
        yield Kubo(
            api_url(), (repository / "gateway").read_text().strip(), (repository / "api").read_text().strip(), server
        )


CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser that reaches loopback only. While it is open, `asyncio.run` does not work in this thread."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program("chromium"), args=CHROMIUM_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()
