"""What endpoints in OpenAI's dialect answer, in our own terms. Pure: bytes and events in, values out.

Read generously: thinking is called `reasoning_content` (DeepSeek, vLLM) or `reasoning` (routers), usage comes in a last
chunk, in the last one with text, or cumulated in all of them, and `[DONE]` may be missing.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.adapters.platform_failures import broken, failure_of_event
from app.adapters.platform_sse import SseEvent
from app.adapters.platform_wire import Unreadable, arguments, count, decode, mapping, optional_text, read_usage, text
from app.dialogue import Content, Done, Event, Reply, Thinking, ToolCall, Usage


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-USD for a million tokens, which is the number of US dollars for a million tokens times a million."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Of the answers to one ask."""

    prices: Mapping[str, Price]
    """By model name, as the endpoint answers it or as it was asked for."""
    asked: str
    """Name of the model that was asked for."""

    def reply(self, data: bytes) -> Reply:
        found = mapping(decode(data), "reply")
        if "error" in found and not found.get("choices"):
            raise failure_of_event(found)  # some routers report errors with status 200
        message = mapping(mapping(_first(found), "choice").get("message"), "message")
        calls = message.get("tool_calls") or []
        if not isinstance(calls, list):
            raise Unreadable("has tool calls that are no list")
        tools = tuple(_tool_call(mapping(mapping(call, "tool call").get("function"), "function")) for call in calls)
        content = message.get("content")
        model = optional_text(found.get("model"))
        return Reply(
            content="" if content is None and (tools or _thinking(message)) else text(content, "content"),
            usage=self._usage(found.get("usage"), model),
            model=model,
            thinking=_thinking(message),
            tool_calls=tools,
        )

    async def translate(self, raw: AsyncIterator[SseEvent]) -> AsyncGenerator[tuple[str, Event], None]:
        """Text as it comes; tool calls, usage and Done at the end, when they are whole."""
        turn = _Turn()
        async for event in raw:
            if event.data.strip() == "[DONE]":
                turn.finished = True
                break
            for found in _guarded(turn, event):
                yield "", found
        if not turn.finished:
            raise broken("ended before it was whole")
        try:
            closing = [*turn.tool_calls(), self._usage(turn.usage, turn.model)]
        except Unreadable as problem:
            failed = broken(f"holds a tool call that {problem}")
        else:
            for last in closing:
                if last is not None:
                    yield "", last
            yield "", Done(turn.model)
            return
        raise failed

    def _usage(self, value: Any, model: str) -> Usage | None:
        """`cost` in US dollars is what routers add."""
        if not isinstance(value, dict):
            return None
        if said := read_usage(value, "cost"):
            return said
        prompt, completion = count(value.get("prompt_tokens")), count(value.get("completion_tokens", 0))
        if prompt is None or completion is None:
            return None
        price = self.prices.get(model) or self.prices.get(self.asked) or Price(0, 0)
        return Usage(prompt, completion, -(-(prompt * price.prompt + completion * price.completion) // 1_000_000))


def read_models(data: bytes) -> frozenset[str] | None:
    """Names of the models; None for an empty body."""
    if not data:
        return None
    found = mapping(decode(data), "models").get("data")
    if not isinstance(found, list):
        raise Unreadable("has no list of models")
    return frozenset(optional_text(model.get("id")) for model in found if isinstance(model, dict))


@dataclass(slots=True)
class _Turn:
    """What a stream has told so far."""

    model: str = ""
    usage: Any = None
    finished: bool = False
    calls: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Name and arguments by index, as far as they have come."""

    def take(self, chunk: Mapping[str, Any]) -> Iterator[Event]:
        """The events of one chunk. Raises Unreadable."""
        self.model = optional_text(chunk.get("model")) or self.model
        self.usage = chunk.get("usage") or self.usage
        if not chunk.get("choices"):
            return
        choice = mapping(_first(chunk), "choice")
        delta = mapping(choice.get("delta") or {}, "delta")
        if thinking := _thinking(delta):
            yield Thinking(thinking)
        if (content := delta.get("content")) not in (None, ""):
            yield Content(text(content, "content"))
        for part in delta.get("tool_calls") or ():
            index = count(mapping(part, "tool call").get("index", 0))
            function = mapping(part.get("function") or {}, "function")
            name, written = self.calls.get(index or 0, ("", ""))
            self.calls[index or 0] = (
                name or optional_text(function.get("name")),
                written + optional_text(function.get("arguments")),
            )
        self.finished = self.finished or isinstance(choice.get("finish_reason"), str)

    def tool_calls(self) -> list[Event]:
        return [_tool_call({"name": name, "arguments": written}) for _, (name, written) in sorted(self.calls.items())]


def _guarded(turn: _Turn, event: SseEvent) -> Iterator[Event]:
    """The events of one server-sent event. Raises Failure for an error and for what cannot be read."""
    try:
        chunk = mapping(decode(event.data), "chunk")
        if chunk.get("error"):
            failed = failure_of_event(chunk)
        else:
            yield from turn.take(chunk)
            return
    except Unreadable as problem:
        failed = broken(f"holds an event that {problem}")
    raise failed


def _first(found: Mapping[str, Any]) -> Any:
    choices = found.get("choices")
    if not isinstance(choices, list) or not choices:
        raise Unreadable("has no choices")
    return choices[0]


def _thinking(message: Mapping[str, Any]) -> str:
    return optional_text(message.get("reasoning_content")) or optional_text(message.get("reasoning"))


def _tool_call(function: Mapping[str, Any]) -> ToolCall:
    return ToolCall(text(function.get("name") or None, "tool name"), arguments(function.get("arguments")))
