"""Signing in at a real server: who gets a session, how it is carried, and how it ends."""

import dataclasses
import json
import random
import socket
import subprocess
import time
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from app.bootstrap import World
from app.provenance import jwt, siwe
from app.provenance.signatures import MAX_SIGNATURE
from app.services.sessions import STATEMENT
from tests.api.conftest import BACKENDS
from tests.parts import Postgres
from tests.ports.test_signature import NodeRig
from tests.provenance.test_siwe import mutated
from tests.services.test_sessions_clients import CLIENT
from tests.signing import Visitor, challenge, present, sign, sign_in, wallet
from tests.standins.nodes import CHAIN_ID, NPM, running, start_embedded
from tests.worlds import ORIGIN, RunningServer, open_world, running_server

ALICE, BOB = wallet("alice"), wallet("bob")
NOWHERE = SecretStr("http://127.0.0.1:1")
TELLS = ("Traceback", 'File "', "site-packages", "sqlalchemy", "psycopg", "SELECT ", "INSERT ")


@dataclasses.dataclass(frozen=True, slots=True)
class Door:
    """A running server that people sign in at, and its world as another process has it."""

    server: RunningServer
    world: World
    chain: NodeRig
    """Where contract accounts can be made: chain 31337."""

    @property
    def here(self) -> str:
        """Origin of the server's own pages."""
        return self.server.url


@pytest.fixture(scope="module", params=BACKENDS)
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """On either database. Sign-in takes accounts of chains 1 and 31337; the node of 1 is down."""
    url = None
    if request.param == "postgres":
        cluster: Postgres = request.getfixturevalue("postgres")
        url = cluster.url()
    with running(start_embedded(tmp_path_factory.mktemp("chain"))) as node:
        world = open_world(
            tmp_path_factory.mktemp("door"),
            url,
            rpc_urls={1: NOWHERE, CHAIN_ID: SecretStr(node.url)},
            challenges_per_minute=100_000,
        )
        with running_server(world) as server:
            yield Door(server, world, NodeRig(node))
        world.close()


@pytest.fixture(scope="module")
def alice(door: Door) -> Visitor:
    return sign_in(door.server, ALICE, 1)


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, after looking at its manners."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["detail"]
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    return answer.status_code, body["code"]


def moment(seconds: float = 0) -> str:
    return siwe.format_time(datetime.now(UTC) + timedelta(seconds=seconds))


def enter(door: Door, message: str, signature: str | None = None) -> httpx.Response:
    return present(door.server, message, sign(message, ALICE) if signature is None else signature)


# --- signing in -------------------------------------------------------------------------------------------------------


def test_challenge_is_a_message_for_this_site_and_account(door: Door) -> None:
    url = f"{door.server.url}/v1/auth/challenge"
    answer = door.server.client.get(url, params={"address": ALICE.address.lower(), "chainId": 1})
    said = siwe.parse(answer.json()["message"])
    assert (said.domain, said.uri, said.statement) == ("agents.example", ORIGIN, STATEMENT)
    assert (said.address, said.chain_id) == (ALICE.address, 1)
    assert answer.json()["expiresAt"] == said.expiration_time
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "query",
    [
        "",
        f"address={ALICE.address}",
        "chainId=1",
        f"address={ALICE.address}&chainId=x",
        f"address={ALICE.address}&chainId=1.5",
        f"address={ALICE.address}&chainId=" + "9" * 5000,
        f"address={ALICE.address}&chainId=-1",
        f"address={ALICE.address}&chainId=137",
        f"address={ALICE.address[:-1]}&chainId=1",
        f"address={ALICE.address}0&chainId=1",
        f"address={ALICE.address.swapcase()}&chainId=1",
        "address=alice.eth&chainId=1",
        "address=%00&chainId=1",
        "address=%ff%fe&chainId=1",
    ],
)
def test_challenge_for_what_is_no_account_is_refused(door: Door, query: str) -> None:
    status, name = code(door.server.get(f"/v1/auth/challenge?{query}"))
    assert (status, name) in {(400, "invalid"), (400, "malformed-request")}


