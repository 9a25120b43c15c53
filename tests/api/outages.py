"""Ways a database can be away, made on purpose and undone again."""

import fcntl
import os
import pwd
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from app.bootstrap import World
from tests.parts import Postgres
from tests.servers import Server, descendants


@contextmanager
def stopped(cluster: Postgres) -> Iterator[None]:
    """PostgreSQL shut down, and started again on the same data at the end."""
    command, folder = cluster.server.process.args, cluster.server.log.parent
    assert isinstance(command, list)
    cluster.server.stop()
    try:
        yield
    finally:
        owner = pwd.getpwuid(folder.stat().st_uid) if os.geteuid() == 0 else None
        again = Server("postgres", command, folder, stop_signal=signal.SIGINT, user=owner)
        object.__setattr__(cluster, "server", again)  # so that the cluster's own end stops this one
        again.wait(cluster.answers)


@contextmanager
def frozen(cluster: Postgres) -> Iterator[None]:
    """PostgreSQL that keeps its connections and answers nothing: an overloaded or swapping host."""
    processes = [cluster.server.process.pid, *descendants(cluster.server.process.pid)]
    _signal(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(processes, signal.SIGCONT)


def _signal(processes: list[int], number: signal.Signals) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):  # a connection's own process, gone with its connection
            os.kill(pid, number)


@contextmanager
def locked(world: World) -> Iterator[None]:
    """SQLite under a foreign lock. A file cannot be "down", and moving it away does not disturb who has it open; a
    stray backup tool or network file system that holds the read locks of the WAL index (bytes 120 to 127) does."""
    with open(f"{world.database.url.database}-shm", "r+b") as index:
        fcntl.lockf(index, fcntl.LOCK_EX, 8, 120)
        try:
            yield
        finally:
            fcntl.lockf(index, fcntl.LOCK_UN, 8, 120)
