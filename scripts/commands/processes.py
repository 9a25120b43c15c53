"""Commands that stay: the web server, the worker, the embedded chain."""

import signal
import socket
import threading
from pathlib import Path
from typing import Annotated

import typer
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server as Granian

from app.adapters.clocks import ShiftedClock
from app.bootstrap import SystemClock, World
from app.db.migrate import migrate
from app.errors import Conflict, Forbidden
from app.logs import configure
from app.settings import load
from scripts.output import command, progress, show_pairs


@command(show_pairs)
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes.")] = None,
) -> None:
    """Serve metadata, images and pages."""
    settings = load(host=host, port=port, workers=workers)
    configure(settings.log_level, settings.log_format)
    world = World(settings)
    migrate(world.database)
    world.erasing.apply_tombstones()  # the database may come from a backup that is older than an erasure
    world.keyring.verifying()  # a wrong or missing secret shows here, and not to the first who signs in
    world.vault  # noqa: B018  the same, for the first who talks
    world.database.close()
    require_free(settings.host, settings.port)
    Granian(
        "app.main:server",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,
        workers=settings.workers,
        runtime_threads=1,
        loop=Loops.uvloop,
        websockets=False,
        factory=True,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


@command(show_pairs)
def worker() -> None:
    """Run durable work: deployments, births, commits, mints; follow the chains."""
    from app.workflows.worker import Worker

    settings = load()
    configure(settings.log_level, settings.log_format)
    world = World(settings)
    migrate(world.database)
    world.erasing.apply_tombstones()
    runner = Worker(world)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    runner.start()
    progress.print(f"worker ready ({runner.executor_id})")
    stopping.wait()
    runner.stop()


@command(show_pairs)
def chain(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8545,
    data: Annotated[Path | None, typer.Option(help="Folder of the chain; default: chain/ in the data folder.")] = None,
) -> None:
    """Serve the embedded chain (JSON-RPC on loopback), for developers and the demo."""
    from app.standins.chain.server import run

    settings = load()
    if settings.env == "production":
        raise Forbidden("The embedded chain does not run in production.", hint="Set DNFT_RPC_URLS to a real node.")
    calendar = ShiftedClock(SystemClock(), settings.data / "calendar")
    run(data or settings.data / "chain", port, now=lambda: int(calendar.now().timestamp()))


def require_free(host: str, port: int) -> None:
    """Conflict, with what to do, when something listens there already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Conflict(
                f"Port {port} on {host} cannot be taken: {error.strerror}.",
                hint="Stop what uses it, or choose another with --port.",
            ) from None
