"""How a message is kept: its text and, for a reply, the events that brought it, so that a reader who has the first n can
be given the rest. What is kept is sealed; this module knows only the plain form."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from app.dialogue import Content, Thinking, ToolCall

MAX_THINKING: Final = 64_000
"""Characters of thinking that are kept of one reply."""


class Told(NamedTuple):
    """One event of a reply as readers get it; `seq` counts from 1 within the reply."""

    seq: int
    event: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Body:
    """A message in the plain."""

    text: str
    told: tuple[Told, ...] = ()


def merge(events: Iterable[Content | Thinking | ToolCall], after: int) -> list[Told]:
    """Events numbered from `after` + 1; neighbours of one kind become one."""
    merged: list[tuple[str, dict[str, Any]]] = []
    for event in events:
        if isinstance(event, ToolCall):
            merged.append(("tool_call", {"name": event.name, "arguments": dict(event.arguments)}))
            continue
        name = "content" if isinstance(event, Content) else "thinking"
        if not event.text:
            continue
        if merged and merged[-1][0] == name:
            merged[-1][1]["text"] += event.text
        else:
            merged.append((name, {"text": event.text}))
    return [Told(after + at, name, data) for at, (name, data) in enumerate(merged, 1)]


def text_of(told: Iterable[Told]) -> str:
    """What was said aloud."""
    return "".join(each.data["text"] for each in told if each.event == "content")


def encode(told: Sequence[Told]) -> str:
    return json.dumps([[each.event, each.data] for each in told], ensure_ascii=False, separators=(",", ":"))


def decode(text: str, after: int = 0) -> list[Told]:
    return [Told(after + at, event, data) for at, (event, data) in enumerate(json.loads(text), 1)]


def encode_body(body: Body) -> str:
    if not body.told:
        return json.dumps({"text": body.text}, ensure_ascii=False, separators=(",", ":"))
    return f'{{"told":{encode(body.told)}}}'


def decode_body(text: str) -> Body:
    found = json.loads(text)
    if "told" not in found:
        return Body(found["text"])
    told = tuple(Told(at, event, data) for at, (event, data) in enumerate(found["told"], 1))
    return Body(text_of(told), told)
