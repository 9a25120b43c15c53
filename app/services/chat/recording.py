"""Pieces of replies go into the database before they go to anybody: what a reader has seen is in the transcript, even
when the process is killed in the next instant.

One transaction carries the pieces of every reply that has some at that moment; while it runs, the next gather. So a
first piece waits for nothing, and two hundred replies cost little more than one.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

import anyio.to_thread
import structlog
from anyio import CapacityLimiter

from app.db.database import Database
from app.errors import DatabaseUnavailable
from app.provenance.sealing import Box

log = structlog.get_logger("chat")

_TRIES: Final = 4
_PAUSE: Final = 0.25
Result = TypeVar("Result")


class Threads:
    """Runs what blocks away from the event loop, so many at a time."""

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._limiters: dict[asyncio.AbstractEventLoop, CapacityLimiter] = {}

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        loop = asyncio.get_running_loop()
        if loop not in self._limiters:
            self._limiters = {each: limiter for each, limiter in self._limiters.items() if not each.is_closed()}
            self._limiters[loop] = CapacityLimiter(self._lanes)
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._limiters[loop])


class Piece(NamedTuple):
    message_id: int
    seq: int
    project_id: int
    box: Box
    text: str


class Recorder:
    """For one event loop at a time."""

    def __init__(self, database: Database, threads: Threads) -> None:
        self._database = database
        self._threads = threads
        self._waiting: list[Piece] = []
        self._batch: asyncio.Future[None] | None = None
        self._writer: asyncio.Task[None] | None = None

    async def append(self, piece: Piece) -> None:
        """Returns when the piece is stored. Raises DatabaseUnavailable when it cannot be."""
        loop = asyncio.get_running_loop()
        self._waiting.append(piece)
        if self._batch is None or self._batch.get_loop() is not loop:
            self._batch = loop.create_future()
        batch = self._batch
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write_all())
        await asyncio.shield(batch)

    async def _write_all(self) -> None:
        while self._waiting:
            pieces, self._waiting = self._waiting, []
            batch, self._batch = self._batch, None
            assert batch is not None, "whoever waits made a future"
            try:
                await self._store(pieces)
            except Exception as error:
                batch.set_exception(error)
                batch.exception()  # seen: a reply may have ended meanwhile, and nobody waits
            else:
                batch.set_result(None)

    async def _store(self, pieces: list[Piece]) -> None:
        for left in range(_TRIES - 1, -1, -1):
            try:
                await self._threads.run(self._write, pieces)
                return
            except DatabaseUnavailable:
                if not left:
                    raise
                log.warning("pieces wait for the database", pieces=len(pieces))
                await asyncio.sleep(_PAUSE)

    def _write(self, pieces: list[Piece]) -> None:
        rows = [
            {
                "message_id": piece.message_id,
                "seq": piece.seq,
                "project_id": piece.project_id,
                "body": piece.box.seal(piece.text),
            }
            for piece in pieces
        ]
        with self._database.write_soon() as unit:
            unit.chats.add_pieces(rows)
