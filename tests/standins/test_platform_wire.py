"""The stand-in platform over real HTTP: shapes, headers, limits of validation, streams and their resumption."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.errors import ConfigurationError
from app.standins.platform.offline_voice import NO_SCENE
from app.standins.platform.options import Community, Options, communities_in
from tests.standins.platforms import KEY, ROOT, PlatformProcess, body, platform, wait_until

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def server() -> Iterator[PlatformProcess]:
    with platform(communities=[{"id": "default", "key": KEY, "monthly_cents": 100_000}]) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_faults(server: PlatformProcess) -> None:
    server.http.delete("/_dev/faults")


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    """The flat shape of every error."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert set(answer.json()) == {"error", "message"}
    assert answer.json()["error"] == code


# --- the process -----------------------------------------------------------------------------------------------------


def test_start_prints_one_line_within_two_seconds_and_ends_cleanly() -> None:
    waits: list[float] = []
    while not waits or (min(waits) >= 2 and len(waits) < 3):  # a busy machine gets another chance
        before = time.monotonic()
        with platform() as running:
            waits.append(time.monotonic() - before)
            assert running.http.get("/healthz").json() == {"status": "ok"}
            assert running.stop() == 0
    assert min(waits) < 2


def test_start_when_the_port_is_taken_says_so(server: PlatformProcess) -> None:
    port = server.url.rpartition(":")[2]
    command = [sys.executable, "-m", "tests.standins.platform_process", f'{{"port": {port}}}']
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode != 0
    assert f"Port {port} on 127.0.0.1 can't be used" in ended.stderr


def test_options_that_are_wrong_are_all_named_and_hide_keys() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Options(host="0.0.0.0", communities=(Community("a", "k"), Community("a", "k")), model_url="ftp://x")
    assert len(caught.value.problems) == 5
    assert "secret" not in repr(Options(communities=(Community("a", "secret"),), model_key="secret"))


def test_communities_in_toml_reads_tables_and_refuses_others() -> None:
    text = '[[community]]\nid = "a"\nkey = "k"\ntier = "pro"\nmonthly_cents = 5\n[[community]]\nid = "b"\n'
    assert communities_in(text) == (Community("a", "k", "pro", 5), Community("b", ""))
    with pytest.raises(ConfigurationError):
        communities_in("community = 3")


# --- who may ask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:8000"}, 200),
        ({"Host": "LOCALHOST:1"}, 200),
    ],
)
def test_any_request_from_elsewhere_is_refused(server: PlatformProcess, headers: dict[str, str], status: int) -> None:
    for path in ("/healthz", "/_dev/requests"):
        assert server.http.get(path, headers=headers).status_code == status


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer wrong", "Basic " + KEY, "Bearer a.b.c"])
def test_invoke_without_a_known_credential_gives_401(server: PlatformProcess, value: str | None) -> None:
    headers = {} if value is None else {"Authorization": value}
    answer = server.http.post("/api/agents/invoke", json=body(), headers=headers)
    assert_refused(answer, 401, "UNAUTHORIZED")
    assert "x-trace-id" not in answer.headers
    assert answer.headers["x-ratelimit-policy"] == "none"


def test_unknown_paths_and_methods_give_404(server: PlatformProcess) -> None:
    assert_refused(server.get("/api/agents/nothing"), 404, "NOT_FOUND")
    assert_refused(server.get("/api/agents/invoke"), 404, "NOT_FOUND")
    assert_refused(server.http.get("/_dev/nothing"), 404, "NOT_FOUND")


# --- invoke ----------------------------------------------------------------------------------------------------------


