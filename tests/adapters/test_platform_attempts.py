"""Trying again at the agent gateway: with the same key, within the time, and not for ever."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import count as counting
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.adapters.platform_auth import ApiKey, Es256Credentials, TokenOptions
from app.adapters.platform_clients import HttpOptions
from app.adapters.platform_gateway import GatewayOptions, GatewayPlatform
from app.adapters.platform_retry import BreakerOptions, RetryOptions
from app.errors import BudgetExhausted, PlatformDenied, PlatformUnavailable
from tests.adapters.gateways import ASK, DONE, DRIPPING, GOOD, QUICK, collect, gateway
from tests.adapters.wire import CLOCK, Request, Wire, frame, half, reply, sse
from tests.servers import free_port


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as made:
        yield made


# --- trying again


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_invoke_tries_again_with_the_same_key_and_body(wire: Wire, status: int) -> None:
    wire.play(reply(status, b"<html>"), times=2)
    wire.play(GOOD)
    assert gateway(wire).invoke(ASK).content == "Yes."
    assert [request.headers["x-idempotency-key"] for request in wire.requests] == ["turn-1"] * 3
    assert len({request.body for request in wire.requests}) == 1


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((b"",), id="closes-at-once"),
        pytest.param((GOOD[:-3],), id="truncated"),
        pytest.param((b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}}",), id="no-json"),
        pytest.param((reply(200, []),), id="no-object"),
        pytest.param((reply(200, {"usage": {}}),), id="no-content"),
        pytest.param((reply(200, {"content": "x", "toolCalls": [{"name": "t", "arguments": "{"}]}),), id="arguments"),
        pytest.param((reply(200, b"[" * 50_000),), id="nested"),
        pytest.param((reply(200, b"x", {"content-encoding": "gzip"}),), id="compressed"),
        pytest.param((b"NONSENSE\r\n\r\n",), id="no-http"),
    ],
)
def test_invoke_answer_that_makes_no_sense_is_tried_again(wire: Wire, steps: tuple[bytes, ...]) -> None:
    wire.play(*steps)
    wire.play(GOOD)
    assert gateway(wire).invoke(ASK).content == "Yes."
    wire.play(*steps, times=3)
    with pytest.raises(PlatformUnavailable) as caught:
        gateway(wire).invoke(ASK)
    assert caught.value.retryable and caught.value.retry_after


def test_invoke_waits_for_a_limit_that_is_over_soon(wire: Wire) -> None:
    wire.play(reply(429, {"error": "RATE_LIMITED"}, {"retry-after": "1"}))
    wire.play(GOOD)
    started = time.monotonic()
    assert gateway(wire, retry=RetryOptions(3, 0.01, 1.5)).invoke(ASK).content == "Yes."
    assert time.monotonic() - started >= 1


def test_invoke_ends_in_time_however_slow_the_platform_is(wire: Wire) -> None:
    wire.play(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", *(DRIPPING * 50), times=9)
    started = time.monotonic()
    with pytest.raises(PlatformUnavailable, match=r"did not answer within 0\.5 seconds"):
        gateway(wire, timeouts=replace(QUICK, total=0.5)).invoke(ASK)
    assert time.monotonic() - started < 1.2 and len(wire.requests) == 1


def test_invoke_answer_of_absurd_size_is_not_read_and_not_asked_for_again(wire: Wire) -> None:
    wire.play(b"HTTP/1.1 200 OK\r\n\r\n", *([b" " * 65_536] * 400), 5.0)
    with pytest.raises(PlatformUnavailable, match="absurdly long"):
        gateway(wire, max_answer=1_000_000).invoke(ASK)
    assert len(wire.requests) == 1


def test_invoke_refusal_of_absurd_size_is_still_a_refusal(wire: Wire) -> None:
    wire.play(b"HTTP/1.1 402 No\r\n\r\n", *([b" " * 65_536] * 400), 5.0)
    with pytest.raises(BudgetExhausted):
        gateway(wire).invoke(ASK)


def test_nobody_there_is_unavailable() -> None:
    platform = gateway(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(PlatformUnavailable, match="can not be reached"):
        platform.invoke(ASK)
    with pytest.raises(PlatformUnavailable, match="can not be reached"):
        collect(platform)


def signer() -> Es256Credentials:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    numbers = counting()
    options = TokenOptions("dnft", "freeside", "t", "pro")
    return Es256Credentials(pem, options, clock=CLOCK, entropy=lambda size: next(numbers).to_bytes(size))


def claims(request: Request) -> dict[str, Any]:
    middle = request.headers["authorization"].removeprefix("Bearer ").split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(middle + "=="))
    return found


def test_replayed_token_is_answered_with_a_new_one_under_the_same_key(wire: Wire) -> None:
    wire.play(reply(409, {"error": "JTI_REPLAY"}))
    wire.play(GOOD)
    wire.play(reply(409, {"error": "JTI_REPLAY"}))
    wire.play(sse(frame(1, "content", {"text": "x"}), DONE))
    platform = gateway(wire, signer())
    platform.invoke(replace(ASK, holder="h-1"))
    collect(platform, replace(ASK, holder="h-1"))
    assert len({claims(request)["jti"] for request in wire.requests}) == 4
    assert {request.headers["x-idempotency-key"] for request in wire.requests} == {"turn-1"}
    for request in wire.requests:
        assert claims(request)["req_hash"] == f"sha256:{sha256(request.body).hexdigest()}"
        assert claims(request)["sub"] == "h-1"


def test_token_that_is_always_replayed_is_denied(wire: Wire) -> None:
    wire.play(reply(409, {"error": "JTI_REPLAY_DETECTED"}), times=3)
    with pytest.raises(PlatformDenied):
        gateway(wire, signer()).invoke(ASK)
    assert len(wire.requests) == 3


def test_circuit_opens_for_one_pool_and_closes_again(wire: Wire) -> None:
    wire.play(reply(503, b""), times=3)
    now = 100.0
    http = HttpOptions(wire.url, timeouts=QUICK, retry=RetryOptions(1), breaker=BreakerOptions(3, 10))
    platform = GatewayPlatform(GatewayOptions(http), ApiKey("k"), clock=CLOCK, entropy=half, monotonic=lambda: now)
    for _ in range(3):
        with pytest.raises(PlatformUnavailable):
            platform.invoke(ASK)
    for asked in (platform.invoke, lambda ask: collect(platform, ask)):
        with pytest.raises(PlatformUnavailable, match="left alone") as caught:
            asked(ASK)
        assert caught.value.retry_after == 10
    assert len(wire.requests) == 3, "nothing is sent through an open circuit"
    wire.play(GOOD, times=3)
    assert platform.invoke(replace(ASK, pool="cheap")).content == "Yes."
    now += 10
    assert platform.invoke(ASK).content == platform.invoke(ASK).content == "Yes."
