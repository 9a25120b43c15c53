"""The seam behind the gateway: something that answers."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.standins.platform.asking import Message


@dataclass(frozen=True, slots=True)
class Ask:
    """What a speaker gets: the whole context, every time."""

    agent: str
    messages: Sequence[Message]
    pool: str
    tools: Sequence[str]
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Thought:
    """What the model says to itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool the model wants called."""

    id: str
    name: str
    arguments: str
    """JSON text of an object."""


Piece = str | Thought | Call


class SpeakerFailed(Exception):
    """No answer, or no more of it. `status` is what the gateway passes on; `message` is for the developer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Speaker(Protocol):
    name: str
    """Of the model."""

    def speak(self, ask: Ask) -> AsyncIterator[Piece]:
        """The answer in pieces, as it is written. Raises SpeakerFailed, also midway."""

    async def healthy(self) -> bool: ...

    async def close(self) -> None: ...
