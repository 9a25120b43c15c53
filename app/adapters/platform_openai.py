"""AgentPlatform on any endpoint that speaks OpenAI's chat completions: hosted models, routers, local servers.

Such an endpoint knows no agents, communities or resumption: pools become model names, the budget is nobody's, and a
stream that broke needs a new key. What a turn costs is the endpoint's word where it gives one, else our price list.
"""

import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, get_args

from app.adapters.platform_auth import Credentials
from app.adapters.platform_clients import Call, HttpOptions
from app.adapters.platform_courier import Courier
from app.adapters.platform_openai_answers import Price, Reader, read_models
from app.adapters.platform_wire import check, encode
from app.dialogue import Ask, Budget, Event, Health, Pool, Reply
from app.errors import PlatformRefused, ResumeLost
from app.ports import Clock

_FUNCTION = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OpenAiOptions:
    http: HttpOptions
    """`base_url` usually ends in `/v1`."""
    model: str
    """Name of the model for every pool that `pools` does not name."""
    pools: Mapping[Pool, str] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    """By model name. A model that has none costs nothing."""
    tools: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By name: `description` and `parameters` (JSON schema) of the functions that asks may name."""
    tell_holder: bool = False
    """Whether the holder's pseudonym is sent along, as `user`; routers limit by it."""
    name: str = "openai"


class OpenAiPlatform:
    """See the port. Close it with `close()` and, in every event loop that streamed, `await aclose()`."""

    def __init__(
        self,
        options: OpenAiOptions,
        credentials: Credentials | None,
        *,
        clock: Clock,
        entropy: Callable[[int], bytes],
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`credentials` is None for a local server that wants none."""
        self.name = options.name
        self._options = options
        self._monotonic = monotonic
        self._courier = Courier(
            options.http, credentials, clock=clock, entropy=entropy, sleep=sleep, monotonic=monotonic
        )

    def __repr__(self) -> str:
        return f"OpenAiPlatform({self.name}, {self._courier!r})"

    def invoke(self, ask: Ask) -> Reply:
        return self._courier.invoke(self._call(ask), self._reader(ask).reply, pool=ask.pool)

    async def stream(self, ask: Ask, *, after: str | None = None) -> AsyncGenerator[tuple[str, Event], None]:
        """See the port. The ids are empty, and ResumeLost is what `after` always gets."""
        call = self._call(ask, stream=True)
        if after:
            raise ResumeLost("This endpoint cannot go on with an answer.", hint="Ask again under a new key.")
        async with aclosing(self._courier.stream(call, self._reader(ask).translate, pool=ask.pool)) as events:
            async for found in events:
                yield found

    def models(self) -> Sequence[str]:
        """The pools whose model the endpoint lists; all of them where it has no list."""
        listed = self._courier.ask(Call("GET", "/models", nothing=404), read_models)
        return tuple(pool for pool in get_args(Pool) if listed is None or self._model(pool) in listed)

    def budget(self) -> Budget | None:
        """None: the dialect has no such question."""
        return None

    def health(self) -> Health:
        started = self._monotonic()
        self._courier.probe(Call("GET", "/models", nothing=404), read_models)
        return Health({"endpoint": True}, {"endpoint": round((self._monotonic() - started) * 1000)})

    def close(self) -> None:
        self._courier.close()

    async def aclose(self) -> None:
        await self._courier.aclose()

    def _model(self, pool: Pool) -> str:
        return self._options.pools.get(pool, self._options.model)

    def _reader(self, ask: Ask) -> Reader:
        return Reader(self._options.prices, self._model(ask.pool))

    def _call(self, ask: Ask, *, stream: bool = False) -> Call:
        check(ask)
        if ask.ensemble is not None:
            raise PlatformRefused("This endpoint asks one model at a time and offers no ensembles.")
        body: dict[str, Any] = {
            "model": self._model(ask.pool),
            "messages": [{"role": message.role, "content": message.content} for message in ask.messages],
        }
        if ask.tools:
            body["tools"] = [self._tool(name) for name in ask.tools]
        if ask.holder and self._options.tell_holder:
            body["user"] = ask.holder
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        headers = {"idempotency-key": ask.key, "accept": "text/event-stream" if stream else "application/json"}
        return Call("POST", "/chat/completions", encode(body), headers, holder=ask.holder, channel=ask.channel)

    def _tool(self, name: str) -> dict[str, Any]:
        if not _FUNCTION.fullmatch(name):
            raise PlatformRefused("A tool's name is 1 to 64 letters, digits, _ or - for this endpoint.")
        return {"type": "function", "function": {"name": name, **self._options.tools.get(name, {})}}
