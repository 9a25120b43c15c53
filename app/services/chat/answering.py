"""The middle of a turn: the platform is asked until its answer is whole. Broken off, it is asked to go on under the
same key; only when it has lost the answer, under a new one, once."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from app.dialogue import Content, Done, ToolCall, Usage
from app.errors import ResumeLost, StreamBroken
from app.ports import AgentPlatform
from app.services.chat.begun import Begun, again
from app.services.chat.finishing import Finishing, Outcome, Spending
from app.services.chat.live import Live
from app.services.chat.recording import Threads
from app.services.chat.transcripts import text_of

RESUMES: Final = 4
"""How often a broken answer is taken up again."""
_PAUSE: Final = 0.2
"""Seconds before the first of these; each further one waits as long again."""


@dataclass(slots=True)
class _Answer:
    """What has come so far of one attempt's answer."""

    after: str | None = None
    usage: Usage | None = None
    model: str = ""
    joint: "_Joint | None" = None


class Answering:
    def __init__(self, platform: AgentPlatform, finishing: Finishing, threads: Threads) -> None:
        self._platform = platform
        self._finishing = finishing
        self._threads = threads

    async def ask(self, begun: Begun, live: Live, outcome: Outcome, spending: Spending) -> None:
        """Until the answer is whole; raises what it fails with."""
        spending.begin(begun.ask.key)
        answer = _Answer()
        breaks = attempt = 1
        while True:
            try:
                await self._hear(begun, live, answer)
                break
            except ResumeLost:
                lost = True
            except StreamBroken:
                lost = answer.after is None and bool(live.told)
                breaks += 1
                if breaks > RESUMES + 1:
                    raise
            finally:
                outcome.model = answer.model or outcome.model
                spending.took(answer.usage)
            if answer.usage is not None:
                break  # usage comes after the last word
            if lost:
                if attempt == 2:
                    raise StreamBroken("The answer broke off, and the platform has lost it.", hint="Write it anew.")
                attempt += 1
                await live.settle()
                said = text_of(live.told)
                begun = again(begun, said, attempt)
                await self._threads.run(self._finishing.renew, begun, spending, len(said))
                answer = _Answer(joint=_Joint(said))
            else:
                await asyncio.sleep(_PAUSE * (breaks - 1))
        await live.settle()

    async def _hear(self, begun: Begun, live: Live, answer: _Answer) -> None:
        async with aclosing(self._platform.stream(begun.ask, after=answer.after)) as events:
            async for event_id, event in events:
                if isinstance(event, Usage):
                    answer.usage = event
                elif isinstance(event, Done):
                    answer.model = event.model
                elif isinstance(event, Content) and answer.joint is not None:
                    fresh = answer.joint.feed(event.text)
                    if fresh:
                        live.say(Content(fresh))
                elif isinstance(event, ToolCall) or event.text:
                    live.say(event)
                answer.after = event_id or answer.after


@dataclass(slots=True)
class _Joint:
    """Joins an answer that was begun anew to what was told of the lost one: what it repeats is not told twice."""

    said: str
    held: str = ""
    open: bool = field(default=False)

    def feed(self, text: str) -> str:
        if self.open:
            return text
        self.held += text
        if self.said.startswith(self.held) and self.held != self.said:
            return ""
        self.open = True
        return self.held.removeprefix(self.said) if self.said else self.held
