"""How a reply is kept: its text, and the events that brought it, so that a reader who has the first n of them can be
given the rest. Both are sealed; this module knows only the plain form."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.dialogue import Content, Thinking, ToolCall


class Told(NamedTuple):
    """One event of a reply as readers get it; `seq` counts from 1 within the reply."""

    seq: int
    event: str
    data: Mapping[str, Any]


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


def encode_piece(told: Sequence[Told]) -> str:
    return json.dumps([[each.event, each.data] for each in told], ensure_ascii=False, separators=(",", ":"))


def decode_piece(piece: str, first: int) -> list[Told]:
    """`first` is the number of its first event."""
    return [Told(first + at, event, data) for at, (event, data) in enumerate(json.loads(piece))]


def encode_log(told: Sequence[Told]) -> str:
    """The events without the text that is kept anyway: of content, only the length."""
    log = [len(each.data["text"]) if each.event == "content" else [each.event, each.data] for each in told]
    return json.dumps(log, ensure_ascii=False, separators=(",", ":"))


def decode_log(log: str, text: str) -> list[Told]:
    found, at = [], 0
    for seq, each in enumerate(json.loads(log), 1):
        if isinstance(each, int):
            found.append(Told(seq, "content", {"text": text[at : at + each]}))
            at += each
        else:
            found.append(Told(seq, each[0], each[1]))
    return found