def test_sign_in_gives_a_session_that_every_process_knows(door: Door) -> None:
    message = challenge(door.server, ALICE.address, 1)
    answer = enter(door, message)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    body = answer.json()
    assert body.keys() == {"account", "token", "expiresAt", "renewableUntil"}
    assert body["account"] == f"eip155:1:{ALICE.address}"
    session = door.world.sessions.authenticate(body["token"])
    assert str(session.account) == body["account"]
    assert siwe.format_time(session.expires_at) == body["expiresAt"]
    assert siwe.format_time(session.until) == body["renewableUntil"]

    visitor = Visitor(door.server, body["account"], body["token"])
    me = visitor.send("GET", "/v1/auth/me")
    assert me.json() == {name: value for name, value in body.items() if name != "token"}
    assert me.headers["cache-control"] == "no-store"
    assert body["token"] not in door.server.log


def test_sign_in_takes_a_message_the_client_wrote(door: Door) -> None:
    given = siwe.parse(challenge(door.server, ALICE.address, 1))
    own = dataclasses.replace(
        given, uri=f"{ORIGIN}/agents/1?a=b", expiration_time=None, issued_at=moment(30), request_id="7"
    )
    assert enter(door, siwe.build(own)).status_code == 200


@pytest.mark.part("node")
def test_sign_in_with_the_library_of_front_ends(door: Door, alice: Visitor) -> None:
    assert (NPM / "viem").is_dir(), "viem is not installed: npm install --prefix .tools/npm viem"
    theirs = challenge(door.server, ALICE.address, 1)
    given = {
        "key": "0x" + bytes(ALICE.key).hex(),
        "domain": "agents.example",
        "uri": f"{ORIGIN}/agents",
        "statement": STATEMENT,
        "nonce": siwe.parse(challenge(door.server, ALICE.address, 1)).nonce,
        "chainId": 1,
        "issuedAt": datetime.now(UTC).isoformat(),
        "challenge": theirs,
        "token": alice.token,
        "jwks": door.server.get("/.well-known/jwks.json").json(),
    }
    ended = subprocess.run(
        ["node", str(CLIENT), str(NPM), json.dumps(given)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    assert seen["understood"] is True
    assert (seen["alg"], seen["genuine"]) == ("ES256", True)
    for message, signature in ((seen["message"], seen["signature"]), (theirs, seen["compact"])):
        answer = enter(door, message, signature)
        assert answer.status_code == 200, answer.text
        assert answer.json()["account"] == alice.account


def test_sign_in_by_a_contract_account_lasts_until_the_next_signature(door: Door) -> None:
    safe = door.chain.wallet(BOB)
    message = challenge(door.server, safe.address, CHAIN_ID)
    answer = enter(door, message, sign(message, BOB))
    assert answer.status_code == 200, answer.text
    assert answer.json()["account"] == str(safe)
    assert answer.json()["expiresAt"] == answer.json()["renewableUntil"]
    again = challenge(door.server, safe.address, CHAIN_ID)
    assert code(enter(door, again, sign(again, ALICE))) == (401, "unauthorized")


def test_sign_in_by_a_contract_account_to_be(door: Door) -> None:
    promised = door.chain.promised(BOB, 6492)
    message = challenge(door.server, promised.account.address, CHAIN_ID)
    wrapped = promised.wrap(bytes.fromhex(sign(message, BOB)[2:]))
    answer = enter(door, message, "0x" + wrapped.hex())
    assert answer.status_code == 200, answer.text
    assert answer.json()["account"] == str(promised.account)


def test_sign_in_while_the_chain_is_down_may_be_sent_again(door: Door) -> None:
    message = challenge(door.server, BOB.address, 1)
    for _ in range(2):
        answer = enter(door, message, "0x" + "01" * 70)
        assert code(answer) == (504, "chain-unavailable")
        assert answer.headers["retry-after"]
        assert answer.json()["retryable"] is True
    assert enter(door, message, sign(message, BOB)).status_code == 200  # a key needs no chain


# --- who does not get in ----------------------------------------------------------------------------------------------


def test_sign_in_again_with_the_same_message_is_refused(door: Door) -> None:
    message = challenge(door.server, ALICE.address, 1)
    assert enter(door, message).status_code == 200
    for _ in range(2):
        answer = enter(door, message)
        assert code(answer) == (401, "unauthorized")
        assert "nonce" in answer.json()["detail"]


def test_sign_in_by_many_at_once_works_for_one(door: Door) -> None:
    for _ in range(5):
        message = challenge(door.server, ALICE.address, 1)
        signature = sign(message, ALICE)
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _, m=message, s=signature: enter(door, m, s).status_code, range(16)))
        assert Counter(answers) == {200: 1, 401: 15}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"domain": "evil.example"}, "another site"),
        ({"domain": "127.0.0.1"}, "another site"),
        ({"scheme": "http"}, "another site"),
        ({"uri": "https://evil.example"}, "URI"),
        ({"chain_id": 137}, "chain 137"),
        ({"statement": "I give everything to evil.example."}, "statement"),
        ({"expiration_time": moment(-1)}, "expired"),
        ({"not_before": moment(3600)}, "not valid yet"),
        ({"issued_at": moment(3600)}, "future"),
        ({"issued_at": moment(-86_400), "expiration_time": None}, "too old"),
        ({"nonce": "0" * 32}, "nonce"),
        ({"nonce": "a" * 3000}, "nonce"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_sign_in_refuses_what_we_would_not_have_said(door: Door, changes: dict[str, Any], why: str) -> None:
    given = siwe.parse(challenge(door.server, ALICE.address, 1))
    answer = enter(door, siwe.build(dataclasses.replace(given, **changes)))
    assert code(answer) == (401, "unauthorized")
    assert why in answer.json()["detail"]
    assert answer.json()["hint"]


def test_sign_in_for_another_account_is_refused(door: Door) -> None:
    message = challenge(door.server, ALICE.address, CHAIN_ID)
    assert code(enter(door, message, sign(message, BOB))) == (401, "unauthorized")
    assert code(enter(door, message)) == (401, "unauthorized")  # the try used the message up


def test_sign_in_with_an_altered_message_is_refused(door: Door) -> None:
    message = challenge(door.server, ALICE.address, CHAIN_ID)
    signature = sign(message, ALICE)
    hers = message.replace(ALICE.address, BOB.address)
    assert code(enter(door, hers, signature)) == (401, "unauthorized")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "\n",
        lambda text: text.replace("Version: 1", "Version: 2"),
        lambda text: text.replace("agents.", "аgents."),
        lambda text: text.replace(ALICE.address, ALICE.address.lower()),
        lambda text: text + "\nResources:\n- a:" + "a" * 4096,
        lambda text: "",
        lambda text: "\0" * 100,
    ],
    ids=["CRLF", "line", "version", "homoglyph", "lower", "oversized", "empty", "zeros"],
)
def test_sign_in_with_a_malformed_message_is_invalid(door: Door, change: Callable[[str], str]) -> None:
    message = change(challenge(door.server, ALICE.address, 1))
    status, name = code(enter(door, message))
    assert (status, name) in {(400, "invalid"), (400, "malformed-request")}


