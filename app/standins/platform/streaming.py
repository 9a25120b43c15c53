"""A turn as server-sent events: frames, heartbeats, and the ways a stream can fail."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from app.standins.platform.faults import Fault
from app.standins.platform.http import Exchange
from app.standins.platform.refusals import Refusal
from app.standins.platform.turns import Event, Turn, frame

KEEPALIVE: Final = b": keepalive\n\n"
_BEFORE_RESET: Final = 0.05
"""Seconds for what was sent to arrive: a reset overtakes it."""
_GARBAGE: Final = b'{"text": "\xff\xfe'


@dataclass(frozen=True, slots=True)
class Manner:
    """How this server streams."""

    heartbeat_seconds: float
    server_id: str
    strict: bool


async def follow(turn: Turn, after: int, exchange: Exchange, manner: Manner, fault: Fault | None) -> None:
    """Send the turn's events after event `after` until its end or a fault's. Not strict, a turn that failed just ends;
    strict, an `error` event says why. The answer is begun before and ended here."""
    beat = monotonic() + manner.heartbeat_seconds
    sent = 0
    try:
        while True:
            if await turn.news(after, beat - monotonic()):
                events = turn.after(after)
                if not events:  # all is sent, and it is over
                    break
                after = events[-1].number
                if fault is None:
                    await exchange.send(b"".join(event.frame(manner.server_id) for event in events))
                elif not await _send_faulty(events, sent, exchange, manner, fault):
                    return
                sent += len(events)
            if monotonic() >= beat:
                await exchange.send(KEEPALIVE)
                beat += manner.heartbeat_seconds
        failure = turn.failure
    except Refusal as lost:  # the listener is so slow that events it hasn't had are gone
        failure = lost
    if failure is not None and manner.strict:
        await exchange.send(_error(after + 1, failure.body(), manner))
    await exchange.end()


async def _send_faulty(events: Sequence[Event], sent: int, exchange: Exchange, manner: Manner, fault: Fault) -> bool:
    """Send events one by one until the fault strikes; False when it ended the answer."""
    for count, event in enumerate(events, sent):
        if fault.after_events is not None and count == fault.after_events:
            return await _strike(event, exchange, manner, fault)
        data: Any = event.data
        if event.name == "usage":
            data = fault.used_usage(data)
            if data is None:
                continue
        await exchange.send(Event(event.number, event.name, data).frame(manner.server_id))
    return True


async def _strike(event: Event, exchange: Exchange, manner: Manner, fault: Fault) -> bool:
    if fault.garbage:
        name = f"{manner.server_id}:{event.number}" if manner.server_id else str(event.number)
        await exchange.send(frame(name, event.name, _GARBAGE))
    if fault.error_event is not None:
        await exchange.send(_error(event.number, dict(fault.error_event), manner))
    if fault.drop:
        await asyncio.sleep(_BEFORE_RESET)
        exchange.drop()
    else:
        await exchange.end()
    return False


def _error(number: int, told: dict[str, Any], manner: Manner) -> bytes:
    data = {"code": told.get("code", told.get("error", "INTERNAL_ERROR")), "message": told.get("message", "")}
    return Event(number, "error", data).frame(manner.server_id)
