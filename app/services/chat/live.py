"""A reply while this process writes it: what was told so far, and those who listen.

Readers get an event only after it was recorded. A reader who leaves changes nothing; one who comes back gets what it
has not had.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from app.dialogue import Content, Thinking, ToolCall
from app.services.chat.transcripts import Told, merge

Record = Callable[[Sequence[Told]], Awaitable[None]]
"""Stores events; returns when they are safe."""


class Live:
    """One reply. `reply` and `user` are the numbers of its message and of the one it answers."""

    def __init__(self, conversation_id: str, message_id: int, user: int, reply: int, record: Record) -> None:
        self.conversation_id = conversation_id
        self.message_id = message_id
        self.user = user
        self.reply = reply
        self.told: list[Told] = []
        self.finished = asyncio.Event()
        self.cancelled = False
        """Whether somebody asked for the end."""
        self.task: asyncio.Task[None] | None = None
        self._record = record
        self._pending: list[Content | Thinking | ToolCall] = []
        self._drain: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    # --- writing

    def say(self, event: Content | Thinking | ToolCall) -> None:
        """Take an event in. It is recorded with those that come before the recorder is free again."""
        self._pending.append(event)
        if self._drain is None or self._drain.done():
            if self._drain is not None and not self._drain.cancelled():
                self._drain.result()  # what could not be recorded must not be followed by more
            self._drain = asyncio.get_running_loop().create_task(self._drain_all())

    async def settle(self) -> None:
        """Until everything taken in is recorded and told. Raises what recording raised."""
        if self._drain is not None:
            await self._drain

    async def _drain_all(self) -> None:
        while self._pending:
            batch, self._pending = self._pending, []
            told = merge(batch, len(self.told))
            if told:
                await self._record(told)
                self._tell(told)

    def end(self, last: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Tell the last events, which are in the message's row already."""
        seq = len(self.told)
        self._tell([Told(seq + at, event, data) for at, (event, data) in enumerate(last, 1)])
        self.finished.set()
        self._wake()

    def _tell(self, told: Sequence[Told]) -> None:
        self.told += told
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    # --- listening

    async def follow(self, after: int = 0) -> AsyncGenerator[Told, None]:
        """Every event after event `after`, until the last."""
        while True:
            while after < len(self.told):
                after += 1
                yield self.told[after - 1]
            if self.finished.is_set():
                return
            news = self._news
            if after < len(self.told):
                continue
            await news.wait()

    def cancel(self) -> None:
        """End it as soon as can be; what was told stays."""
        self.cancelled = True
        if self.task is not None and not self.finished.is_set():
            self.task.cancel()
