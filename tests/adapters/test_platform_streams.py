"""Streams of the agent gateway that misbehave, and the life cycle of the connections under them."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
import uvloop

from app.adapters.platform_retry import BreakerOptions
from app.dialogue import Content, Done, Thinking, ToolCall, Usage
from app.errors import (
    BudgetExhausted,
    DnftError,
    PlatformDenied,
    PlatformLimited,
    PlatformUnavailable,
    ResumeLost,
    StreamBroken,
)
from tests.adapters.gateways import (
    ASK,
    BEATING,
    BEGUN,
    DONE,
    GOOD,
    QUICK,
    TALKING,
    USAGE,
    broken,
    collect,
    exhaust,
    gateway,
)
from tests.adapters.wire import Wire, frame, reply, sse


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as made:
        yield made


# --- streams that misbehave


def test_stream_without_events_learns_the_code_from_invoke(wire: Wire) -> None:
    for body, status, error in (
        ({"error": "RATE_LIMITED"}, 429, PlatformLimited),
        ({"error": "BUDGET_EXCEEDED"}, 402, BudgetExhausted),
        ({"error": "MODEL_NOT_ALLOWED"}, 403, PlatformDenied),
        ({"error": "STREAM_RESUME_LOST"}, 409, ResumeLost),
    ):
        wire.requests.clear()
        wire.play(sse())
        wire.play(reply(status, body, {"retry-after": "30"}))
        seen, found = broken(gateway(wire))
        assert seen == [] and type(found) is error
        assert [request.target for request in wire.requests] == ["/api/agents/stream", "/api/agents/invoke"]
        assert {request.headers["x-idempotency-key"] for request in wire.requests} == {"turn-1"}
        assert wire.requests[0].body == wire.requests[1].body


@pytest.mark.parametrize("heartbeats", [0, 3])
def test_stream_without_events_gives_what_invoke_answers(wire: Wire, heartbeats: int) -> None:
    wire.play(sse(b": keepalive\n\n" * heartbeats))
    wire.play(
        reply(
            200, {"content": "Yes.", "thinking": "Hm.", "toolCalls": [{"name": "t", "arguments": ""}], "usage": USAGE}
        )
    )
    assert collect(gateway(wire)) == [
        ("", Thinking("Hm.")),
        ("", Content("Yes.")),
        ("", ToolCall("t", {})),
        ("", Usage(3, 1, 2)),
        ("", Done()),
    ]


def test_stream_without_events_when_resuming_is_lost_and_costs_nothing(wire: Wire) -> None:
    wire.play(sse())
    with pytest.raises(ResumeLost):
        collect(gateway(wire), after="4")
    assert [request.target for request in wire.requests] == ["/api/agents/stream"]


def test_stream_without_events_opens_no_circuit(wire: Wire) -> None:
    platform = gateway(wire, breaker=BreakerOptions(failures=2, cooldown=60))
    for _ in range(4):
        wire.play(sse())
        wire.play(reply(429, {"error": "RATE_LIMITED"}, {"retry-after": "30"}))
        with pytest.raises(PlatformLimited):
            collect(platform)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((sse(BEGUN),), id="ends"),
        pytest.param((sse(BEGUN, frame(3, "usage", USAGE)),), id="ends-after-usage"),
        pytest.param((sse(BEGUN, DONE[:-1]),), id="ends-within-an-event"),
        pytest.param((sse(BEGUN, headers={"content-length": "9999"}),), id="is-cut-off"),
        pytest.param((sse(BEGUN, b'event: content\ndata: {"text": \n\n', DONE),), id="no-json"),
        pytest.param((sse(BEGUN, b"event: done\ndata: nul\n\n"),), id="done-no-json"),
        pytest.param((sse(BEGUN, frame(3, "content", {"words": "x"}), DONE),), id="content-without-text"),
        pytest.param((sse(BEGUN, frame(3, "content", "x"), DONE),), id="content-no-object"),
        pytest.param((sse(BEGUN, frame(3, "tool_call", {"name": "t", "args": []}), DONE),), id="arguments"),
        pytest.param((sse(BEGUN, frame(3, "content", {"text": "x" * 65_536}), DONE),), id="event-too-long"),
        pytest.param((sse(BEGUN, b"data: " + b"x" * 70_000),), id="line-too-long"),
        pytest.param((sse(BEGUN, *[frame(3, "content", {"text": "x" * 9000})] * 200),), id="stream-too-long"),
        pytest.param((sse(BEGUN), 4.0), id="falls-silent"),
        pytest.param((sse(BEGUN, frame(3, "error", {"code": "UPSTREAM_ERROR", "message": "x"})),), id="error-event"),
        pytest.param((sse(BEGUN, frame(3, "error", None)),), id="error-event-without-code"),
    ],
)
def test_stream_that_breaks_after_its_beginning_is_broken_where_it_was(wire: Wire, steps: tuple[Any, ...]) -> None:
    wire.play(*steps)
    seen, error = broken(gateway(wire, max_answer=1_000_000))
    assert seen[:2] == [Content("a"), Content("b")]
    assert type(error) is StreamBroken and error.retryable
    assert error.last_id == ("2" if len(seen) == 2 else "3")
    assert len(wire.requests) == 1, "what has begun is not tried again"


@pytest.mark.parametrize(
    ("code", "error"),
    [("RATE_LIMITED", PlatformLimited), ("BUDGET_EXCEEDED", BudgetExhausted), ("STREAM_RESUME_LOST", ResumeLost)],
)
def test_stream_error_event_that_says_more_is_that_error(wire: Wire, code: str, error: type[DnftError]) -> None:
    wire.play(sse(BEGUN, frame(3, "error", {"code": code, "message": "x"})))
    assert type(broken(gateway(wire))[1]) is error


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((b"",), id="closes-at-once"),
        pytest.param((reply(503, {"error": "SERVICE_UNAVAILABLE"}),), id="unavailable"),
        pytest.param((sse(frame(1, "error", {"code": "INTERNAL_ERROR", "message": "x"})),), id="error-event"),
        pytest.param((sse(b"data: {\n\n"),), id="unknown-event-only"),
        pytest.param((sse(headers={"content-length": "99"}),), id="cut-off"),
        pytest.param((reply(200, {"content": "x"}),), id="no-event-stream"),
        pytest.param((sse(), 4.0), id="silent"),
    ],
)
def test_stream_that_fails_before_its_beginning_is_tried_again(wire: Wire, steps: tuple[Any, ...]) -> None:
    wire.play(*steps)
    wire.play(sse(BEGUN, DONE))
    assert [event for _, event in collect(gateway(wire))] == [Content("a"), Content("b"), Done()]
    assert [request.headers["x-idempotency-key"] for request in wire.requests] == ["turn-1"] * 2


def test_stream_that_breaks_while_resuming_still_says_where(wire: Wire) -> None:
    wire.play(sse(frame(5, "weather", {})), times=3)
    with pytest.raises(StreamBroken) as caught:
        collect(gateway(wire), after="4")
    assert caught.value.last_id == "4"
    assert {request.headers["last-event-id"] for request in wire.requests} == {"4"}


def test_stream_heartbeats_keep_it_alive_past_the_idle_limit(wire: Wire) -> None:
    wire.play(sse(BEGUN), *(BEATING * 7), DONE)
    events = collect(gateway(wire, timeouts=replace(QUICK, idle=0.35)))
    assert [event for _, event in events] == [Content("a"), Content("b"), Done()]


def test_stream_heartbeats_do_not_count_as_first_words(wire: Wire) -> None:
    wire.play(sse(), *(BEATING * 40))
    started = time.monotonic()
    with pytest.raises(PlatformUnavailable, match="did not go on in time"):
        collect(gateway(wire, timeouts=replace(QUICK, first=0.6)))
    assert 0.5 < time.monotonic() - started < 1.5


def test_stream_that_never_ends_is_ended(wire: Wire) -> None:
    wire.play(sse(), *(TALKING * 40))
    started = time.monotonic()
    with pytest.raises(StreamBroken):
        collect(gateway(wire, timeouts=replace(QUICK, stream=0.6)))
    assert time.monotonic() - started < 1.5


def test_stream_closed_by_the_reader_hangs_up(wire: Wire) -> None:
    wire.play(sse(BEGUN), 5.0)

    async def some() -> None:
        platform = gateway(wire)
        async with aclosing(platform.stream(ASK)) as events:
            await anext(events)
        assert await asyncio.to_thread(wire.abandoned.wait, 2)
        await platform.aclose()

    asyncio.run(some())


def test_stream_of_a_cancelled_task_hangs_up(wire: Wire) -> None:
    wire.play(sse(BEGUN), 5.0)

    async def some() -> None:
        platform = gateway(wire)
        task = asyncio.create_task(exhaust(platform))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(wire.abandoned.wait, 2)
        await platform.aclose()

    asyncio.run(some())


def test_stream_that_is_none_is_hung_up_at_once(wire: Wire) -> None:
    wire.play(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 99\r\n\r\n<p>", 5.0)
    wire.play(sse(BEGUN, DONE))

    async def some() -> None:
        platform = gateway(wire)
        await exhaust(platform)
        assert await asyncio.to_thread(wire.abandoned.wait, 2), "the connection leaks"
        await platform.aclose()

    asyncio.run(some())


# --- life cycle


def test_streams_run_in_several_event_loops_and_side_by_side(wire: Wire) -> None:
    wire.otherwise = lambda _: [sse(BEGUN), 0.2, DONE]
    platform = gateway(wire)

    async def many() -> list[int]:
        async def one() -> int:
            return len([event async for event in platform.stream(ASK)])

        try:
            return await asyncio.gather(*(one() for _ in range(10)))
        finally:
            await platform.aclose()

    started = time.monotonic()
    assert asyncio.run(many()) == asyncio.run(many()) == [3] * 10
    assert time.monotonic() - started < 2


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the loop that ends without closing is the point
def test_streams_after_a_loop_that_was_never_closed_work(wire: Wire) -> None:
    wire.otherwise = lambda _: [sse(BEGUN, DONE)]
    platform = gateway(wire)
    for _ in range(3):
        asyncio.run(exhaust(platform))


def test_streams_run_on_the_loop_of_the_web_server(wire: Wire) -> None:
    wire.play(sse(BEGUN), 0.1, DONE)
    wire.play(sse(BEGUN), 4.0)
    platform = gateway(wire, timeouts=replace(QUICK, idle=0.3))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(exhaust(platform))
        with pytest.raises(StreamBroken):
            runner.run(exhaust(platform))
        runner.run(platform.aclose())


def test_close_is_not_the_end(wire: Wire) -> None:
    wire.play(GOOD, times=2)
    platform = gateway(wire)
    platform.invoke(ASK)
    platform.close()
    platform.close()
    assert platform.invoke(ASK).content == "Yes."
    asyncio.run(platform.aclose())
