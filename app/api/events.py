"""Server-sent events: frames with ids that a client can come back with, and a sign of life while nothing is said.

id: {number of the reply}.{seq}
event: message | content | thinking | tool_call | usage | error | done
data: JSON
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any, Final

from starlette.responses import StreamingResponse
from starlette.types import Send

from app.errors import DnftError, problem
from app.services.chat.transcripts import Told

HEARTBEAT_SECONDS: Final = 15.0
KEEPALIVE: Final = b": keepalive\n\n"
_LAST_ID: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})", re.ASCII)


def frame(number: int, seq: int, event: str, data: Mapping[str, Any]) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {number}.{seq}\nevent: {event}\ndata: {text}\n\n".encode("utf-8", "replace")


def after(last_event_id: str | None, number: int) -> int:
    """The seq to go on after; 0 for no id, one that cannot be read, and one of another reply."""
    match = _LAST_ID.fullmatch(last_event_id.strip()) if last_event_id else None
    return int(match[2]) if match is not None and int(match[1]) == number else 0


async def frames(events: AsyncGenerator[Told, None], number: int, *, first: bytes = b"") -> AsyncGenerator[bytes, None]:
    """The frames of a reply. What fails midway is an `error` event. Closing it leaves the reply alone."""
    if first:
        yield first
    seq = 0
    try:
        async with aclosing(beating(events)) as beats:
            async for told in beats:
                if told is None:
                    yield KEEPALIVE
                else:
                    seq = told.seq
                    yield frame(number, told.seq, told.event, told.data)
    except DnftError as error:
        yield frame(number, seq, "error", problem(error))


async def beating(events: AsyncGenerator[Told, None]) -> AsyncGenerator[Told | None, None]:
    """The events, and None whenever nothing came for a while."""
    coming: asyncio.Task[Told] | None = None
    async with aclosing(events):
        try:
            while True:
                coming = coming or asyncio.ensure_future(anext(events))
                done, _ = await asyncio.wait({coming}, timeout=HEARTBEAT_SECONDS)
                if not done:
                    yield None
                    continue
                arrived, coming = coming, None
                try:
                    told = arrived.result()
                except StopAsyncIteration:
                    return
                yield told
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.wait({coming})


class EventStream(StreamingResponse):
    """Not kept by caches, not held back by proxies."""

    def __init__(self, content: AsyncGenerator[bytes, None]) -> None:
        super().__init__(
            content,
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no", "x-content-type-options": "nosniff"},
        )
        self._content = content

    async def stream_response(self, send: Send) -> None:
        """A reader who left is no error: the reply goes on without them."""
        async with aclosing(self._content):
            with suppress(OSError):
                await super().stream_response(send)