@pytest.mark.parametrize("signature", ["", "0x", "0xzz", "0x0", "garbage", "0x" + "00" * (MAX_SIGNATURE + 1)])
def test_sign_in_with_what_is_no_signature_leaves_the_message_good(door: Door, signature: str) -> None:
    message = challenge(door.server, ALICE.address, 1)
    assert code(enter(door, message, signature))[0] == 400
    assert enter(door, message).status_code == 200


BODIES: dict[str, tuple[bytes, str, int]] = {
    "nothing": (b"", "application/json", 400),
    "no JSON": (b"{", "application/json", 400),
    "an array": (b"[]", "application/json", 400),
    "a number": (b"7", "application/json", 400),
    "not UTF-8": (b'{"message": "\xff"}', "application/json", 400),
    "half a character": (b'{"message": "\\ud800", "signature": "0x00"}', "application/json", 400),
    "half a name": (b'{"\\ud800": 1}', "application/json", 400),
    "nested": (b"[" * 60_000, "application/json", 400),
    "a long number": (b'{"message": ' + b"1" * 9000 + b"}", "application/json", 400),
    "other types": (b'{"message": ["a"], "signature": {}}', "application/json", 400),
    "one more member": (b'{"message": "a", "signature": "0x00", "admin": true}', "application/json", 400),
    "a form": (b"message=a&signature=0x00", "application/x-www-form-urlencoded", 400),
    "plain text": (b'{"message": "a", "signature": "0x00"}', "text/plain", 400),
    "too long": (b'{"message": "' + b"a" * 65_536 + b'"}', "application/json", 413),
    "far too long": (b" " * 5_000_000, "application/json", 413),
}