def test_invoke_without_a_scene_answers_honestly_with_usage(server: PlatformProcess) -> None:
    answer = server.invoke(body("x" * 4001, modelAlias="cheap"), X_Idempotency_Key="turn 1")
    assert answer.status_code == 200
    reply = answer.json()
    assert set(reply) == {"content", "usage", "metadata"}
    assert reply["content"] == NO_SCENE
    said = -(-len(NO_SCENE) // 4)
    # 1,001 tokens at 0.015 and the answer's at 0.06 cents a thousand
    assert reply["usage"] == {
        "promptTokens": 1001,
        "completionTokens": said,
        "costUsd": pytest.approx((1001 * 0.015 + said * 0.06) / 1000 / 100, rel=1e-12),
    }
    assert answer.headers["x-idempotency-key"] == "turn 1"
    assert UUID.fullmatch(answer.headers["x-trace-id"])
    assert answer.headers["x-ratelimit-policy"] == "none"


def test_invoke_without_a_key_makes_one(server: PlatformProcess) -> None:
    keys = {server.invoke(body()).headers["x-idempotency-key"] for _ in range(2)}
    assert len(keys) == 2 and all(UUID.fullmatch(key) for key in keys)


def test_invoke_with_a_key_in_the_body_ignores_it(server: PlatformProcess) -> None:
    answer = server.invoke(body(idempotencyKey="mine"))
    assert answer.headers["x-idempotency-key"] != "mine"


EDGE_VALID: list[dict[str, Any]] = [
    {"agent": "a"},
    {"agent": "a" * 256},
    {"messages": [{"role": "system", "content": "x" * 32_000}, {"role": "assistant", "content": "y"}]},
    {"messages": [{"role": "user", "content": "x"}] * 50},
    {"messages": [{"role": "user", "content": "😀" * 16_000}]},
    {"modelAlias": "native"},
    {"tools": []},
    {"tools": ["t" * 256] * 20},
    {"metadata": {"any": [1, None, {"deep": True}]}},
    {"unknown": {"keys": "are dropped"}, "temperature": 7},
    {"idempotencyKey": "k" * 128},
]
INVALID: list[dict[str, Any]] = [
    {"agent": ""},
    {"agent": "a" * 257},
    {"agent": 7},
    {"agent": None},
    {"messages": []},
    {"messages": [{"role": "user", "content": "x"}] * 51},
    {"messages": {"role": "user", "content": "x"}},
    {"messages": [{"role": "user", "content": ""}]},
    {"messages": [{"role": "user", "content": "x" * 32_001}]},
    {"messages": [{"role": "user", "content": "😀" * 16_001}]},  # 32,002 UTF-16 units
    {"messages": [{"role": "tool", "content": "x"}]},
    {"messages": [{"role": "user"}]},
    {"messages": ["x"]},
    {"modelAlias": "gpt-4"},
    {"modelAlias": ""},
    {"modelAlias": None},
    {"tools": ["t"] * 21},
    {"tools": [""]},
    {"tools": ["t" * 257]},
    {"tools": "search"},
    {"metadata": []},
    {"metadata": None},
    {"idempotencyKey": "k" * 129},
    {"idempotencyKey": "é"},
    {"idempotencyKey": ""},
    {"ensemble": {"strategy": "vote"}},
    {"ensemble": {"strategy": "consensus", "n": 1}},
    {"ensemble": {"strategy": "consensus", "n": 11}},
    {"ensemble": {"strategy": "consensus", "n": 2.5}},
    {"ensemble": {"strategy": "consensus", "quorum": True}},
    {"ensemble": {"strategy": "fallback", "models": ["m"] * 6}},
    {"ensemble": {}},
]


@pytest.mark.parametrize("fields", EDGE_VALID, ids=lambda fields: str(fields)[:60])
def test_invoke_at_the_edge_of_validity_passes(server: PlatformProcess, fields: dict[str, Any]) -> None:
    assert server.invoke(body(**fields)).status_code == 200


@pytest.mark.parametrize("fields", INVALID, ids=lambda fields: str(fields)[:60])
def test_either_route_with_a_wrong_field_gives_400_even_as_a_stream(
    server: PlatformProcess, fields: dict[str, Any]
) -> None:
    for path in ("/api/agents/invoke", "/api/agents/stream"):
        answer = server.post(path, body(**fields))
        assert_refused(answer, 400, "INVALID_REQUEST")
        assert answer.headers["x-ratelimit-policy"] == "none" and "x-trace-id" in answer.headers


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'"text"', b"null", b'{"agent": NaN}', b"[" * 100_000, b'{"agent": 1e999}']
)
def test_invoke_with_a_body_that_is_no_ask_gives_400(server: PlatformProcess, raw: bytes) -> None:
    headers = server.headers() | {"Content-Type": "application/json"}
    assert_refused(server.http.post("/api/agents/invoke", content=raw, headers=headers), 400, "INVALID_REQUEST")


