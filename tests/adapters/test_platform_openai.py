"""OpenAI's dialect, byte by byte, with the habits of those that copy it."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.platform_auth import ApiKey
from app.adapters.platform_clients import HttpOptions, Timeouts
from app.adapters.platform_openai import OpenAiOptions, OpenAiPlatform
from app.adapters.platform_openai_answers import Price
from app.adapters.platform_retry import RetryOptions
from app.dialogue import Ask, Content, Done, Ensemble, Event, Message, Reply, Thinking, ToolCall, Usage
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
from tests.adapters.wire import CLOCK, Wire, half, reply, sse

ASK = Ask("eip155:1/erc721:0x00000000000000000000000000000000000000Ab/7", [Message("user", "Well?")], "turn-1")
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
END = b"data: [DONE]\n\n"


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as made:
        yield made


def endpoint(wire: Wire, credentials: ApiKey | None = None, **changes: Any) -> OpenAiPlatform:
    quick = Timeouts(connect=1, first=3, idle=1, total=3, stream=5, quick=1)
    http = HttpOptions(wire.url + "/v1", timeouts=quick, retry=RetryOptions(2, 0.01, 0.05))
    options = replace(OpenAiOptions(http, "small"), **changes)
    return OpenAiPlatform(options, credentials, clock=CLOCK, entropy=half)


def collect(platform: OpenAiPlatform, ask: Ask = ASK) -> list[Event]:
    async def whole() -> list[Event]:
        try:
            found = [found async for found in platform.stream(ask)]
        finally:
            await platform.aclose()
        assert {event_id for event_id, _ in found} <= {""}
        return [event for _, event in found]

    return asyncio.run(whole())


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return f"data: {json.dumps({'id': 'x', 'model': 'small-0425', 'choices': choices, **more})}\n\n".encode()


def whole(message: dict[str, Any], **more: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return reply(200, {"id": "x", "model": "small-0425", "choices": [choice], **more})


# --- what is sent


def test_invoke_sends_the_least(wire: Wire) -> None:
    wire.play(whole({"content": "Yes."}))
    endpoint(wire).invoke(ASK)
    (request,) = wire.requests
    assert (request.method, request.target) == ("POST", "/v1/chat/completions")
    assert request.body == b'{"model":"small","messages":[{"role":"user","content":"Well?"}]}'
    assert request.headers["idempotency-key"] == "turn-1"
    assert "authorization" not in request.headers


def test_stream_asks_for_usage_and_names_tools_model_and_holder(wire: Wire) -> None:
    wire.play(sse(chunk({"content": "x"}, "stop"), END))
    look = {"description": "Look around.", "parameters": {"type": "object", "properties": {}}}
    platform = endpoint(wire, ApiKey("s3cret"), pools={"reasoning": "big"}, tools={"look": look}, tell_holder=True)
    collect(platform, replace(ASK, pool="reasoning", tools=["look", "listen"], holder="h-1", metadata={"a": 1}))
    assert wire.requests[0].json == {
        "model": "big",
        "messages": [{"role": "user", "content": "Well?"}],
        "tools": [
            {"type": "function", "function": {"name": "look", **look}},
            {"type": "function", "function": {"name": "listen"}},
        ],
        "user": "h-1",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert wire.requests[0].headers["authorization"] == "Bearer s3cret"


def test_holder_is_not_told_unless_wanted(wire: Wire) -> None:
    wire.play(whole({"content": "x"}))
    endpoint(wire).invoke(replace(ASK, holder="h-1", channel="c-1"))
    assert b"h-1" not in wire.requests[0].body and "x-channel-id" not in wire.requests[0].headers


@pytest.mark.parametrize("changes", [{"ensemble": Ensemble("fallback")}, {"tools": ["no spaces"]}])
def test_ask_that_the_dialect_cannot_say_is_refused(wire: Wire, changes: dict[str, Any]) -> None:
    with pytest.raises(PlatformRefused):
        endpoint(wire).invoke(replace(ASK, **changes))
    assert wire.requests == []


def test_resume_is_lost_before_anything_is_sent(wire: Wire) -> None:
    async def resume() -> None:
        await anext(endpoint(wire).stream(ASK, after="3"))

    with pytest.raises(ResumeLost):
        asyncio.run(resume())
    assert wire.requests == []


# --- what is read


def test_invoke_reads_everything(wire: Wire) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"far": 0.5}'}}
    wire.play(whole({"content": None, "reasoning_content": "Hm.", "tool_calls": [call]}, usage=USAGE))
    platform = endpoint(wire, prices={"small-0425": Price(prompt=150_000, completion=600_000)})
    assert platform.invoke(ASK) == Reply(
        content="",
        usage=Usage(7, 3, 3),  # 7 · 0.15 + 3 · 0.6 = 2.85
        model="small-0425",
        thinking="Hm.",
        tool_calls=(ToolCall("look", {"far": 0.5}),),
    )


def test_usage_costs_what_the_router_says_before_what_the_list_says(wire: Wire) -> None:
    wire.play(whole({"content": "x"}, usage={**USAGE, "cost": 0.00014}))
    wire.play(whole({"content": "x"}, usage=USAGE))
    wire.play(whole({"content": "x"}))
    priced = endpoint(wire, prices={"small-0425": Price(10**6, 10**6)})
    assert [priced.invoke(ASK).usage for _ in range(3)] == [Usage(7, 3, 140), Usage(7, 3, 10), None]


def test_price_is_found_by_the_name_that_was_asked_for(wire: Wire) -> None:
    wire.play(whole({"content": "x"}, usage=USAGE))
    wire.play(sse(chunk({"content": "x"}, "stop"), chunk(usage=USAGE), END))
    platform = endpoint(wire, prices={"small": Price(10**6, 10**6)})
    assert platform.invoke(ASK).usage == Usage(7, 3, 10)
    assert Usage(7, 3, 10) in collect(platform)


def test_stream_reads_thinking_text_tools_and_usage(wire: Wire) -> None:
    wire.play(
        sse(
            b": OPENROUTER PROCESSING\n\n",
            chunk({"role": "assistant", "content": ""}),
            chunk({"reasoning_content": "Hm", "content": None}),
            chunk({"reasoning": "."}),
            chunk({"content": "Yes"}),
            chunk({"tool_calls": [{"index": 1, "id": "b", "function": {"name": "listen", "arguments": ""}}]}),
            chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "look", "arguments": '{"f'}}]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": 'ar": 2}'}}]}),
            chunk({}, "tool_calls"),
            chunk(usage=USAGE),
            END,
            chunk({"content": "after the end"}),
        )
    )
    assert collect(endpoint(wire)) == [
        Thinking("Hm"),
        Thinking("."),
        Content("Yes"),
        ToolCall("look", {"far": 2}),
        ToolCall("listen", {}),
        Usage(7, 3, 0),
        Done("small-0425"),
    ]


def test_stream_with_cumulated_usage_tells_it_once(wire: Wire) -> None:
    early, last = {**USAGE, "completion_tokens": 1}, {**USAGE, "completion_tokens": 2}
    wire.play(sse(chunk({"content": "a"}, usage=early), chunk({"content": "b"}, "stop", usage=last), END))
    assert collect(endpoint(wire)) == [Content("a"), Content("b"), Usage(7, 2, 0), Done("small-0425")]


def test_stream_that_finished_may_lack_its_end_mark(wire: Wire) -> None:
    wire.play(sse(chunk({"content": "a"}), chunk({}, "length")))
    assert collect(endpoint(wire)) == [Content("a"), Done("small-0425")]


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [b"data: {\n\n"],
        [b"data: []\n\n"],
        [chunk({"content": 5})],
        [b'data: {"error": {"message": "x", "type": "server_error"}}\n\n'],
        [chunk({"tool_calls": [{"index": 0, "function": {"name": "t", "arguments": "{"}}]}, "stop"), END],
        [chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}, "stop"), END],
    ],
    ids=["cut", "no-json", "no-object", "no-text", "error", "arguments", "tool-without-name"],
)
def test_stream_that_breaks_is_broken(wire: Wire, frames: list[bytes]) -> None:
    wire.play(sse(chunk({"content": "a"}), *frames))
    with pytest.raises(StreamBroken):
        collect(endpoint(wire))
    assert len(wire.requests) == 1


def test_stream_that_breaks_before_its_beginning_is_tried_again_with_the_same_key(wire: Wire) -> None:
    wire.play(sse())
    wire.play(sse(chunk({"content": "a"}, "stop"), END))
    assert collect(endpoint(wire)) == [Content("a"), Done("small-0425")]
    assert [request.headers["idempotency-key"] for request in wire.requests] == ["turn-1"] * 2


# --- refusals


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, {"type": "invalid_request_error", "code": "context_length_exceeded"}, PlatformRefused),
        (400, {"type": "invalid_request_error", "code": None}, PlatformRefused),
        (401, {"type": "invalid_request_error", "code": "invalid_api_key"}, PlatformDenied),
        (401, {"type": "authentication_error", "code": None}, PlatformDenied),
        (402, {"type": "unknown_error", "code": "invalid_request_error"}, BudgetExhausted),
        (404, {"type": "invalid_request_error", "code": "model_not_found"}, PlatformDenied),
        (404, {"type": "api_error"}, PlatformRefused),
        (422, {"type": "invalid_request_error"}, PlatformRefused),
        (429, {"type": "insufficient_quota", "code": "insufficient_quota"}, BudgetExhausted),
        (429, {"type": "requests", "code": "rate_limit_exceeded"}, PlatformLimited),
        (429, {"type": "invalid_request_error", "code": None}, PlatformLimited),
        (500, {"type": "server_error"}, PlatformUnavailable),
        (529, {"type": "overloaded_error"}, PlatformUnavailable),
    ],
)
def test_refusal_is_understood(wire: Wire, status: int, error: dict[str, Any], expected: type[DnftError]) -> None:
    wire.play(reply(status, {"error": {"message": "m", "param": None, **error}}), times=4)
    platform = endpoint(wire)
    with pytest.raises(expected) as invoked:
        platform.invoke(ASK)
    with pytest.raises(expected) as streamed:
        collect(platform)
    assert type(invoked.value) is type(streamed.value) is expected


@pytest.mark.parametrize(
    ("code", "expected"), [(402, BudgetExhausted), (403, PlatformDenied), (429, PlatformLimited), (502, StreamBroken)]
)
def test_error_inside_a_200_counts_by_its_number(wire: Wire, code: int, expected: type[DnftError]) -> None:
    body = {"error": {"code": code, "message": "m"}}
    wire.play(reply(200, body), times=2)
    wire.play(sse(chunk({"content": "a"}), f"data: {json.dumps(body)}\n\n".encode()))
    platform = endpoint(wire)
    with pytest.raises(PlatformUnavailable if expected is StreamBroken else expected):
        platform.invoke(ASK)
    wire._scripts[:-1] = []
    with pytest.raises(expected):
        collect(platform)


# --- questions


def test_models_are_the_pools_whose_model_is_listed(wire: Wire) -> None:
    wire.play(reply(200, {"object": "list", "data": [{"id": "big"}, {"id": "other"}, 7]}))
    assert endpoint(wire, pools={"reasoning": "big"}).models() == ("reasoning",)
    assert wire.requests[0].target == "/v1/models"


def test_models_without_a_list_are_all(wire: Wire) -> None:
    wire.play(reply(404, b""), times=2)
    platform = endpoint(wire)
    assert "native" in platform.models() and platform.health().healthy


def test_budget_is_not_known(wire: Wire) -> None:
    assert endpoint(wire).budget() is None and wire.requests == []


def test_health_with_a_wrong_key_is_denied(wire: Wire) -> None:
    wire.play(reply(401, {"error": {"code": "invalid_api_key"}}))
    with pytest.raises(PlatformDenied):
        endpoint(wire).health()
