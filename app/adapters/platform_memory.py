"""AgentPlatform in memory: a speaker answers, and everything around it (keys, limits, budget, resumption, failures) is
as the port promises. For tests and for running without a network; it tells what it was asked.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from typing import Literal, get_args

from app.adapters.platform_wire import check, encode, events_of
from app.dialogue import Ask, Budget, Content, Event, Health, Pool, Reply, Usage
from app.errors import (
    BudgetExhausted,
    DnftError,
    PlatformDenied,
    PlatformLimited,
    PlatformRefused,
    PlatformUnavailable,
    ResumeLost,
    StreamBroken,
)

Speaker = Callable[[Ask], str | Reply]
"""Answers an ask: the same ask, the same answer. A text is metered by its length; a Reply says its own usage."""
Policy = Literal["community", "user", "channel"]
_WORDS = re.compile(r"\s*\S+\s*")


def echo(ask: Ask) -> str:
    """The simplest speaker: says what was said last."""
    return f"You said: {ask.messages[-1].content}"


@dataclass(frozen=True, slots=True)
class MemoryOptions:
    pools: Sequence[Pool] = get_args(Pool)
    limits: Mapping[Policy, int] = field(default_factory=dict)
    """Asks a minute; a policy that is not named has no limit."""
    budget_micro: int = 1_000_000
    administrator: bool = True
    """Whether the budget may be seen."""
    price: int = 2
    """Micro-USD a token."""
    words: int = 3
    """Words in one Content event."""
    pause: float = 0.0
    """Seconds before each event of a stream."""
    name: str = "memory"


@dataclass(slots=True)
class _Turn:
    body: bytes
    events: tuple[Event, ...]
    reply: Reply
    charged: bool = False


class MemoryPlatform:
    """For many threads. `asked`, `spoken` and `cancelled` are for whoever wants to know; `fail`, `break_after`,
    `forget` and `down` make trouble."""

    def __init__(
        self,
        speaker: Speaker = echo,
        options: MemoryOptions | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = options or MemoryOptions()
        self.name = self._options.name
        self.down = False
        """While true, everything raises PlatformUnavailable."""
        self.asked: list[Ask] = []
        """Every ask that arrived, repetitions too."""
        self.spoken = 0
        """How often the speaker was asked."""
        self.cancelled: list[str] = []
        """Keys of the streams that were closed before their end."""
        self._speaker = speaker
        self._monotonic = monotonic
        self._spent = 0
        self._turns: dict[str, _Turn] = {}
        self._hits: dict[tuple[str, str], deque[float]] = {}
        self._failures: deque[DnftError] = deque()
        self._breaks: deque[int] = deque()
        self._lock = Lock()

    # --- trouble

    def fail(self, error: DnftError, times: int = 1) -> None:
        """The next asks raise this."""
        self._failures.extend([error] * times)

    def break_after(self, events: int, times: int = 1) -> None:
        """The next streams break off after so many events."""
        self._breaks.extend([events] * times)

    def forget(self, key: str | None = None) -> None:
        """Streams of this key (of every key) cannot be resumed any more."""
        with self._lock:
            for known in [key] if key is not None else list(self._turns):
                self._turns.pop(known, None)

    # --- the port

    def invoke(self, ask: Ask) -> Reply:
        turn = self._admit(ask)
        self._charge(turn)
        return turn.reply

    async def stream(self, ask: Ask, *, after: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        turn = self._admit(ask, after)
        first = int(after) if after else 0
        whole = len(turn.events)
        stop = min(first + self._breaks.popleft(), whole) if self._breaks else whole
        last, done = after or "", False
        try:
            for number, event in enumerate(turn.events[first:stop], first + 1):
                await asyncio.sleep(self._options.pause)
                if self.down:
                    stop = number - 1
                    break
                if isinstance(event, Usage):
                    self._charge(turn)
                last, done = str(number), number == whole
                yield last, event
            done = True
        finally:
            if not done:
                self.cancelled.append(ask.key)
        if stop < whole:
            raise StreamBroken("The answer broke off, as it was told to.", last_id=last)

    def models(self) -> Sequence[str]:
        self._answer()
        return tuple(self._options.pools)

    def budget(self) -> Budget | None:
        self._answer()
        if not self._options.administrator:
            return None
        limit, spent = self._options.budget_micro, self._spent
        return Budget(limit, spent, max(limit - spent, 0), spent * 100 >= limit * 80)

    def health(self) -> Health:
        self._answer()
        return Health({"memory": True}, {"memory": 0})

    # --- inside

    def _answer(self) -> None:
        if self.down:
            raise PlatformUnavailable("The platform in memory is switched off.")

    def _admit(self, ask: Ask, after: str | None = None) -> _Turn:
        check(ask)
        body = encode({"agent": ask.agent, "messages": [[message.role, message.content] for message in ask.messages]})
        self._answer()
        with self._lock:
            self.asked.append(ask)
            if self._failures:
                raise self._failures.popleft()
            if ask.pool not in self._options.pools:
                raise PlatformDenied(f"The pool {ask.pool} is not open to these credentials.")
            self._limit("community", "")
            self._limit("user", ask.holder)
            self._limit("channel", ask.channel)
            turn = self._turns.get(ask.key)
            if turn is not None and turn.body != body:
                raise PlatformRefused("This key belongs to another ask.", hint="Use a new key.")
            if after:
                # `isdecimal` knows digits beyond ASCII, which int() takes too; ids of ours are ASCII.
                if turn is None or not (after.isascii() and after.isdecimal() and int(after) < len(turn.events)):
                    raise ResumeLost("There is no such answer to go on with.", hint="Ask again under a new key.")
                return turn
            if not (turn and turn.charged) and self._spent >= self._options.budget_micro:
                raise BudgetExhausted("The budget of the platform in memory is spent.")
        if turn is None:
            turn = self._speak(ask, body)
            with self._lock:
                turn = self._turns.setdefault(ask.key, turn)
        return turn

    def _limit(self, policy: Policy, who: str) -> None:
        """A sliding window of a minute; nobody in particular is not limited."""
        most = self._options.limits.get(policy)
        if most is None or (policy != "community" and not who):
            return
        now = self._monotonic()
        hits = self._hits.setdefault((policy, who), deque())
        while hits and hits[0] <= now - 60:
            hits.popleft()
        if len(hits) >= most:
            wait = ceil(hits[0] + 60 - now) if hits else 60
            raise PlatformLimited(f"More than {most} asks in a minute.", policy=policy, retry_after=wait)
        hits.append(now)

    def _speak(self, ask: Ask, body: bytes) -> _Turn:
        self.spoken += 1
        said = self._speaker(ask)
        if isinstance(said, str):
            prompt = sum(_tokens(message.content) for message in ask.messages)
            completion = _tokens(said)
            said = Reply(said, Usage(prompt, completion, (prompt + completion) * self._options.price), model="memory")
        events: list[Event] = []
        for event in events_of(said):
            if isinstance(event, Content):
                words = _WORDS.findall(event.text) or [event.text]
                size = self._options.words
                events += [Content("".join(words[at : at + size])) for at in range(0, len(words), size)]
            else:
                events.append(event)
        return _Turn(body, tuple(events), said)

    def _charge(self, turn: _Turn) -> None:
        """A key is charged once, whatever is repeated."""
        with self._lock:
            if not turn.charged and turn.reply.usage is not None:
                self._spent += turn.reply.usage.cost_micro
            turn.charged = True


def _tokens(text: str) -> int:
    return -(-len(text) // 4)
