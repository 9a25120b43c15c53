"""Runs the stand-in platform on loopback, in one process and one thread."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable

import uvloop

from app.errors import Conflict
from app.standins.platform.asking import MAX_BODY
from app.standins.platform.http import Door
from app.standins.platform.model_voice import ModelVoice
from app.standins.platform.offline_voice import OfflineVoice
from app.standins.platform.options import Options
from app.standins.platform.routes import Platform
from app.standins.platform.speaking import Speaker

_BACKLOG = 1024


def run(
    options: Options,
    *,
    now: Callable[[], float],
    entropy: Callable[[int], bytes],
    on_listening: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP rotates the signing key. Call it from the main thread.

    `now` is Unix seconds of the real clock (tokens and signing keys depend on it), `entropy` gives that many random
    bytes. `on_listening` gets the URL once requests are answered; by default it is printed as one line. Raises
    Conflict when the port is taken.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(options, now, entropy, on_listening or _print_url))


def speaker_for(options: Options) -> Speaker:
    """A language model where one is named, else the offline voice."""
    if options.model_url:
        return ModelVoice(options.model_url, options.model_key, options.model)
    return OfflineVoice(options.first_ms, options.piece_ms)


async def _serve(
    options: Options, now: Callable[[], float], entropy: Callable[[int], bytes], on_listening: Callable[[str], None]
) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    platform = Platform(options, speaker_for(options), now=now, entropy=entropy)
    door = Door(platform, MAX_BODY)
    try:
        server = await loop.create_server(door.connection, options.host, options.port, backlog=_BACKLOG)
    except OSError as error:
        raise Conflict(
            f"Port {options.port} on {options.host} can't be used: {error.strerror}.",
            hint="Stop the program that has it, or choose another port (0 takes a free one).",
        ) from error
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGHUP, platform.keys.rotate)
    try:
        host, port = server.sockets[0].getsockname()[:2]
        on_listening(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        await ended.wait()
    finally:
        server.close()
        await door.close()
        await platform.gateway.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 1)


def _print_url(url: str) -> None:
    sys.stdout.write(f"platform listening on {url}\n")
    sys.stdout.flush()
