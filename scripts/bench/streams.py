"""Readers of event streams: one kept-alive connection each, and the moments at which words arrive. Bytes are read as
they come and hardly looked at, so that the reader costs next to nothing beside what is measured."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from app.errors import Unavailable

_WORD = b"event: content\n"
_DONE = b"event: done\n"


@dataclass(frozen=True, slots=True)
class Heard:
    """One stream. Times in milliseconds."""

    first: float
    """From sending the request to the first word."""
    gaps: tuple[float, ...]
    """Between reads that brought words."""
    events: int


class Reader:
    """One client of one server."""

    def __init__(self, host: str, port: int, headers: Mapping[str, str]) -> None:
        self._host = host
        self._port = port
        self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, path: str, body: Any, **headers: str) -> Heard:
        """POST and read the stream to its end. Raises Unavailable for any other answer than a whole stream."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        assert self._reader is not None
        data = json.dumps(body).encode()
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {self._host}:{self._port}\r\n{self._head}{more}"
            f"accept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
        )
        began = time.perf_counter()
        self._writer.write(head.encode() + data)
        seen, times, events = bytearray(), [], 0
        while not seen.endswith(b"0\r\n\r\n"):
            chunk = await asyncio.wait_for(self._reader.read(65_536), 60)
            if not chunk:
                break
            now = time.perf_counter()
            words = chunk.count(_WORD)
            if words:
                times.append(now)
                events += words
            seen += chunk
        if _DONE not in seen or not times or not seen.startswith(b"HTTP/1.1 200"):
            self.close()
            raise Unavailable(f"{path} gave no whole stream: {bytes(seen[-300:])!r}")
        gaps = tuple((after - before) * 1000 for before, after in pairwise(times))
        return Heard((times[0] - began) * 1000, gaps, events)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._reader = self._writer = None
