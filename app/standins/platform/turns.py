"""Turns: one answer being written, kept as events so that several listeners, now or later, get the same.

Event ids are dense from 1. A turn keeps its newest events; who asks for older ones has lost it.
"""

import asyncio
import contextlib
import json
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.standins.platform.budgets import Account
from app.standins.platform.refusals import Refusal, resume_lost, to_json
from app.standins.platform.speaking import Call, Piece, Thought
from app.standins.platform.tiers import tokens_in

_MOST_TEXT: Final = 10_000
"""Characters of one event. An event has at most 64 KB, and a character at most six bytes."""


@dataclass(frozen=True, slots=True)
class Event:
    number: int
    name: str
    data: Any

    def frame(self, server_id: str) -> bytes:
        """As it goes over the wire (WHATWG HTML §9.2)."""
        return frame(f"{server_id}:{self.number}" if server_id else str(self.number), self.name, to_json(self.data))


def frame(event_id: str, name: str, data: bytes) -> bytes:
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (event_id.encode(), name.encode(), data)


@dataclass(slots=True)
class Said:
    """All that was said in a turn so far."""

    text: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        texts = (*self.text, *self.thoughts, *(call.arguments for call in self.calls))
        return tokens_in(sum(len(text) for text in texts))


class Turn:
    def __init__(self, most_events: int) -> None:
        self._events: deque[Event] = deque(maxlen=most_events)
        self._waiting: list[asyncio.Future[None]] = []
        self.last = 0
        """Number of the newest event."""
        self.said = Said()
        self.usage: dict[str, Any] = {}
        self.finished = False
        self.failure: Refusal | None = None
        """Why it ended before `done`."""
        self.listeners = 0
        self.task: asyncio.Task[None] | None = None
        """Writes it."""

    def add(self, piece: Piece) -> None:
        """Take in what the speaker said."""
        if isinstance(piece, str):
            self.said.text.append(piece)
            self._add_text("content", piece)
        elif isinstance(piece, Thought):
            self.said.thoughts.append(piece.text)
            self._add_text("thinking", piece.text)
        else:
            self.said.calls.append(piece)
            self._emit("tool_call", {"name": piece.name, "args": _arguments(piece)})

    def complete(self, usage: dict[str, Any]) -> None:
        self.usage = usage
        self._emit("usage", usage)
        self._emit("done", None)
        self._finish()

    def fail(self, failure: Refusal) -> None:
        self.failure = failure
        self._finish()

    def after(self, number: int) -> Sequence[Event]:
        """Events that follow event `number`. Raises 409 when some of them are gone, or `number` is yet to come."""
        if number > self.last or (number < self.last and number + 1 < self._events[0].number):
            raise resume_lost()
        missing = self.last - number
        return [self._events[index] for index in range(len(self._events) - missing, len(self._events))]

    async def news(self, number: int, seconds: float) -> bool:
        """Wait until there is more than event `number`, or the end; False after `seconds` without either."""
        if self.last > number or self.finished:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await waiter
        if waiter in self._waiting:  # both may have come at once
            self._waiting.remove(waiter)
        return self.last > number or self.finished

    def _add_text(self, name: str, text: str) -> None:
        for start in range(0, len(text), _MOST_TEXT):
            self._emit(name, {"text": text[start : start + _MOST_TEXT]})

    def _emit(self, name: str, data: Any) -> None:
        self.last += 1
        self._events.append(Event(self.last, name, data))
        self._wake()

    def _finish(self) -> None:
        self.finished = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)


class TurnBook:
    """The newest turns by account, at most `most`. A key asked again without resuming starts a new turn."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._turns: OrderedDict[Account, Turn] = OrderedDict()

    def put(self, account: Account, turn: Turn) -> None:
        self._turns[account] = turn
        self._turns.move_to_end(account)
        while len(self._turns) > self._most:
            self._turns.popitem(last=False)

    def get(self, account: Account) -> Turn | None:
        return self._turns.get(account)

    def drop(self, account: Account, turn: Turn) -> None:
        if self._turns.get(account) is turn:
            del self._turns[account]


def last_event_number(header: str, server_id: str) -> int:
    """The number in a Last-Event-ID, `n` or `server:n`; 0 for what is neither, or is another server's."""
    server, colon, number = header.rpartition(":")
    if colon and server != server_id:
        return 0
    return int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0


def _arguments(call: Call) -> Any:
    """The arguments as an object; what a model wrote may be none."""
    try:
        value = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