@pytest.mark.parametrize("name", BODIES)
def test_sign_in_with_another_body_is_refused(door: Door, name: str) -> None:
    body, media_type, status = BODIES[name]
    url = f"{door.server.url}/v1/auth/session"
    answer = door.server.client.post(url, content=body, headers={"content-type": media_type})
    assert code(answer) == (status, "too-large" if status == 413 else "malformed-request")


def test_sign_in_with_a_long_body_in_pieces_is_refused_before_its_end(door: Door) -> None:
    sent: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(400):
            sent.append(number)
            yield b" " * 65_536

    url, headers = f"{door.server.url}/v1/auth/session", {"content-type": "application/json"}
    try:
        answer = door.server.client.post(url, content=pieces(), headers=headers)
        assert code(answer) == (413, "too-large")
    except httpx.WriteError:  # hung up on, which is an answer too
        assert len(sent) < 400
    assert door.server.get("/healthz").status_code == 200


def test_sign_in_hung_up_in_the_middle_of_the_body_is_no_error_of_ours(door: Door) -> None:
    before = len(door.server.log)
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", door.server.port), timeout=5) as connection:
            connection.sendall(
                b"POST /v1/auth/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 500\r\n\r\n{"
            )
            time.sleep(0.05)
    time.sleep(0.2)
    assert door.server.get("/healthz").status_code == 200
    assert "unhandled" not in door.server.log[before:]
    assert "Traceback" not in door.server.log[before:]


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer x", "Basic dXNlcjpwYXNz", "bearer a.b.c", "Bearer " + "a" * 5000, "\xff"],
)
def test_what_is_no_token_is_refused(door: Door, authorization: str) -> None:
    headers = {b"authorization": authorization.encode("latin-1")}
    answer = door.server.client.get(f"{door.server.url}/v1/auth/me", headers=headers)
    assert code(answer) == (401, "unauthorized")


def test_token_of_our_shape_by_another_key_is_refused(door: Door, alice: Visitor) -> None:
    session = door.world.sessions.authenticate(alice.token)
    claims = {
        "iss": ORIGIN,
        "aud": ORIGIN,
        "sub": str(session.account),
        "iat": int(session.issued_at.timestamp()),
        "exp": int(session.expires_at.timestamp()),
        "jti": "0" * 32,
        "sid": session.id,
        "until": int(session.until.timestamp()),
    }
    forged = jwt.encode(claims, jwt.SigningKey.generate())
    assert code(Visitor(door.server, "", forged).send("GET", "/v1/auth/me")) == (401, "unauthorized")
    head, body, seal = alice.token.split(".")
    for token in (f"{head}.{body}.", f"{head}.{body}", f"{head}.{body[:-2]}.{seal}", f"{forged[:-86]}{seal}"):
        assert code(Visitor(door.server, "", token).send("GET", "/v1/auth/me")) == (401, "unauthorized")


