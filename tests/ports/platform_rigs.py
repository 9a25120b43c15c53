"""Platforms for the behaviour suite, each with the way to make it behave."""

import json
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from app.adapters.platform_auth import ApiKey
from app.adapters.platform_clients import HttpOptions, Timeouts
from app.adapters.platform_gateway import GatewayOptions, GatewayPlatform
from app.adapters.platform_memory import MemoryPlatform
from app.adapters.platform_openai import OpenAiOptions, OpenAiPlatform
from app.adapters.platform_openai_answers import Price
from app.adapters.platform_retry import RetryOptions
from app.dialogue import Ask, Message, Reply, ToolCall, Usage
from app.errors import BudgetExhausted, DnftError, PlatformDenied, PlatformLimited, PlatformRefused, PlatformUnavailable
from app.ports import AgentPlatform
from tests.adapters.wire import CLOCK, Request, Step, Wire, frame, half, reply, sse

AGENT = "eip155:1/erc721:0x00000000000000000000000000000000000000Ab/7"
WORDS = "The tide is low, and the lamp is lit."
Trouble = Literal["", "down", "limited", "spent", "denied", "refused", "breaks", "lost"]
ERRORS: dict[Trouble, type[DnftError]] = {
    "down": PlatformUnavailable,
    "limited": PlatformLimited,
    "spent": BudgetExhausted,
    "denied": PlatformDenied,
    "refused": PlatformRefused,
}


def ask(key: str = "turn-1", **changes: Any) -> Ask:
    messages = [Message("system", "You are a lighthouse."), Message("user", "Is the lamp lit?")]
    return replace(Ask(AGENT, messages, key), **changes)


def as_promised(platform: MemoryPlatform | GatewayPlatform | OpenAiPlatform) -> AgentPlatform:
    """The platform as the port has it; the type checker agrees to every adapter here."""
    return platform


class Rig(Protocol):
    """A platform and the way to make it behave."""

    platform: Any
    """Whatever it can, besides what the port promises."""
    resumes: bool
    trouble: Trouble

    @property
    def keys(self) -> list[str]:
        """Of the asks that arrived, in order."""


# --- memory


class MemoryRig:
    resumes = True

    def __init__(self) -> None:
        self.platform = MemoryPlatform(self._speak)

    def _speak(self, asked: Ask) -> Reply:
        return Reply(WORDS, Usage(20, 9, 124), "memory", tool_calls=[ToolCall("look", {"far": 1.5})])

    @property
    def keys(self) -> list[str]:
        return [asked.key for asked in self.platform.asked]

    @property
    def trouble(self) -> Trouble:
        raise AttributeError

    @trouble.setter
    def trouble(self, trouble: Trouble) -> None:
        errors: dict[Trouble, DnftError] = {
            "limited": PlatformLimited("Too many.", policy="user", retry_after=17),
            "spent": BudgetExhausted("Spent."),
            "denied": PlatformDenied("No."),
            "refused": PlatformRefused("What?"),
        }
        self.platform.down = trouble == "down"
        if trouble in errors:
            self.platform.fail(errors[trouble], 10)
        if trouble == "breaks":
            self.platform.break_after(2)
        if trouble == "lost":
            self.platform.forget()


# --- over HTTP


@dataclass
class WireRig:
    wire: Wire
    platform: Any = None
    trouble: Trouble = ""
    resumes: bool = True
    key_field: str = "x-idempotency-key"

    def __post_init__(self) -> None:
        self.wire.otherwise = self.answer

    @property
    def keys(self) -> list[str]:
        return [request.headers[self.key_field] for request in self.wire.requests if request.method == "POST"]

    def answer(self, request: Request) -> list[Step]:
        raise NotImplementedError

    @property
    def options(self) -> HttpOptions:
        quick = Timeouts(connect=2, first=5, idle=2, total=5, stream=10, quick=2)
        return HttpOptions(self.wire.url, timeouts=quick, retry=RetryOptions(3, 0.01, 0.05))


