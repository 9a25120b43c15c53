"""Platforms for the behaviour suite, each with the way to make it behave."""

import json
import os
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.adapters.platform_auth import ApiKey, Credentials, Es256Credentials, TokenOptions
from app.adapters.platform_clients import HttpOptions, Timeouts
from app.adapters.platform_gateway import GatewayOptions, GatewayPlatform
from app.adapters.platform_memory import MemoryPlatform
from app.adapters.platform_openai import OpenAiOptions, OpenAiPlatform
from app.adapters.platform_openai_answers import Price
from app.adapters.platform_retry import RetryOptions
from app.bootstrap import SystemClock
from app.dialogue import Ask, Message, Reply, ToolCall, Usage
from app.errors import BudgetExhausted, DnftError, PlatformDenied, PlatformLimited, PlatformRefused, PlatformUnavailable
from app.ports import AgentPlatform
from tests.adapters.wire import CLOCK, Request, Step, Wire, frame, half, reply, sse
from tests.standins.platforms import KEY, PlatformProcess

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
    sees_budget: bool
    usage: Usage
    """What the turn of `ask` takes."""
    trouble: Trouble

    @property
    def keys(self) -> list[str]:
        """Of the asks that arrived, in order."""


# --- memory


class MemoryRig:
    resumes = True
    sees_budget = True
    usage = Usage(20, 9, 124)

    def __init__(self) -> None:
        self.platform = MemoryPlatform(self._speak)

    def _speak(self, asked: Ask) -> Reply:
        return Reply(WORDS, self.usage, "memory", tool_calls=[ToolCall("look", {"far": 1.5})])

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
    sees_budget: bool = True
    usage: Usage = field(default_factory=lambda: Usage(20, 9, 124))
    """A part of a micro-dollar is a whole one."""
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
        return quick(self.wire.url)


def quick(url: str) -> HttpOptions:
    """A client that doesn't wait long for a server on this machine."""
    timeouts = Timeouts(connect=2, first=5, idle=2, total=5, stream=10, quick=2)
    return HttpOptions(url, timeouts=timeouts, retry=RetryOptions(3, 0.01, 0.05))


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
        self.resumes = self.sees_budget = False
        self.usage = Usage(20, 9, 82)
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
        if not request.json.get("stream"):
            call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"far": 1.5}'}}
            message = {"role": "assistant", "content": WORDS, "tool_calls": [call]}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return [reply(200, {"model": "small", "choices": [choice], "usage": usage})]
        frames = openai_chunks(usage)
        return [sse(*frames[:2]) if self.trouble == "breaks" else sse(*frames, b"data: [DONE]\n\n")]


def openai_chunks(usage: dict[str, int]) -> list[bytes]:
    """The answer as OpenAI's servers stream it, in two pieces and a tool call, without the end."""
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"far": 1.5}'}}
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "content": WORDS[:10]},
        {"content": WORDS[10:]},
        {"tool_calls": [{"index": 0, **call, "function": {"name": "look", "arguments": '{"far": '}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "1.5}"}}]},
    ]
    chunks: list[Any] = [{"model": "small", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"model": "small", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    chunks.append({"model": "small", "choices": [], "usage": usage})
    return [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks]


# --- the stand-in, whole: our client, its process, and behind it a server of a language model


def model_server(request: Request) -> list[Step]:
    """Plays the server of a language model."""
    if request.target == "/v1/models":
        return [reply(200, {"object": "list", "data": [{"id": "small"}]})]
    return [sse(*openai_chunks({}), b"data: [DONE]\n\n")]


class StandInRig:
    """One stand-in serves many rigs: each begins with an empty journal and no faults."""

    resumes = True
    # Four characters a token, those of the tool call too, at the prices of `reviewer`: 0.15 and 0.6 cents for 1,000.
    usage = Usage(10, 13, 93)

    def __init__(self, server: PlatformProcess, credentials: Credentials, *, sees_budget: bool) -> None:
        self.sees_budget = sees_budget
        self.platform = GatewayPlatform(
            GatewayOptions(quick(server.url)), credentials, clock=SystemClock(), entropy=os.urandom
        )
        self._server = server
        self._trouble: Trouble = ""
        self.trouble = ""
        server.http.delete("/_dev/requests").raise_for_status()

    @property
    def keys(self) -> list[str]:
        return [
            each["headers"]["x-idempotency-key"]
            for each in self._server.requests()
            if each["path"] in ("/api/agents/invoke", "/api/agents/stream")
        ]

    @property
    def trouble(self) -> Trouble:
        return self._trouble

    @trouble.setter
    def trouble(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._server.http.delete("/_dev/faults").raise_for_status()
        refusals: dict[Trouble, dict[str, Any]] = {
            "down": {"status": 503, "code": "SERVICE_UNAVAILABLE"},
            "limited": {
                "status": 429,
                "code": "RATE_LIMITED",
                "headers": {"Retry-After": "17", "X-RateLimit-Policy": "user"},
            },
            "spent": {"status": 402, "code": "BUDGET_EXCEEDED"},
            "denied": {"status": 403, "code": "MODEL_NOT_ALLOWED"},
            "refused": {"status": 400, "code": "INVALID_REQUEST"},
        }
        if trouble in refusals:
            for endpoint in ("invoke", "stream", *(("models", "health") if trouble == "down" else ())):
                self._server.fault(endpoint, times=None, **refusals[trouble])
        if trouble == "breaks":
            self._server.fault("stream", times=None, afterEvents=2)
        if trouble == "lost":
            self._server.fault("stream", times=None, status=409, code="STREAM_RESUME_LOST")


def by_key(server: PlatformProcess) -> StandInRig:
    return StandInRig(server, ApiKey(KEY), sees_budget=True)


def by_token(server: PlatformProcess, credentials: Es256Credentials) -> StandInRig:
    """A holder's token: the platform shows it no budget."""
    return StandInRig(server, credentials, sees_budget=False)


def es256() -> Es256Credentials:
    """A client of the platform with a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    options = TokenOptions("dnft", "freeside", "default", "enterprise")
    return Es256Credentials(pem, options, clock=SystemClock(), entropy=os.urandom)
