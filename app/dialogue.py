"""Words of the agent platform, in our own terms: what is asked, what comes back. Pure values, no wire shapes.

Money is integer micro-USD (1,000,000 = one US dollar).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Role = Literal["system", "user", "assistant"]
Pool = Literal["cheap", "fast-code", "reviewer", "reasoning", "native", "architect"]
"""Model class that is asked for. `native` is an alias: the default of the caller's tier."""

MAX_MESSAGES: Final = 50
MAX_CONTENT: Final = 32_000
"""Characters of one message."""


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str
    """1 to `MAX_CONTENT` characters."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Several models asked at once; passed through to platforms that offer it."""

    strategy: Literal["best_of_n", "consensus", "fallback"]
    models: Sequence[str] = ()
    n: int | None = None
    quorum: int | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One turn, with everything the platform may know. The platform is stateless: `messages` are the whole context."""

    agent: str
    """CAIP-19 id of the token."""
    messages: Sequence[Message]
    key: str
    """Idempotency key, 1..128 printable ASCII characters: the same on every retry of this turn, so that it is charged
    once."""
    pool: Pool = "native"
    holder: str = ""
    """Who asks, as a pseudonym: the platform's limits are per holder. Empty for the service itself."""
    channel: str = ""
    """Conversation, so that the platform's limits are per conversation too. Empty for none."""
    tools: Sequence[str] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """JSON values handed through to the model's side."""
    ensemble: Ensemble | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a turn took, by the platform's word."""

    prompt_tokens: int
    completion_tokens: int
    cost_micro: int
    """Micro-USD, rounded up."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    content: str
    usage: Usage | None
    """None when the platform did not say."""
    model: str = ""
    """Name of the model, as far as the platform tells; else empty."""
    thinking: str = ""
    tool_calls: Sequence[ToolCall] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    ensemble: Mapping[str, Any] | None = None
    """The platform's accounting of an ensemble, as it came; its money fields are not to be trusted."""


@dataclass(frozen=True, slots=True)
class Content:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """More of what the model says to itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is whole. Nothing follows."""

    model: str = ""


Event = Content | Thinking | ToolCall | Usage | Done


@dataclass(frozen=True, slots=True)
class Budget:
    """What the community behind our credentials may still spend this month, in micro-USD."""

    limit_micro: int
    spent_micro: int
    """Spent or reserved."""
    remaining_micro: int
    warning: bool


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the platform answers, part by part."""

    parts: Mapping[str, bool]
    latency_ms: Mapping[str, int]

    @property
    def healthy(self) -> bool:
        return all(self.parts.values())
