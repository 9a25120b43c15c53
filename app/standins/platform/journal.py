"""The last requests, for developers who want to see what their client sent."""

import json
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from app.standins.platform.http import Request, headers_without

CREDENTIALS: Final = ("authorization", "proxy-authorization", "cookie", "x-api-key", "api-key")


@dataclass(slots=True)
class Entry:
    request: Request
    at: float
    status: int | None = None
    """None while it is being answered, or when the connection was dropped before."""

    def shown(self, number: int) -> dict[str, Any]:
        return {
            "number": number,
            "at": self.at,
            "method": self.request.method,
            "path": self.request.path,
            "query": self.request.query,
            "headers": headers_without(self.request.headers, CREDENTIALS),
            "body": _body(self.request),
            "status": self.status,
        }


class Journal:
    """Keeps the last `most` requests, without their credentials when shown."""

    def __init__(self, most: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=most)
        self._count = 0

    def add(self, request: Request, at: float) -> Entry:
        self._count += 1
        entry = Entry(request, at)
        self._entries.append(entry)
        return entry

    def shown(self, last: int | None = None) -> list[dict[str, Any]]:
        """Oldest first."""
        first = self._count - len(self._entries) + 1
        every = [entry.shown(first + index) for index, entry in enumerate(self._entries)]
        return every if last is None else every[-last:] if last else []

    def clear(self) -> None:
        self._entries.clear()


def _body(request: Request) -> Any:
    """Parsed when it is JSON, else as text; None without one."""
    if not request.body:
        return None
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return request.body.decode("utf-8", "replace")
