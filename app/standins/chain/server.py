"""Runs the embedded chain: a ledger behind HTTP, on loopback only.

Requests may come in parallel; the chain answers one after the other in a thread of its own.
"""

import ipaddress
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Self

from app.errors import ConfigurationError, Conflict
from app.standins.chain.fork import DEV_ACCOUNTS
from app.standins.chain.http import Handler, HttpServer
from app.standins.chain.ledger import Ledger
from app.standins.chain.rpc import Rpc

_EVM_STACK = 512 * 1024 * 1024
"""Bytes of address space for the thread that runs py-evm: 1,024 nested calls are deep Python recursion."""


class ChainServer:
    """The chain in `data` behind HTTP on a loopback port; `with` starts and ends it. Raises Conflict for a taken port
    or folder, ConfigurationError for a host that is not loopback or a folder that is not a chain's."""

    def __init__(
        self,
        data: Path,
        port: int,
        *,
        now: Callable[[], int],
        host: str = "127.0.0.1",
        chain_id: int = 31337,
        accounts: Sequence[str] = DEV_ACCOUNTS,
    ) -> None:
        if not (host == "localhost" or _is_loopback(host)):
            raise ConfigurationError([f"the embedded chain serves loopback only, not {host}"])
        self._http = _listen(host, port)
        self._evm = _single_thread()
        try:
            # SQLite and py-evm are used from this one thread only.
            self._ledger = self._evm.submit(Ledger, data, now=now, chain_id=chain_id, accounts=accounts).result()
        except BaseException:
            self._http.server_close()
            self._evm.shutdown()
            raise
        rpc = Rpc(self._ledger)
        self._http.answer = lambda body: self._evm.submit(rpc.answer, body).result()
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._http.server_port}"
        self._accepting = threading.Thread(target=self._http.serve_forever, name="chain-http", daemon=True)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._evm.submit(self._ledger.close)  # after what is being executed
        self._evm.shutdown()


def run(
    data: Path,
    port: int,
    *,
    now: Callable[[], int],
    host: str = "127.0.0.1",
    chain_id: int = 31337,
    accounts: Sequence[str] = DEV_ACCOUNTS,
    on_listening: Callable[[str], None] | None = None,
) -> None:
    """Serve the chain in folder `data` until SIGINT or SIGTERM. Call it from the main thread.

    `now` is the calendar in Unix seconds, the base of block timestamps. Port 0 takes a free one. `on_listening` gets
    the URL once requests are answered; by default it is printed as one line. `accounts` are the EIP-55 addresses that
    get 10,000 ETH each at genesis. Raises as ChainServer does.
    """
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with ChainServer(data, port, now=now, host=host, chain_id=chain_id, accounts=accounts) as server:
            (on_listening or _print_url)(server.url)
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_url(url: str) -> None:
    sys.stdout.write(f"chain listening on {url}\n")
    sys.stdout.flush()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> HttpServer:
    try:
        return HttpServer((host, port), Handler)
    except OSError as error:
        raise Conflict(
            f"Port {port} on {host} can't be used: {error.strerror}.",
            hint="Stop the program that has it, or choose another port (0 takes a free one).",
        ) from error


def _single_thread() -> ThreadPoolExecutor:
    before = threading.stack_size(_EVM_STACK)
    try:
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chain-evm")
        executor.submit(int).result()  # starts the thread while the stack size holds
    finally:
        threading.stack_size(before)
    return executor