def test_wrong_bearer_token_is_not_saved_by_a_good_cookie(door: Door, alice: Visitor) -> None:
    headers = {"authorization": "Bearer x", "cookie": f"dnft_session={alice.token}"}
    assert code(door.server.client.get(f"{door.server.url}/v1/auth/me", headers=headers))[0] == 401


def test_renew_gives_another_token_of_the_session(door: Door, alice: Visitor) -> None:
    answer = alice.send("POST", "/v1/auth/renew")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    renewed = Visitor(door.server, alice.account, answer.json()["token"])
    assert renewed.token != alice.token
    first, second = (door.world.sessions.authenticate(each.token) for each in (alice, renewed))
    assert (first.id, first.until) == (second.id, second.until)
    assert renewed.send("GET", "/v1/auth/me").json()["account"] == alice.account
    assert code(door.server.request("POST", "/v1/auth/renew")) == (401, "unauthorized")


def test_sign_out_ends_every_token_of_the_session_everywhere(door: Door) -> None:
    first, other = sign_in(door.server, ALICE, 1), sign_in(door.server, ALICE, 1)
    second = Visitor(door.server, first.account, first.send("POST", "/v1/auth/renew").json()["token"])
    answer = first.send("DELETE", "/v1/auth/session")
    assert (answer.status_code, answer.content) == (204, b"")
    for visitor in (first, second):
        for method, path in (("GET", "/v1/auth/me"), ("POST", "/v1/auth/renew")):
            assert code(visitor.send(method, path)) == (401, "unauthorized")
    assert other.send("GET", "/v1/auth/me").status_code == 200
    assert first.send("DELETE", "/v1/auth/session").status_code == 204
    assert door.server.request("DELETE", "/v1/auth/session").status_code == 204


# --- cookies ----------------------------------------------------------------------------------------------------------


def cookie_of(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    """Value and attributes of the one cookie that an answer sets."""
    (line,) = answer.headers.get_list("set-cookie")
    first, *rest = line.split("; ")
    name, _, value = first.partition("=")
    assert name == "dnft_session"
    return value.strip('"'), {key.lower(): text for key, _, text in (each.partition("=") for each in rest)}


def by_page(door: Door, origin: str) -> httpx.Response:
    message = challenge(door.server, ALICE.address, 1)
    return present(door.server, message, sign(message, ALICE), x_session="cookie", origin=origin)


@pytest.mark.parametrize("page", ["origin", "here", "localhost"])
def test_sign_in_for_a_page_sets_a_cookie_and_hands_out_no_token(door: Door, page: str) -> None:
    origin = {"origin": ORIGIN, "here": door.here, "localhost": f"http://localhost:{door.server.port}"}[page]
    answer = by_page(door, origin)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"account", "expiresAt", "renewableUntil"}
    token, attributes = cookie_of(answer)
    wanted = {"httponly": "", "samesite": "strict", "path": "/", "max-age": "900"}
    assert attributes == (wanted | {"secure": ""} if page == "origin" else wanted)
    assert str(door.world.sessions.authenticate(token).account) == answer.json()["account"]


def test_cookie_is_a_session_for_reading_and_for_changes_from_our_pages(door: Door) -> None:
    token, _ = cookie_of(by_page(door, door.here))
    with httpx.Client(base_url=door.here, cookies={"dnft_session": token}, trust_env=False) as page:
        assert page.get("/v1/auth/me").json()["account"] == f"eip155:1:{ALICE.address}"
        renewed = page.post("/v1/auth/renew", headers={"origin": door.here})
        assert renewed.status_code == 200
        assert "token" not in renewed.json()
        assert cookie_of(renewed)[0] != token
        ended = page.delete("/v1/auth/session", headers={"origin": door.here})
        assert ended.status_code == 204
        value, attributes = cookie_of(ended)
        assert (value, attributes["max-age"], attributes["path"]) == ("", "0", "/")
    with httpx.Client(base_url=door.here, cookies={"dnft_session": token}, trust_env=False) as page:
        assert code(page.get("/v1/auth/me")) == (401, "unauthorized")


