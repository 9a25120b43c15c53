"""Server-sent events, parsed in bounded memory as the WHATWG HTML standard says (§9.2 "Interpreting an event stream").

Bytes go in as they arrive, cut anywhere; whole events come out. What follows the last blank line is never an event.
"""

import re
from dataclasses import dataclass
from typing import Final

MAX_EVENT: Final = 65_536
"""Bytes of one event, and of one line."""
_LINE_END: Final = re.compile(rb"[\r\n]")
_BOM: Final = b"\xef\xbb\xbf"


class Oversized(Exception):
    """An event or a line is longer than the limit."""


@dataclass(frozen=True, slots=True)
class SseEvent:
    id: str
    """The last event id of the stream at this event; empty when none was given yet."""
    type: str
    """`message` when the stream names none."""
    data: str


class SseParser:
    """One stream. `retry` fields are ignored: whoever reads decides about reconnecting."""

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._first_line = True
        self._skip_newline = False
        self._data: list[bytes] = []
        self._size = 0
        self._type = ""
        self._id = ""

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that this chunk completes. Raises Oversized; the stream is of no use then."""
        found: list[SseEvent] = []
        self._buffer += chunk
        start = 0
        if self._skip_newline and self._buffer:
            start = int(self._buffer.startswith(b"\n"))
            self._skip_newline = False
        position = max(start, self._searched)
        while end := _LINE_END.search(self._buffer, position):
            line = bytes(self._buffer[start : end.start()])
            start = end.end()
            if end[0] == b"\r":
                # A line ends at the CR at once, so that an event is not held back; a LF that follows belongs to it.
                if start == len(self._buffer):
                    self._skip_newline = True
                elif self._buffer[start] == 0x0A:
                    start += 1
            position = start
            if event := self._line(line):
                found.append(event)
        del self._buffer[:start]
        self._searched = len(self._buffer)
        if self._searched + self._size > self._limit:
            raise Oversized
        return found

    def _line(self, line: bytes) -> SseEvent | None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        if len(line) > self._limit:
            raise Oversized
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._size += len(value) + 1
            if self._size > self._limit:
                raise Oversized
        elif field == b"event":
            self._type = value.decode("utf-8", "replace")
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        return None

    def _dispatch(self) -> SseEvent | None:
        data, kind = self._data, self._type
        self._data, self._size, self._type = [], 0, ""
        if not data:
            return None
        return SseEvent(self._id, kind or "message", b"\n".join(data).decode("utf-8", "replace"))
