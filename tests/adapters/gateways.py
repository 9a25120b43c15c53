"""The gateway adapter against a server that plays bytes: what several test modules say alike."""

import asyncio
from dataclasses import replace
from typing import Any

from app.adapters.platform_auth import ApiKey, Credentials
from app.adapters.platform_clients import HttpOptions, Timeouts
from app.adapters.platform_gateway import GatewayOptions, GatewayPlatform
from app.adapters.platform_retry import RetryOptions
from app.dialogue import Ask, Event, Message
from app.errors import DnftError
from tests.adapters.wire import CLOCK, Step, Wire, frame, half, reply

AGENT = "eip155:1/erc721:0x00000000000000000000000000000000000000Ab/7"
ASK = Ask(AGENT, [Message("user", "Grüße?")], "turn-1")
QUICK = Timeouts(connect=1, first=3, idle=1, total=3, stream=5, quick=1)
RETRY = RetryOptions(3, 0.01, 0.05)
GOOD = reply(200, {"content": "Yes.", "usage": {"promptTokens": 3, "completionTokens": 1, "costUsd": 0.0000011}})
USAGE = {"promptTokens": 3, "completionTokens": 1, "costUsd": 0.000002}
DONE = frame(9, "done", None)


DRIPPING: list[Step] = [b"x", 0.1]
BEATING: list[Step] = [0.1, b": keepalive\n\n"]
BEGUN = frame(1, "content", {"text": "a"}) + frame(2, "content", {"text": "b"})
TALKING: list[Step] = [0.1, BEGUN]


def gateway(wire: Wire | str, credentials: Credentials | None = None, **changes: Any) -> GatewayPlatform:
    url = wire if isinstance(wire, str) else wire.url
    http = replace(HttpOptions(url, timeouts=QUICK, retry=RETRY), **changes)
    return GatewayPlatform(GatewayOptions(http), credentials or ApiKey("s3cret"), clock=CLOCK, entropy=half)


def collect(platform: GatewayPlatform, ask: Ask = ASK, after: str | None = None) -> list[tuple[str, Event]]:
    async def whole() -> list[tuple[str, Event]]:
        try:
            return [found async for found in platform.stream(ask, after=after)]
        finally:
            await platform.aclose()

    return asyncio.run(whole())


def broken(platform: GatewayPlatform) -> tuple[list[Event], DnftError]:
    """What came before a stream broke, and the error."""
    seen: list[Event] = []

    async def whole() -> DnftError:
        try:
            async for _, event in platform.stream(ASK):
                seen.append(event)
        except DnftError as error:
            return error
        finally:
            await platform.aclose()
        raise AssertionError(f"nothing broke: {seen}")

    return seen, asyncio.run(whole())


async def exhaust(platform: GatewayPlatform) -> None:
    """Read a stream to its end."""
    async for _ in platform.stream(ASK):
        pass