def test_invoke_with_another_content_type_or_encoding_is_refused(server: PlatformProcess) -> None:
    headers = server.headers() | {"Content-Type": "text/plain"}
    content = b'{"agent":"a","messages":[{"role":"user","content":"x"}]}'
    assert_refused(server.http.post("/api/agents/invoke", content=content, headers=headers), 400, "INVALID_REQUEST")
    headers = server.headers(Content_Encoding="gzip") | {"Content-Type": "application/json"}
    answer = server.http.post("/api/agents/invoke", content=content, headers=headers)
    assert answer.status_code == 415


def test_invoke_with_a_body_above_128_kilobytes_gives_413(server: PlatformProcess) -> None:
    headers = server.headers() | {"Content-Type": "application/json"}
    text = b'{"agent":"a","messages":[{"role":"user","content":"x"}],"pad":"%s"}'
    exact = text % (b"p" * (128 * 1024 - len(text) + 2))
    assert len(exact) == 128 * 1024
    assert server.http.post("/api/agents/invoke", content=exact, headers=headers).status_code == 200
    for more in (exact + b" ", exact + b" " * 2_000_000):
        assert_refused(server.http.post("/api/agents/invoke", content=more, headers=headers), 413, "PAYLOAD_TOO_LARGE")
    # without a declared length
    answer = server.http.post("/api/agents/invoke", content=iter([exact, b" "]), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("key", ["k" * 129, "tab\there", "caf\xe9"])
def test_invoke_with_a_wrong_idempotency_header_gives_400(server: PlatformProcess, key: str) -> None:
    headers = server.headers() | {"X-Idempotency-Key": key.encode("latin-1")}
    answer = server.http.post("/api/agents/invoke", json=body(), headers=headers)  # type: ignore[arg-type]  # bytes are fine
    assert_refused(answer, 400, "INVALID_REQUEST")


def test_invoke_with_two_idempotency_headers_gives_400(server: PlatformProcess) -> None:
    headers = [*server.headers().items(), ("X-Idempotency-Key", "a"), ("X-Idempotency-Key", "b")]
    assert_refused(server.http.post("/api/agents/invoke", json=body(), headers=headers), 400, "INVALID_REQUEST")


def test_invoke_with_a_lone_surrogate_survives(server: PlatformProcess) -> None:
    headers = server.headers() | {"Content-Type": "application/json"}
    raw = b'{"agent":"a","messages":[{"role":"user","content":"\\ud800"}]}'
    assert server.http.post("/api/agents/invoke", content=raw, headers=headers).status_code == 200


def test_invoke_for_an_ensemble_is_refused_as_the_factory_built_gateway_does(server: PlatformProcess) -> None:
    answer = server.invoke(body(ensemble={"strategy": "best_of_n", "n": 2.0, "models": []}))
    assert_refused(answer, 400, "ENSEMBLE_DISABLED")


# --- small reads -----------------------------------------------------------------------------------------------------


def test_health_needs_no_credential(server: PlatformProcess) -> None:
    answer = server.http.get("/api/agents/health")
    assert answer.json()["loaFinn"].keys() == answer.json()["redis"].keys() == {"healthy", "latencyMs"}
    assert answer.json()["loaFinn"]["healthy"] is True
    assert answer.headers["x-ratelimit-policy"] == "none"


def test_head_answers_like_get_without_a_body(server: PlatformProcess) -> None:
    got, headed = server.http.get("/api/agents/health"), server.http.head("/api/agents/health")
    assert headed.status_code == 200 and headed.content == b""
    assert headed.headers["content-length"] == got.headers["content-length"]


def test_models_are_those_of_the_tier(server: PlatformProcess) -> None:
    assert server.get("/api/agents/models").json() == {
        "models": ["cheap", "fast-code", "reviewer", "reasoning", "native"]
    }


def test_jwks_is_cacheable_and_answers_304(server: PlatformProcess) -> None:
    answer = server.http.get("/.well-known/jwks.json")
    (key,) = answer.json()["keys"]
    assert {name: key[name] for name in ("kty", "crv", "use", "alg")} == {
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
    }  # fmt: skip
    assert re.fullmatch(r"[0-9a-f]{8}", key["kid"])
    assert answer.headers["cache-control"] == "public, max-age=60"
    etag = answer.headers["etag"]
    assert re.fullmatch(r'W/"[0-9a-f]{16}"', etag)
    again = server.http.get("/.well-known/jwks.json", headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content) == (304, b"")


def test_jwks_after_a_rotation_keeps_the_previous_key_until_it_expires(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    with platform(clock=str(clock), key_overlap_seconds=900) as running:

        def kids() -> list[str]:
            return [key["kid"] for key in running.http.get("/.well-known/jwks.json").json()["keys"]]

        (first,) = kids()
        second = running.http.post("/_dev/keys/rotate").json()["kid"]
        assert kids() == [second, first]
        clock.write_text("899")
        assert kids() == [second, first]
        clock.write_text("901")
        assert kids() == [second]
        third = running.http.post("/_dev/keys/rotate", json={"overlapSeconds": 0}).json()["kid"]
        assert kids() == [third]
        running.process.send_signal(1)  # SIGHUP
        wait_until(lambda: kids()[1:] == [third])
        assert running.http.post("/_dev/keys/rotate", json={"overlapSeconds": -1}).status_code == 400


# --- streams ---------------------------------------------------------------------------------------------------------


def test_stream_frames_are_exactly_the_platforms(server: PlatformProcess) -> None:
    streamed = server.stream(body("hello"), X_Idempotency_Key="exact")
    assert streamed.status == 200 and streamed.whole
    assert streamed.headers["content-type"] == "text/event-stream"
    assert streamed.headers["cache-control"] == "no-cache"
    assert streamed.headers["x-idempotency-key"] == "exact"
    assert UUID.fullmatch(streamed.headers["x-trace-id"])
    assert streamed.raw.startswith(b'id: 1\nevent: content\ndata: {"text":"This "}\n\nid: 2\nevent: content\n')
    usage = streamed.frames[-2]
    assert streamed.raw.endswith(b"id: %s\nevent: done\ndata: null\n\n" % streamed.frames[-1].id.encode())
    assert streamed.kinds == ["content", "usage", "done"]
    assert [frame.id for frame in streamed.frames] == [str(n + 1) for n in range(len(streamed.frames))]
    assert streamed.text == NO_SCENE
    assert set(usage.data) == {"promptTokens", "completionTokens", "costUsd"}


def test_stream_with_a_pace_beats_while_it_waits() -> None:
    with platform(first_ms=500, piece_ms=10, heartbeat_seconds=0.2) as running:
        streamed = running.stream(body())
        assert re.match(rb"(: keepalive\n\n){2,}id: 1\n", streamed.raw)
        assert streamed.whole and streamed.text == NO_SCENE


def test_stream_beats_and_words_at_the_same_moments_lose_nothing() -> None:
    with platform(piece_ms=2, heartbeat_seconds=0.002) as running:
        for _ in range(20):
            streamed = running.stream(body())
            assert streamed.whole and streamed.text == NO_SCENE
        assert b": keepalive\n\n" in streamed.raw


def test_stream_words_come_at_the_pace() -> None:
    with platform(first_ms=50, piece_ms=20) as running:
        before, moments = time.monotonic(), []
        with running.http.stream("POST", "/api/agents/stream", json=body(), headers=running.headers()) as answer:
            moments = [time.monotonic() - before for chunk in answer.iter_raw() if b"event: content" in chunk]
        assert moments[0] >= 0.05
        assert moments[-1] - moments[0] >= 0.02 * (len(NO_SCENE.split()) - 2)


def test_stream_resumed_after_a_broken_connection_gives_the_rest_once(server: PlatformProcess) -> None:
    with platform(piece_ms=10) as running:
        whole = running.stream(body(), X_Idempotency_Key="reference")
        first = running.stream(body(), X_Idempotency_Key="broken", stop_after=4)
        had = first.frames
        rest = running.stream(body(), X_Idempotency_Key="broken", Last_Event_ID=had[-1].id)
        assert [f.id for f in [*had, *rest.frames]] == [f.id for f in whole.frames]
        assert first.text + rest.text == NO_SCENE
        assert rest.kinds == ["content", "usage", "done"]
        assert running.budget()["currentSpendCents"] == 0, "all is settled"


def test_stream_resumed_from_each_place_gives_what_follows(server: PlatformProcess) -> None:
    whole = server.stream(body(), X_Idempotency_Key="places").frames
    for place in ("0", "1", "10", whole[-2].id, whole[-1].id, "garbage", "-1", "other:5"):
        after = int(place) if place.isdigit() else 0
        again = server.stream(body(), X_Idempotency_Key="places", Last_Event_ID=place)
        assert again.frames == whole[after:], place


def test_stream_resumed_when_nothing_is_there_ends_empty(server: PlatformProcess) -> None:
    for key, place in (("never seen", "3"), ("seen", "999")):
        server.stream(body(), X_Idempotency_Key="seen")
        streamed = server.stream(body(), X_Idempotency_Key=key, Last_Event_ID=place)
        assert (streamed.status, streamed.raw, streamed.whole) == (200, b"", True)


def test_stream_with_the_same_key_and_no_last_event_id_asks_the_model_again(server: PlatformProcess) -> None:
    one, other = (server.stream(body(text), X_Idempotency_Key="again") for text in ("a", "a" * 400))
    assert one.frames[-2].data["promptTokens"] == 1
    assert other.frames[-2].data["promptTokens"] == 100


def test_stream_with_a_server_id_has_composite_ids() -> None:
    with platform(server_id="eu1") as running:
        whole = running.stream(body(), X_Idempotency_Key="k").frames
        assert whole[0].id == "eu1:1"
        rest = running.stream(body(), X_Idempotency_Key="k", Last_Event_ID="eu1:5").frames
        assert rest[0].id == "eu1:6"
        elsewhere = running.stream(body(), X_Idempotency_Key="k", Last_Event_ID="us1:5").frames
        assert elsewhere[0].id == "eu1:1", "another server's count means nothing here"


def test_stream_resumed_from_before_the_bounded_buffer_is_lost() -> None:
    with platform(buffer_events=5, strict=True, buffer_turns=2) as running:
        total = len(NO_SCENE.split()) + 2
        with running.http.stream(
            "POST", "/api/agents/stream", json=body(), headers=running.headers(X_Idempotency_Key="k")
        ) as answer:
            answer.read()
        near = running.stream(body(), X_Idempotency_Key="k", Last_Event_ID=str(total - 5))
        assert len(near.frames) == 5
        far = running.post("/api/agents/stream", body(), X_Idempotency_Key="k", Last_Event_ID=str(total - 6))
        assert_refused(far, 409, "STREAM_RESUME_LOST")
        for key in ("l", "m"):
            running.invoke(body(), X_Idempotency_Key=key)
        gone = running.post("/api/agents/stream", body(), X_Idempotency_Key="k", Last_Event_ID=str(total - 5))
        assert_refused(gone, 409, "STREAM_RESUME_LOST")


def test_stream_that_nobody_comes_back_for_ends_after_a_while() -> None:
    with platform(piece_ms=50, linger_seconds=0.1, strict=True) as running:
        running.stream(body(), X_Idempotency_Key="left", stop_after=2)
        time.sleep(0.4)
        answer = running.post("/api/agents/stream", body(), X_Idempotency_Key="left", Last_Event_ID="2")
        assert_refused(answer, 409, "STREAM_RESUME_LOST")


def test_stream_to_two_listeners_at_once_is_the_same(server: PlatformProcess) -> None:
    with platform(piece_ms=10) as running:
        with running.http.stream(
            "POST", "/api/agents/stream", json=body(), headers=running.headers(X_Idempotency_Key="two")
        ) as first:
            chunks = first.iter_raw()
            raw = next(chunks)
            second = running.stream(body(), X_Idempotency_Key="two", Last_Event_ID="0")
            raw += b"".join(chunks)
        assert second.raw == raw
