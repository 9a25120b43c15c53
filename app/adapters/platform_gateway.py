"""AgentPlatform on the agent gateway (`/api/agents/*`).

Two habits of that gateway shape this module. It sends the headers of a stream before it looks at the request, so every
refusal of a stream looks like a 200 without events; the code is learnt by asking `/invoke` under the same key. And it
keeps no answers: a resumed stream goes on only where the platform behind it can.
"""

import re
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from app.adapters.platform_auth import Credentials
from app.adapters.platform_clients import Call, HttpOptions
from app.adapters.platform_courier import Courier
from app.adapters.platform_gateway_answers import (
    Empty,
    read_budget,
    read_health,
    read_models,
    read_reply,
    translate,
)
from app.adapters.platform_wire import check, encode, events_of
from app.dialogue import Ask, Budget, Event, Health, Reply
from app.errors import ResumeLost
from app.ports import Clock

ROOT = "/api/agents"
_ID = re.compile(r"[\x21-\x7e]{1,256}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    http: HttpOptions
    """`base_url` is the platform's root, without `/api/agents`."""
    name: str = "platform"


class GatewayPlatform:
    """See the port. Close it with `close()` and, in every event loop that streamed, `await aclose()`."""

    def __init__(
        self,
        options: GatewayOptions,
        credentials: Credentials,
        *,
        clock: Clock,
        entropy: Callable[[int], bytes],
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = options.name
        self._courier = Courier(
            options.http, credentials, clock=clock, entropy=entropy, sleep=sleep, monotonic=monotonic
        )

    def __repr__(self) -> str:
        return f"GatewayPlatform({self.name}, {self._courier!r})"

    def invoke(self, ask: Ask) -> Reply:
        return self._courier.invoke(_call(ask, "/invoke"), read_reply, pool=ask.pool)

    async def stream(self, ask: Ask, *, after: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        """See the port. What is learnt by asking `/invoke` comes as events whose ids are empty."""
        call = _call(ask, "/stream", after)
        try:
            async with aclosing(self._courier.stream(call, translate, pool=ask.pool, after=after or "")) as events:
                async for found in events:
                    yield found
            return
        except Empty:
            pass
        if after:
            # A whole answer could not be joined to the part that is known, and would be paid for.
            raise ResumeLost("The agent platform did not go on with the answer.", hint="Ask again under a new key.")
        reply = await self._courier.ainvoke(_call(ask, "/invoke"), read_reply, pool=ask.pool)
        for event in events_of(reply):
            yield "", event

    def models(self) -> Sequence[str]:
        return self._courier.ask(Call("GET", f"{ROOT}/models"), read_models)

    def budget(self) -> Budget | None:
        """None when our credentials are not an administrator's."""
        return self._courier.ask(Call("GET", f"{ROOT}/budget", nothing=403), read_budget)

    def health(self) -> Health:
        return self._courier.probe(Call("GET", f"{ROOT}/health", named=False), read_health)

    def close(self) -> None:
        self._courier.close()

    async def aclose(self) -> None:
        await self._courier.aclose()


def _call(ask: Ask, path: str, after: str | None = None) -> Call:
    """Raises PlatformRefused for an ask that cannot be sent, ResumeLost for an id that cannot."""
    check(ask)
    headers = {
        "x-idempotency-key": ask.key,
        "accept": "text/event-stream" if path == "/stream" else "application/json",
    }
    if ask.channel:
        headers["x-channel-id"] = ask.channel
    if after:
        if not _ID.fullmatch(after):
            raise ResumeLost("No answer of the agent platform has such an event id.", hint="Ask again under a new key.")
        headers["last-event-id"] = after
    return Call("POST", ROOT + path, encode(_body(ask)), headers, holder=ask.holder, channel=ask.channel)


def _body(ask: Ask) -> dict[str, Any]:
    body: dict[str, Any] = {
        "agent": ask.agent,
        "messages": [{"role": message.role, "content": message.content} for message in ask.messages],
    }
    # The alias `native` is on the list of the highest tier only, and refused to the others; no alias means the same
    # (the default of the tier) and is open to all.
    if ask.pool != "native":
        body["modelAlias"] = ask.pool
    if ask.tools:
        body["tools"] = list(ask.tools)
    if ask.metadata:
        body["metadata"] = dict(ask.metadata)
    if ask.ensemble is not None:
        ensemble = ask.ensemble
        options = {"models": list(ensemble.models) or None, "n": ensemble.n, "quorum": ensemble.quorum}
        given = {name: value for name, value in options.items() if value is not None}
        body["ensemble"] = {"strategy": ensemble.strategy, **given}
    return body