FOREIGN = [None, "null", "", "https://evil.example", "http://agents.example", "https://agents.example.evil.example"]


@pytest.mark.parametrize("origin", [*FOREIGN, "https://agents.example:8443", "http://127.0.0.1:1", "https://x:y@["])
def test_change_with_a_cookie_from_elsewhere_is_refused(door: Door, alice: Visitor, origin: str | None) -> None:
    headers = {"cookie": f"dnft_session={alice.token}"} | ({} if origin is None else {"origin": origin})
    for method, path in (("POST", "/v1/auth/renew"), ("DELETE", "/v1/auth/session")):
        answer = door.server.client.request(method, door.server.url + path, headers=headers)
        assert code(answer) == (403, "forbidden")
    assert alice.send("GET", "/v1/auth/me").status_code == 200
    # A program that names its token means it, wherever it runs.
    assert alice.send("POST", "/v1/auth/renew", headers={"origin": "https://evil.example"}).status_code == 200


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("wants", [True, False], ids=["cookie", "token"])
def test_sign_in_from_a_page_elsewhere_is_refused(door: Door, origin: str | None, wants: bool) -> None:
    if origin is None and not wants:
        return  # a program: that is how all the others here sign in
    message = challenge(door.server, ALICE.address, 1)
    headers = ({"x_session": "cookie"} if wants else {}) | ({} if origin is None else {"origin": origin})
    assert code(present(door.server, message, sign(message, ALICE), **headers)) == (403, "forbidden")
    assert enter(door, message).status_code == 200  # nothing was used up


def test_sign_in_with_another_word_for_the_session_is_refused(door: Door) -> None:
    message = challenge(door.server, ALICE.address, 1)
    answer = present(door.server, message, sign(message, ALICE), x_session="Cookie", origin=door.here)
    assert code(answer) == (400, "malformed-request")


def test_preflight_from_elsewhere_gets_no_permission_to_sign_in(door: Door) -> None:
    asked = {"origin": "https://evil.example", "access_control_request_method": "POST"}
    for path in ("/v1/auth/session", "/v1/auth/renew"):
        answer = door.server.request("OPTIONS", path, access_control_request_headers="content-type, x-session", **asked)
        assert answer.status_code == 405
        assert "access-control-allow-headers" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/ipfs/" + "b" * 59, "/1/0x" + "ab" * 20 + "/0", "/healthz", "/.well-known/jwks.json"]
)
def test_public_answers_set_no_cookie_and_do_not_change_with_one(door: Door, alice: Visitor, path: str) -> None:
    cookie = f"dnft_session={alice.token}"
    without, with_one = door.server.get(path), door.server.get(path, cookie=cookie)
    assert (with_one.status_code, with_one.content) == (without.status_code, without.content)
    assert "set-cookie" not in with_one.headers
    assert "cookie" not in with_one.headers.get("vary", "").lower()


# --- keys -------------------------------------------------------------------------------------------------------------


def test_jwks_is_public_and_changes_with_a_rotation_that_ends_no_session(door: Door, alice: Visitor) -> None:
    before = door.server.get("/.well-known/jwks.json")
    assert before.headers["cache-control"] == "public, max-age=60"
    assert before.headers["access-control-allow-origin"] == "*"
    assert before.headers["content-type"] == "application/json"
    old = [key["kid"] for key in before.json()["keys"]]
    assert all(key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in before.json()["keys"])
    unchanged = door.server.get("/.well-known/jwks.json", if_none_match=before.headers["etag"])
    assert (unchanged.status_code, unchanged.content) == (304, b"")

    kid = door.world.keyring.rotate()
    after = door.server.get("/.well-known/jwks.json", if_none_match=before.headers["etag"])
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]
    assert [key["kid"] for key in after.json()["keys"]] == [kid, *old]
    assert alice.send("GET", "/v1/auth/me").status_code == 200
    fresh = sign_in(door.server, ALICE, 1)
    assert jwt_head(fresh.token)["kid"] == kid


