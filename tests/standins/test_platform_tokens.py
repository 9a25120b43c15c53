"""ES256 tokens of clients, against a real process that reads their keys from a file or a URL."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from tests.standins.platforms import KEY, PlatformProcess, TokenMaker, body, encoded, platform

COMMUNITIES = [{"id": "default", "key": KEY, "tier": "pro"}, {"id": "tokens-only", "key": "", "tier": "free"}]


@pytest.fixture(scope="module")
def maker() -> TokenMaker:
    return TokenMaker()


@pytest.fixture(scope="module")
def server(maker: TokenMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformProcess]:
    keys = tmp_path_factory.mktemp("keys") / "jwks.json"
    keys.write_text(maker.jwks())
    with platform(client_keys=str(keys), client_keys_cooldown_seconds=0, communities=COMMUNITIES) as running:
        yield running


def ask(server: PlatformProcess, token: str, sent: bytes, path: str = "/api/agents/invoke") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return server.http.post(path, content=sent, headers=headers)


SENT = json.dumps(body()).encode()


def test_token_for_this_body_is_accepted(server: PlatformProcess, maker: TokenMaker) -> None:
    assert ask(server, maker.token(SENT), SENT).status_code == 200
    streamed = ask(server, maker.token(SENT), SENT, "/api/agents/stream")
    assert streamed.text.endswith("event: done\ndata: null\n\n")


def test_token_for_a_read_needs_neither_jti_nor_hash(server: PlatformProcess, maker: TokenMaker) -> None:
    token = maker.token(jti=None, req_hash=None)
    for _ in range(2):
        assert server.get("/api/agents/models", token).status_code == 200


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "someone"}, "iss"),
        ({"aud": "elsewhere"}, "aud"),
        ({"aud": ["freeside"]}, "aud"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"iat": None}, "iat"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"tenant_id": None}, "tenant_id"),
        ({"tenant_id": "unknown"}, "tenant_id"),
        ({"tier": 7}, "tier"),
        ({"tier": "gold"}, "tier"),
        ({"nft_id": 7}, "nft_id"),
        ({"jti": None}, "jti"),
        ({"jti": 5}, "jti"),
        ({"req_hash": None}, "req_hash"),
    ],
    ids=str,
)
def test_token_with_a_wrong_claim_gives_401(
    server: PlatformProcess, maker: TokenMaker, claims: dict[str, Any], reason: str
) -> None:
    answer = ask(server, maker.token(SENT, **claims), SENT)
    assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHORIZED")
    assert reason in answer.json()["message"]


@pytest.mark.parametrize(
    ("issued", "lasts", "status"),
    [
        (0, 600, 200),
        (0, 601, 401),
        (0, -1, 401),
        (25, 60, 200),
        (40, 60, 401),
        (-80, 60, 200),
        (-100, 60, 401),
    ],
)
def test_token_times_have_thirty_seconds_of_grace(
    server: PlatformProcess, maker: TokenMaker, issued: int, lasts: int, status: int
) -> None:
    now = int(time.time())
    token = maker.token(SENT, iat=now + issued, exp=now + issued + lasts)
    assert ask(server, token, SENT).status_code == status


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"kid": "unknown"}, {"kid": None}, {"crit": []}])
def test_token_with_a_wrong_header_gives_401(
    server: PlatformProcess, maker: TokenMaker, header: dict[str, Any]
) -> None:
    assert ask(server, maker.token(SENT, header=header), SENT).status_code == 401


def test_token_tampered_with_gives_401(server: PlatformProcess, maker: TokenMaker) -> None:
    head, payload, signature = maker.token(SENT).split(".")
    other = maker.token(SENT, tenant_id="tokens-only").split(".")
    forged = TokenMaker().token(SENT)
    for token in (
        f"{head}.{other[1]}.{signature}",
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature[:-4]}",
        f"{head}.{payload}.{encoded(bytes(64))}",
        f"{head}.{payload}=.{signature}",
        "..",
        f"{encoded(b'[]')}.{encoded(b'{}')}.{signature}",
        forged,
    ):
        assert ask(server, token, SENT).status_code == 401, token


def test_token_used_twice_gives_409(server: PlatformProcess, maker: TokenMaker) -> None:
    token = maker.token(SENT)
    assert ask(server, token, SENT).status_code == 200
    replayed = ask(server, token, SENT)
    assert (replayed.status_code, replayed.json()["error"]) == (409, "JTI_REPLAY")


def test_token_for_other_bytes_gives_400_and_is_not_used_up(server: PlatformProcess, maker: TokenMaker) -> None:
    token = maker.token(SENT)
    mismatched = ask(server, token, SENT + b" ")
    assert (mismatched.status_code, mismatched.json()["error"]) == (400, "REQ_HASH_MISMATCH")
    assert ask(server, token, SENT).status_code == 200


def test_token_tier_lowers_the_communitys_and_never_lifts_it(server: PlatformProcess, maker: TokenMaker) -> None:
    def models(**claims: Any) -> list[str]:
        found: list[str] = server.get("/api/agents/models", maker.token(**claims)).json()["models"]
        return found

    assert models(tier="free") == ["cheap"]
    assert models(tier="enterprise") == models(tier=None) == ["cheap", "fast-code", "reviewer"]
    assert models(tenant_id="tokens-only", tier="enterprise") == ["cheap"]


def test_token_of_a_holder_may_not_see_the_budget(server: PlatformProcess, maker: TokenMaker) -> None:
    refused = server.get("/api/agents/budget", maker.token())
    assert (refused.status_code, refused.json()["error"]) == (403, "FORBIDDEN")
    assert server.get("/api/agents/budget", maker.token(role="admin")).json()["communityId"] == "default"
    assert server.get("/api/agents/budget", maker.token(role="qa_admin")).status_code == 200
    assert server.get("/api/agents/budget", maker.token(role="member")).status_code == 403


def test_tokens_of_two_users_have_limits_of_their_own(maker: TokenMaker, tmp_path: Path) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_text(maker.jwks())
    with platform(client_keys=str(keys), limits=True, communities=COMMUNITIES) as running:

        def burst(user: str) -> list[int]:
            return [ask(running, maker.token(SENT, sub=user, tier="free"), SENT).status_code for _ in range(4)]

        assert burst("one") == burst("two") == [200, 200, 200, 429]


def test_tokens_without_configured_keys_are_not_accepted(maker: TokenMaker) -> None:
    with platform() as running:
        answer = ask(running, maker.token(SENT), SENT)
        assert answer.status_code == 401
        assert "no client keys are configured" in answer.json()["message"]


class _Keys(BaseHTTPRequestHandler):
    document: ClassVar[bytes] = b""
    fetched: ClassVar[int] = 0

    def do_GET(self) -> None:
        type(self).fetched += 1
        self.send_response(200 if self.document else 500)
        self.end_headers()
        self.wfile.write(self.document)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the inherited name
        pass


def test_keys_at_a_url_are_fetched_once_and_again_for_an_unknown_kid() -> None:
    old, new = TokenMaker("old"), TokenMaker("new")
    _Keys.document, _Keys.fetched = old.jwks().encode(), 0
    web = ThreadingHTTPServer(("127.0.0.1", 0), _Keys)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{web.server_port}/jwks.json"
    try:
        with platform(client_keys=url, client_keys_cooldown_seconds=1) as running:
            for _ in range(3):
                assert ask(running, old.token(SENT), SENT).status_code == 200
            assert _Keys.fetched == 1
            _Keys.document = json.dumps({"keys": [new.jwk(), {"kty": "RSA", "kid": "x"}, 7]}).encode()
            assert ask(running, new.token(SENT), SENT).status_code == 401, "it has just looked"
            time.sleep(1.1)
            assert ask(running, new.token(SENT), SENT).status_code == 200
            assert _Keys.fetched == 2
            _Keys.document = b""
            time.sleep(1.1)
            assert ask(running, old.token(SENT), SENT).status_code == 401
            assert ask(running, new.token(SENT), SENT).status_code == 200, "what it has stays in use"
            assert _Keys.fetched == 3
    finally:
        web.shutdown()
        web.server_close()
