"""What the agent gateway answers, in our own terms. Pure: bytes and events in, values out.

Numbers named `…_micro` in the accounting of ensembles are wrong by factors, so they are handed on unread.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from app.adapters.platform_failures import broken, failure_of_event
from app.adapters.platform_sse import SseEvent
from app.adapters.platform_wire import (
    Unreadable,
    arguments,
    count,
    decode,
    mapping,
    optional_text,
    plain,
    read_usage,
    text,
)
from app.dialogue import Budget, Content, Done, Event, Health, Reply, Thinking, ToolCall, Usage

_KNOWN = frozenset({"content", "thinking", "tool_call", "usage", "done", "error"})


class Empty(Exception):
    """A stream ended before its first event."""


def read_reply(data: bytes) -> Reply:
    found = mapping(decode(data), "reply")
    metadata = found["metadata"] if isinstance(found.get("metadata"), dict) else {}
    ensemble = found.get("ensemble_accounting")
    calls = found.get("toolCalls") or found.get("tool_calls") or []
    if not isinstance(calls, list):
        raise Unreadable("has tool calls that are no list")
    return Reply(
        content=text(found.get("content"), "content"),
        usage=read_usage(found.get("usage")),
        model=optional_text(found.get("model")) or optional_text(metadata.get("model")),
        thinking=optional_text(found.get("thinking")),
        tool_calls=tuple(_tool_call(call) for call in calls),
        metadata=plain(metadata),
        ensemble=plain(ensemble) if isinstance(ensemble, dict) else None,
    )


def _tool_call(value: Any) -> ToolCall:
    call = mapping(value, "tool call")
    return ToolCall(text(call.get("name") or None, "tool name"), arguments(call.get("args", call.get("arguments"))))


async def translate(raw: AsyncIterator[SseEvent]) -> AsyncGenerator[tuple[str, Event], None]:
    """Ours for the gateway's; types we do not know are passed over, and so is usage after the first."""
    empty, metered = True, False
    async for event in raw:
        empty = False
        found = _event(event)
        if isinstance(found, Usage):
            if metered:
                continue
            metered = True
        if found is not None:
            yield event.id, found
        if isinstance(found, Done):
            return
    if empty:
        raise Empty
    raise broken("ended before it was whole")


def _event(event: SseEvent) -> Event | None:
    """Raises Failure for an error event and for what cannot be read."""
    if event.type not in _KNOWN:
        return None
    try:
        data = decode(event.data)
        match event.type:
            case "content":
                return Content(text(mapping(data, "content").get("text"), "content"))
            case "thinking":
                return Thinking(text(mapping(data, "thinking").get("text"), "thinking"))
            case "tool_call":
                return _tool_call(data)
            case "usage":
                return read_usage(data)
            case "done":
                return Done(optional_text(data.get("model")) if isinstance(data, dict) else "")
    except Unreadable as problem:
        failed = broken(f"holds an event that {problem}")
    else:
        failed = failure_of_event(data)
    raise failed


def read_models(data: bytes) -> tuple[str, ...]:
    found = mapping(decode(data), "models").get("models")
    if not isinstance(found, list):
        raise Unreadable("has no list of models")
    return tuple(model for model in found if isinstance(model, str))


def read_budget(data: bytes) -> Budget | None:
    """Cents on the wire; None for an empty body."""
    if not data:
        return None
    found = mapping(decode(data), "budget")
    limit, spent, left = (_cents(found.get(f"{name}Cents")) for name in ("monthlyLimit", "currentSpend", "remaining"))
    return Budget(limit, spent, left, found.get("warningThresholdReached") is True)


def _cents(value: Any) -> int:
    """Micro-USD of whole cents; an overdrawn budget has nothing left."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable("names no amount in cents")
    return max(value, 0) * 10_000


def read_health(data: bytes) -> Health:
    found = mapping(decode(data), "health")
    parts = {name: part for name, part in found.items() if isinstance(part, dict)}
    if not parts:
        raise Unreadable("names no part")
    return Health(
        {name: part.get("healthy") is True for name, part in parts.items()},
        {name: count(part.get("latencyMs")) or 0 for name, part in parts.items()},
    )