def jwt_head(token: str) -> dict[str, str]:
    part = token.split(".")[0]
    head: dict[str, str] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return head


def test_dropped_keys_end_every_session_at_once(door: Door) -> None:
    visitor = sign_in(door.server, BOB, 1)
    door.world.keyring.drop_all()
    assert code(visitor.send("GET", "/v1/auth/me")) == (401, "unauthorized")
    assert sign_in(door.server, BOB, 1).send("GET", "/v1/auth/me").status_code == 200


def test_keys_are_sealed_in_the_database_by_a_file_of_its_owner(door: Door) -> None:
    file = door.world.settings.data / "session.key"
    assert file.stat().st_mode & 0o777 == 0o600
    stored = door.world.keyring._store.stored()
    assert all(len(each.sealed) > 100 for each in stored)
    secret = file.read_text().strip()
    assert secret not in door.server.log
    if door.world.database.is_sqlite:
        content = (door.world.settings.data / "dnft.db").read_bytes()
        assert b"PRIVATE KEY" not in content
        assert bytes.fromhex(secret) not in content


# --- servers of their own ---------------------------------------------------------------------------------------------


def test_message_and_token_end_in_time(tmp_path: Path) -> None:
    world = open_world(tmp_path, rpc_urls={1: NOWHERE}, challenge_seconds=4, token_seconds=3, session_seconds=3)
    with running_server(world) as server:
        visitor = sign_in(server, ALICE, 1)
        assert visitor.send("GET", "/v1/auth/me").status_code == 200
        waiting = challenge(server, ALICE.address, 1)
        own = siwe.build(dataclasses.replace(siwe.parse(waiting), expiration_time=None))
        time.sleep(4.1)
        for method, path in (("GET", "/v1/auth/me"), ("POST", "/v1/auth/renew")):
            answer = visitor.send(method, path)
            assert code(answer) == (401, "unauthorized")
            assert "ended" in answer.json()["detail"]
        for message, why in ((waiting, "expired"), (own, "nonce")):
            answer = present(server, message, sign(message, ALICE))
            assert code(answer) == (401, "unauthorized")
            assert why in answer.json()["detail"]
    world.close()


def test_challenges_are_limited_by_network_address_and_by_account(tmp_path: Path) -> None:
    world = open_world(tmp_path, rpc_urls={1: NOWHERE}, challenges_per_minute=3, proxies=1)
    with running_server(world) as server:

        def ask(client: str, address: str) -> httpx.Response:
            headers = {"x-forwarded-for": client}
            params: dict[str, str | int] = {"address": address, "chainId": 1}
            return server.client.get(f"{server.url}/v1/auth/challenge", params=params, headers=headers)

        assert [ask("192.0.2.1", ALICE.address).status_code for _ in range(3)] == [200] * 3
        refused = ask("192.0.2.1", ALICE.address.lower())
        assert code(refused) == (429, "rate-limited")
        assert 0 < int(refused.headers["retry-after"]) <= 20
        assert refused.json()["retryable"] is True
        # What the client itself writes into the header changes nothing, nor does asking for other accounts.
        assert ask("203.0.113.9, 192.0.2.1", BOB.address).status_code == 429
        # Somebody else is served, until the account has been asked for too often from everywhere.
        assert [ask("192.0.2.2", ALICE.address).status_code for _ in range(3)] == [200] * 3
        assert code(ask("192.0.2.3", ALICE.address)) == (429, "rate-limited")
        assert ask("192.0.2.3", BOB.address).status_code == 200
    world.close()