class GatewayRig(WireRig):
    def __post_init__(self) -> None:
        super().__post_init__()
        options = GatewayOptions(self.options)
        self.platform = GatewayPlatform(options, ApiKey("k3y"), clock=CLOCK, entropy=half)

    def answer(self, request: Request) -> list[Step]:
        refusals: dict[Trouble, bytes] = {
            "down": reply(503, {"error": "SERVICE_UNAVAILABLE", "message": "off"}),
            "limited": reply(429, {"error": "RATE_LIMITED"}, {"retry-after": "17", "x-ratelimit-policy": "user"}),
            "spent": reply(402, {"error": "BUDGET_EXCEEDED", "message": "spent"}),
            "denied": reply(403, {"error": "MODEL_NOT_ALLOWED", "message": "no"}),
            "refused": reply(400, {"error": "INVALID_REQUEST", "message": "what"}),
        }
        usage = {"promptTokens": 20, "completionTokens": 9, "costUsd": 0.0001231}
        path = request.target.removeprefix("/api/agents")
        streaming = path == "/stream"
        if self.trouble in refusals:
            # As the real one does: what refuses a stream looks like a stream without events.
            return [sse() if streaming else refusals[self.trouble]]
        if streaming:
            if self.trouble == "lost":
                return [sse()]
            words = [{"text": WORDS[:10]}, {"text": WORDS[10:]}]
            frames = [
                frame(1, "content", words[0]),
                frame(2, "content", words[1]),
                frame(3, "tool_call", {"name": "look", "args": {"far": 1.5}}),
                frame(4, "usage", usage),
                frame(5, "done", None),
            ]
            first = int(request.headers.get("last-event-id", 0))
            return [sse(*(frames[:2] if self.trouble == "breaks" else frames[first:]))]
        bodies: dict[str, Any] = {
            "/invoke": {
                "content": WORDS,
                "usage": usage,
                "toolCalls": [{"id": "c1", "name": "look", "arguments": '{"far": 1.5}'}],
            },
            "/models": {"models": ["cheap", "native"]},
            "/budget": {
                "communityId": "c",
                "monthlyLimitCents": 100,
                "currentSpendCents": 81,
                "remainingCents": 19,
                "percentUsed": 81,
                "warningThresholdReached": True,
            },
            "/health": {"loaFinn": {"healthy": True, "latencyMs": 4}, "redis": {"healthy": True, "latencyMs": 1}},
        }
        return [reply(200, bodies[path])]


class OpenAiRig(WireRig):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.resumes = False
        self.key_field = "idempotency-key"
        options = OpenAiOptions(
            self.options, "small", pools={"reasoning": "big"}, prices={"small": Price(2, 9_000_000)}
        )
        self.platform = OpenAiPlatform(options, ApiKey("k3y"), clock=CLOCK, entropy=half)

    def answer(self, request: Request) -> list[Step]:
        if self.trouble in ERRORS:
            status, code = {
                "down": (503, "server_error"),
                "limited": (429, "rate_limit_exceeded"),
                "spent": (429, "insufficient_quota"),
                "denied": (401, "invalid_api_key"),
                "refused": (400, "context_length_exceeded"),
            }[self.trouble]
            error = {"error": {"message": "no", "type": "invalid_request_error", "code": code}}
            return [reply(status, error, {"retry-after": "17"} if self.trouble == "limited" else {})]
        if request.target == "/models":
            return [reply(200, {"object": "list", "data": [{"id": "small"}]})]
        usage = {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}
        call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"far": 1.5}'}}
        if not request.json.get("stream"):
            message = {"role": "assistant", "content": WORDS, "tool_calls": [call]}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return [reply(200, {"model": "small", "choices": [choice], "usage": usage})]
        deltas: list[dict[str, Any]] = [
            {"role": "assistant", "content": WORDS[:10]},
            {"content": WORDS[10:]},
            {"tool_calls": [{"index": 0, **call, "function": {"name": "look", "arguments": '{"far": '}}]},
            {"tool_calls": [{"index": 0, "function": {"arguments": "1.5}"}}]},
        ]
        chunks: list[Any] = [{"model": "small", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        chunks.append({"model": "small", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
        chunks.append({"model": "small", "choices": [], "usage": usage})
        frames = [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks]
        return [sse(*frames[:2]) if self.trouble == "breaks" else sse(*frames, b"data: [DONE]\n\n")]
