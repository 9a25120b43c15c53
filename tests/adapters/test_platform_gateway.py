"""The agent gateway's dialect, byte by byte: what is sent, what is read, and what refusals mean."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from app.dialogue import Budget, Content, Done, Ensemble, Health, Reply, Thinking, ToolCall, Usage
from app.errors import (
    BudgetExhausted,
    DnftError,
    PlatformDenied,
    PlatformLimited,
    PlatformRefused,
    PlatformUnavailable,
    ResumeLost,
)
from tests.adapters.gateways import AGENT, ASK, GOOD, USAGE, collect, gateway
from tests.adapters.wire import Wire, frame, reply, sse


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as made:
        yield made


# --- what is sent


def test_invoke_sends_the_least(wire: Wire) -> None:
    wire.play(GOOD)
    gateway(wire).invoke(ASK)
    (request,) = wire.requests
    assert (request.method, request.target) == ("POST", "/api/agents/invoke")
    assert request.body == f'{{"agent":"{AGENT}","messages":[{{"role":"user","content":"Grüße?"}}]}}'.encode()
    headers = dict(request.headers)
    assert headers.pop("host") == f"127.0.0.1:{wire.port}" and headers.pop("connection")
    assert headers == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "authorization": "Bearer s3cret",
        "content-length": str(len(request.body)),
        "content-type": "application/json",
        "user-agent": "dnft/1",
        "x-idempotency-key": "turn-1",
    }


def test_invoke_and_stream_send_everything_that_is_asked(wire: Wire) -> None:
    wire.play(GOOD)
    wire.play(sse(frame(1, "usage", USAGE), frame(2, "done", None)))
    ask = replace(
        ASK,
        pool="fast-code",
        channel="c-9",
        tools=["look", "listen"],
        metadata={"nft": {"mood": 3}},
        ensemble=Ensemble("consensus", ["a", "b"], 3, 2),
    )
    gateway(wire).invoke(ask)
    collect(gateway(wire), ask, after="srv:7")
    invoked, streamed = wire.requests
    assert (streamed.method, streamed.target) == ("POST", "/api/agents/stream")
    assert streamed.body == invoked.body
    assert invoked.json == {
        "agent": AGENT,
        "messages": [{"role": "user", "content": "Grüße?"}],
        "modelAlias": "fast-code",
        "tools": ["look", "listen"],
        "metadata": {"nft": {"mood": 3}},
        "ensemble": {"strategy": "consensus", "models": ["a", "b"], "n": 3, "quorum": 2},
    }
    assert invoked.headers["x-channel-id"] == streamed.headers["x-channel-id"] == "c-9"
    assert streamed.headers["last-event-id"] == "srv:7" and streamed.headers["accept"] == "text/event-stream"
    assert "last-event-id" not in invoked.headers


def test_ensemble_without_numbers_sends_none(wire: Wire) -> None:
    wire.play(GOOD)
    gateway(wire).invoke(replace(ASK, ensemble=Ensemble("fallback")))
    assert wire.requests[0].json["ensemble"] == {"strategy": "fallback"}


def test_questions_go_to_their_paths_and_health_without_credentials(wire: Wire) -> None:
    wire.play(reply(200, {"models": ["cheap"]}))
    wire.play(reply(403, {"error": "FORBIDDEN"}))
    wire.play(reply(200, {"loaFinn": {"healthy": True, "latencyMs": 3}}))
    platform = gateway(wire.url + "/", None)
    platform.models()
    platform.budget()
    platform.health()
    assert [(request.method, request.target, request.body) for request in wire.requests] == [
        ("GET", f"/api/agents/{name}", b"") for name in ("models", "budget", "health")
    ]
    assert ["authorization" in request.headers for request in wire.requests] == [True, True, False]


# --- what is read


def test_invoke_reads_everything(wire: Wire) -> None:
    accounting = {"strategy": "best_of_n", "total_cost_micro": 1_240_000, "savings_micro": -1}
    wire.play(
        reply(
            200,
            b'{"content": "Yes.", "thinking": "Hm.", "toolCalls": [{"id": "1", "name": "look", "arguments": "{}"}],'
            b'"usage": {"promptTokens": 1200, "completionTokens": 34, "costUsd": 0.0012345},'
            b'"metadata": {"model": "m-1", "score": 0.5}, "ensemble_accounting": '
            + json.dumps(accounting).encode()
            + b"}",
        )
    )
    assert gateway(wire).invoke(ASK) == Reply(
        content="Yes.",
        usage=Usage(1200, 34, 1235),
        model="m-1",
        thinking="Hm.",
        tool_calls=(ToolCall("look", {}),),
        metadata={"model": "m-1", "score": 0.5},
        ensemble=accounting,
    )


def test_invoke_reads_snake_case_and_takes_missing_usage_for_unknown(wire: Wire) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "cost_usd": 0.1}
    wire.play(reply(200, {"content": "", "usage": usage}))
    wire.play(reply(200, {"content": "Yes."}))
    wire.play(reply(200, {"content": "Yes.", "usage": {"promptTokens": 3, "completionTokens": 1, "cost_micro": 7}}))
    platform = gateway(wire)
    assert [platform.invoke(ASK).usage for _ in range(3)] == [Usage(3, 1, 100_000), None, None]


def test_stream_reads_every_event_and_passes_ids_through(wire: Wire) -> None:
    usage = b'id: srv:5\nevent: usage\ndata: {"promptTokens":3,"completionTokens":1,"costUsd":0.1}\n\n'
    wire.play(
        sse(
            b": keepalive\n\n",
            frame("srv:1", "thinking", {"text": "Hm."}),
            frame("srv:2", "content", {"text": "Yes"}),
            frame("srv:3", "weather", {"text": "unknown types are passed over"}),
            frame("srv:4", "tool_call", {"name": "look", "args": {"far": True}}),
            usage,
            usage,
            frame("srv:6", "done", None),
            frame("srv:7", "content", {"text": "after the end"}),
        )
    )
    assert collect(gateway(wire)) == [
        ("srv:1", Thinking("Hm.")),
        ("srv:2", Content("Yes")),
        ("srv:4", ToolCall("look", {"far": True})),
        ("srv:5", Usage(3, 1, 100_000)),
        ("srv:6", Done()),
    ]


def test_stream_comes_as_it_is_written(wire: Wire) -> None:
    head = sse(headers={"transfer-encoding": "chunked"})
    first, rest = frame(1, "content", {"text": "a"}), frame(2, "done", None)
    chunk = b"%x\r\n%b\r\n"
    wire.play(head, chunk % (len(first), first), 0.4, chunk % (20, rest[:20]), 0.1, chunk % (len(rest) - 20, rest[20:]))

    async def first_words() -> float:
        platform = gateway(wire)
        started = time.monotonic()
        async with aclosing(platform.stream(ASK)) as events:
            assert await anext(events) == ("1", Content("a"))
            waited = time.monotonic() - started
            assert [event async for event in events] == [("2", Done())]
        await platform.aclose()
        return waited

    assert asyncio.run(first_words()) < 0.3


def test_models_budget_and_health_are_read(wire: Wire) -> None:
    budget = {"communityId": "c", "monthlyLimitCents": 100, "currentSpendCents": 120, "remainingCents": -20}
    wire.play(reply(200, {"models": ["cheap", "fast-code", 7]}))
    wire.play(reply(200, {**budget, "percentUsed": 120, "warningThresholdReached": True}))
    wire.play(reply(200, {"loaFinn": {"healthy": False, "latencyMs": 9}, "redis": {"healthy": True, "latencyMs": 1}}))
    platform = gateway(wire)
    assert platform.models() == ("cheap", "fast-code")
    assert platform.budget() == Budget(1_000_000, 1_200_000, 0, True)
    health = platform.health()
    assert health == Health({"loaFinn": False, "redis": True}, {"loaFinn": 9, "redis": 1}) and not health.healthy


def test_health_is_one_attempt(wire: Wire) -> None:
    wire.play(reply(503, {"error": "HEALTH_CHECK_FAILED"}), times=5)
    with pytest.raises(PlatformUnavailable, match="HEALTH_CHECK_FAILED"):
        gateway(wire).health()
    assert len(wire.requests) == 1


def test_budget_unauthorized_is_denied(wire: Wire) -> None:
    wire.play(reply(401, {"error": "UNAUTHORIZED"}))
    with pytest.raises(PlatformDenied):
        gateway(wire).budget()


# --- refusals


@pytest.mark.parametrize(
    ("status", "body", "headers", "error", "facts"),
    [
        (400, {"error": "INVALID_REQUEST", "message": "x"}, {}, PlatformRefused, {}),
        (400, {"error": "REQ_HASH_MISMATCH"}, {}, PlatformRefused, {}),
        (400, {"error": "ENSEMBLE_DISABLED"}, {}, PlatformRefused, {}),
        (401, {"error": {"code": "JWT_INVALID", "message": "x"}}, {}, PlatformDenied, {}),
        (402, {"error": "BUDGET_EXCEEDED"}, {}, BudgetExhausted, {}),
        (402, {"error": {"code": "BUDGET_EXCEEDED", "message": "nested"}}, {}, BudgetExhausted, {}),
        (402, b"", {}, BudgetExhausted, {}),
        (403, {"error": "MODEL_NOT_ALLOWED"}, {}, PlatformDenied, {}),
        (404, b"<html>", {}, PlatformRefused, {}),
        (409, {"error": "STREAM_RESUME_LOST"}, {}, ResumeLost, {}),
        (409, {"error": {"code": "STREAM_RESUME_LOST", "message": "nested"}}, {}, ResumeLost, {}),
        (409, {"error": "CONTRACT_VERSION_MISMATCH"}, {}, PlatformRefused, {}),
        (413, b"too large", {}, PlatformRefused, {}),
        (415, b"", {}, PlatformRefused, {}),
        (429, {"error": "RATE_LIMITED"}, {"retry-after": "30"}, PlatformLimited, {"retry_after": 30, "policy": ""}),
        (
            429,
            {"error": "RATE_LIMITED"},
            {"retry-after": "Sun, 01 Mar 2026 12:00:25 GMT", "x-ratelimit-policy": "burst"},
            PlatformLimited,
            {"retry_after": 25, "policy": "burst"},
        ),
        (
            429,
            {"error": "Too many requests", "retryAfter": 12},
            {"x-ratelimit-policy": "none"},
            PlatformLimited,
            {"retry_after": 12, "policy": ""},
        ),
        (429, {"error": "BYOK_QUOTA_EXCEEDED"}, {"retry-after": "60"}, PlatformLimited, {"retry_after": 60}),
        (422, {"error": "UPSTREAM_ERROR"}, {}, PlatformRefused, {}),
        (500, {"error": "INTERNAL_ERROR"}, {"retry-after": "60"}, PlatformUnavailable, {"retry_after": 60}),
        (503, {"error": "SERVICE_UNAVAILABLE"}, {"retry-after": "60"}, PlatformUnavailable, {"retry_after": 60}),
        (302, b"", {"location": "http://127.0.0.1:1/elsewhere"}, PlatformRefused, {}),
    ],
)
def test_refusal_in_every_shape_is_one_error_after_one_attempt(
    wire: Wire, status: int, body: Any, headers: dict[str, str], error: type[DnftError], facts: dict[str, Any]
) -> None:
    answer = reply(status, body, headers)
    wire.play(answer, times=2)
    with pytest.raises(error) as invoked:
        gateway(wire).invoke(ASK)
    strict = pytest.raises(error)
    with strict as streamed:  # a platform that looks before it sends headers
        collect(gateway(wire))
    for caught in (invoked.value, streamed.value):
        assert type(caught) is error and str(status) in caught.message
        assert {name: getattr(caught, name) for name in facts} == facts
    assert len(wire.requests) == 2


def test_refusal_names_code_and_trace_but_not_the_platforms_text(wire: Wire) -> None:
    trace = "3f2b6c1e-0000-4000-8000-1234567890ab"
    wire.play(reply(400, {"error": "INVALID_REQUEST", "message": "your key s3cret"}, {"x-trace-id": trace}))
    with pytest.raises(PlatformRefused) as caught:
        gateway(wire).invoke(ASK)
    assert caught.value.message == f"The agent platform answered 400 INVALID_REQUEST (trace {trace})."