def test_server_without_proxies_counts_the_connection_itself(tmp_path: Path) -> None:
    world = open_world(tmp_path, rpc_urls={1: NOWHERE}, challenges_per_minute=2)
    with running_server(world) as server:
        for number in range(2):
            challenge(server, ALICE.address, 1, **{"x-forwarded-for": f"192.0.2.{number}"})
        answer = server.get(f"/v1/auth/challenge?address={BOB.address}&chainId=1", x_forwarded_for="192.0.2.9")
        assert code(answer) == (429, "rate-limited")
    world.close()


def test_server_with_a_secret_of_its_own_makes_no_file(tmp_path: Path) -> None:
    world = open_world(tmp_path, rpc_urls={1: NOWHERE}, session_secret=SecretStr("5e" * 32))
    with running_server(world) as server:
        visitor = sign_in(server, ALICE, 1)
        assert str(world.sessions.authenticate(visitor.token).account) == visitor.account
        assert "5e5e5e" not in server.log
    assert not (tmp_path / "session.key").exists()
    world.close()


# --- whatever comes ---------------------------------------------------------------------------------------------------


def bodies(door: Door, count: int) -> Iterator[tuple[bytes, str]]:
    """Sign-in requests that went wrong somewhere, from a seed: the message, its signature, the JSON, its type."""
    chance = random.Random(4361)
    junk: list[Any] = [None, 0, 1.5, True, [], {}, "", "0x", "\0", "é" * 4096, "a" * 4097, "\U0001f600", -(10**30)]
    for _ in range(count):
        message = challenge(door.server, ALICE.address, CHAIN_ID)
        signature = sign(message, ALICE)
        kind = chance.random()
        body: dict[str, Any] = {"message": message, "signature": signature}
        if kind < 0.6:
            body["message"] = mutated(message, chance)
            if chance.random() < 0.3:
                at = chance.randrange(2, len(signature))
                body["signature"] = signature[:at] + chance.choice("0fG \n") * chance.choice([1, 1, 40_000])
        elif kind < 0.8:
            body[chance.choice(["message", "signature", "more", ""])] = chance.choice(junk)
        elif kind < 0.9:
            size = chance.choice([1, 63, 64, 66, 97, 200, MAX_SIGNATURE - 32, MAX_SIGNATURE])
            body["signature"] = "0x" + chance.randbytes(size).hex() + chance.choice(["", "6492" * 16])
        data = json.dumps(body, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
        if kind >= 0.9:
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(data) + 1)
                data = data[:at] + chance.randbytes(chance.choice([0, 1, 1, 9])) + data[at + chance.randint(0, 9) :]
        media_type = chance.choice(["application/json"] * 9 + ["text/plain", "", "application/json; charset=utf-16"])
        yield data, media_type


def fuzz(door: Door, count: int) -> None:
    seen: Counter[int] = Counter()
    entered = 0
    url = f"{door.server.url}/v1/auth/session"
    for data, media_type in bodies(door, count):
        answer = door.server.client.post(url, content=data, headers={"content-type": media_type})
        seen[answer.status_code] += 1
        assert not any(tell in answer.text for tell in TELLS), (data[:500], answer.text)
        if answer.status_code == 200:
            entered += 1
            assert answer.json()["account"].endswith(f":{ALICE.address}")
        else:
            assert answer.status_code < 500, (answer.status_code, data[:500])
            code(answer)
    assert seen[400] > count / 4 and seen[401] > count / 50, seen
    assert entered < count / 4, seen
    assert "Traceback" not in door.server.log
    assert door.server.get("/healthz").status_code == 200


def test_sign_in_with_300_broken_bodies_gives_no_server_error(door: Door) -> None:
    fuzz(door, 300)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_sign_in_with_10_000_broken_bodies_gives_no_server_error(door: Door) -> None:
    fuzz(door, 10_000)
