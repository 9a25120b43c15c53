"""Keys that others publish: fetched once, used for long, and never asked for by a stranger's whim."""

import json
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.adapters.jwks import Jwks, JwksOptions, read_keys
from app.adapters.platform_auth import Es256Credentials, TokenOptions
from app.adapters.platform_wire import Unreadable
from app.errors import ConfigurationError, PlatformUnavailable, Unauthorized
from app.provenance.jwt import SigningKey
from tests.adapters.wire import CLOCK, Wire, half, reply


def jwk(number: int) -> dict[str, str]:
    """The public side of a key made from a number."""
    key = ec.derive_private_key(number, ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Es256Credentials(pem, TokenOptions("i", "a", "t", "free"), clock=CLOCK, entropy=half).jwk()


OLD, NEW = jwk(1001), jwk(1002)
TAGGED = {"cache-control": "public, max-age=60", "etag": 'W/"0123456789abcdef"'}


def published(*keys: dict[str, Any], **headers: str) -> bytes:
    return reply(200, {"keys": list(keys)}, {name.replace("_", "-"): value for name, value in headers.items()})


class Rig:
    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.now = 1000.0
        url = wire.url + "/.well-known/jwks.json?key=s3cret"
        self.jwks = Jwks(JwksOptions(url, fresh=3600, stale=7200, cooldown=60, pause=5), monotonic=lambda: self.now)

    def known(self, kid: str) -> bool:
        try:
            self.jwks.key(kid)
        except Unauthorized:
            return False
        return True

    @property
    def asked(self) -> int:
        return len(self.wire.requests)


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Wire() as wire:
        made = Rig(wire)
        yield made
        made.jwks.close()


def test_key_is_fetched_once_and_is_the_published_one(rig: Rig) -> None:
    rig.wire.play(published(OLD, NEW))
    found = rig.jwks.key(OLD["kid"])
    data, signature = b"signed", SigningKey(ec.derive_private_key(1001, ec.SECP256R1())).sign(b"signed")
    assert found.jwk() == OLD and found.verifies(data, signature)
    rig.now += 3599
    assert rig.known(NEW["kid"])
    assert [request.target for request in rig.wire.requests] == ["/.well-known/jwks.json?key=s3cret"]


def test_key_past_its_freshness_is_asked_for_again_with_the_etag(rig: Rig) -> None:
    rig.wire.play(reply(200, {"keys": [OLD]}, TAGGED))
    rig.wire.play(b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\ncache-control: public, max-age=60\r\n\r\n")
    rig.wire.play(published(NEW))
    assert rig.known(OLD["kid"])
    rig.now += 61
    assert rig.known(OLD["kid"])
    assert rig.wire.requests[1].headers["if-none-match"] == TAGGED["etag"]
    rig.now += 59
    assert rig.known(OLD["kid"]) and rig.asked == 2
    rig.now += 2
    assert not rig.known(OLD["kid"]) and rig.known(NEW["kid"]) and rig.asked == 3


@pytest.mark.parametrize(("age", "fresh"), [("max-age=1", 60), ("public, max-age=600", 600), ("max-age=999999", 3600)])
def test_max_age_counts_within_bounds(rig: Rig, age: str, fresh: int) -> None:
    rig.wire.play(published(OLD, cache_control=age), times=2)
    assert rig.known(OLD["kid"])
    rig.now += fresh - 1
    assert rig.known(OLD["kid"]) and rig.asked == 1
    rig.now += 1
    assert rig.known(OLD["kid"]) and rig.asked == 2


def test_stale_keys_are_used_while_the_publisher_is_away_and_not_for_ever(rig: Rig) -> None:
    rig.wire.play(published(OLD))
    assert rig.known(OLD["kid"])
    rig.now += 3601
    for _ in range(5):
        assert rig.known(OLD["kid"])
    assert rig.asked == 2, "after a failure the publisher is left alone for a while"
    rig.now += 5
    assert rig.known(OLD["kid"]) and rig.asked == 3
    rig.now += 3600
    with pytest.raises(PlatformUnavailable):
        rig.jwks.key(OLD["kid"])
    rig.now += 5
    rig.wire.play(published(OLD))
    assert rig.known(OLD["kid"])


def test_unknown_key_id_asks_once_and_then_not_for_a_while(rig: Rig) -> None:
    rig.wire.play(published(OLD))
    rig.wire.play(published(OLD, NEW))
    assert rig.known(OLD["kid"])
    assert rig.known(NEW["kid"]) and rig.asked == 2, "rotation is seen at once"
    for number in range(50):
        assert not rig.known(f"made-up-{number}")
    assert rig.asked == 2
    rig.now += 60
    rig.wire.play(published(OLD, NEW), times=2)
    assert not rig.known("made-up") and not rig.known("made-up")
    assert rig.asked == 3


def test_unknown_key_id_on_the_first_question_asks_once(rig: Rig) -> None:
    rig.wire.play(published(OLD), times=2)
    assert not rig.known("made-up") and rig.asked == 1


@pytest.mark.parametrize(
    "answer",
    [
        reply(500, b""),
        reply(200, b"<html>"),
        reply(200, []),
        reply(200, {"keys": {}}),
        reply(302, b"", {"location": "/elsewhere"}),
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 70_000,
    ],
    ids=["500", "no-json", "no-object", "no-list", "redirect", "closed", "too-long"],
)
def test_publisher_that_makes_no_sense_is_unavailable_or_stale(rig: Rig, answer: bytes) -> None:
    rig.wire.play(answer)
    with pytest.raises(PlatformUnavailable) as caught:
        rig.jwks.key(OLD["kid"])
    assert "s3cret" not in str(caught.value) and caught.value.retryable
    rig.now += 5
    rig.wire.play(published(OLD))
    assert rig.known(OLD["kid"])
    rig.now += 3601
    rig.wire.play(answer)
    assert rig.known(OLD["kid"])


def test_many_threads_fetch_once(rig: Rig) -> None:
    rig.wire.play(0.2, published(OLD))
    found: list[bool] = []
    threads = [Thread(target=lambda: found.append(rig.known(OLD["kid"]))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 20 and rig.asked == 1


def test_stale_keys_are_given_while_another_thread_fetches(rig: Rig) -> None:
    rig.wire.play(published(OLD))
    assert rig.known(OLD["kid"])
    rig.now += 3601
    rig.wire.play(0.5, published(OLD))
    fetching = Thread(target=rig.known, args=(OLD["kid"],))
    fetching.start()
    while rig.asked < 2:
        time.sleep(0.01)
    started = time.monotonic()
    assert rig.known(OLD["kid"])
    assert time.monotonic() - started < 0.3
    fetching.join()


def test_read_keys_passes_over_what_it_cannot_use() -> None:
    bad: list[Any] = [
        {**OLD, "kid": "rsa", "kty": "RSA"},
        {**OLD, "kid": "curve", "crv": "P-384"},
        {**OLD, "kid": "use", "use": "enc"},
        {**OLD, "kid": "alg", "alg": "HS256"},
        {**OLD, "kid": "point", "y": OLD["x"]},
        {**OLD, "kid": "short", "x": "AAAA"},
        {**OLD, "kid": "missing", "x": None},
        {**OLD, "kid": 7},
        {name: value for name, value in OLD.items() if name != "kid"},
        "key",
    ]
    plain = {name: OLD[name] for name in ("kty", "crv", "x", "y")} | {"kid": "plain"}
    assert list(read_keys(json.dumps({"keys": [*bad, plain, NEW]}).encode())) == ["plain", NEW["kid"]]
    with pytest.raises(Unreadable):
        read_keys(b"null")


@pytest.mark.parametrize("url", ["", "nowhere", "ftp://h/", "http://user:s3cret@h/", "http://h:s3cret/"])
def test_url_that_is_none_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Jwks(JwksOptions(url))
    assert "s3cret" not in str(caught.value)


def test_repr_tells_no_secret(rig: Rig) -> None:
    assert "s3cret" not in repr(rig.jwks) + repr(JwksOptions("http://h/s3cret"))
