"""The trap of the stream route, the strict switch, faults to order, the journal: over real HTTP."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.standins.platform.offline_voice import NO_SCENE
from tests.standins.platforms import KEY, PlatformProcess, body, platform


@pytest.fixture(scope="module")
def lenient() -> Iterator[PlatformProcess]:
    with platform() as running:
        yield running


@pytest.fixture(scope="module")
def strict() -> Iterator[PlatformProcess]:
    with platform(strict=True) as running:
        yield running


@pytest.fixture(autouse=True)
def _clean(lenient: PlatformProcess, strict: PlatformProcess) -> None:
    for running in (lenient, strict):
        running.http.delete("/_dev/faults")
        running.http.delete("/_dev/requests")


def post(running: PlatformProcess, value: Any = None, **more: str) -> httpx.Response:
    return running.post("/api/agents/stream", body() if value is None else value, **more)


# --- the trap --------------------------------------------------------------------------------------------------------

REFUSED = [
    (body(modelAlias="architect"), {}, 403, "MODEL_NOT_ALLOWED"),
    (body(ensemble={"strategy": "fallback"}), {}, 400, "ENSEMBLE_DISABLED"),
    (body(metadata={"scene": {"no": "such scene"}}), {"Last-Event-ID": "4"}, 409, "STREAM_RESUME_LOST"),
]


@pytest.mark.parametrize(("value", "headers", "status", "code"), REFUSED, ids=[row[3] for row in REFUSED])
def test_refusal_of_a_stream_is_an_empty_200_and_strict_a_status(
    lenient: PlatformProcess, strict: PlatformProcess, value: Any, headers: dict[str, str], status: int, code: str
) -> None:
    trapped = lenient.http.post("/api/agents/stream", json=value, headers=lenient.headers() | headers)
    assert (trapped.status_code, trapped.content) == (200, b"")
    assert trapped.headers["content-type"] == "text/event-stream"
    honest = strict.http.post("/api/agents/stream", json=value, headers=strict.headers() | headers)
    assert (honest.status_code, honest.json()["error"]) == (status, code)


def test_refusal_for_money_or_pace_is_an_empty_200_and_invoke_tells() -> None:
    with platform(communities=[{"id": "default", "key": KEY, "monthly_cents": 0}]) as running:
        assert (post(running).status_code, post(running).content) == (200, b"")
        assert running.invoke(body()).status_code == 402
    with platform(limits=True, communities=[{"id": "default", "key": KEY, "tier": "free"}]) as running:
        for _ in range(3):
            assert post(running).content
        trapped = post(running)
        assert (trapped.status_code, trapped.content) == (200, b"")
        assert trapped.headers["x-ratelimit-policy"] == "none", "the limit that struck is not told"
        assert running.invoke(body()).headers["x-ratelimit-policy"] == "burst"


def test_failure_of_the_model_is_an_empty_200_and_strict_a_status() -> None:
    closed_port = {"model_url": "http://127.0.0.1:9/v1", "model": "m"}
    with platform(**closed_port) as running:
        assert (post(running).status_code, post(running).content) == (200, b"")
    with platform(strict=True, **closed_port) as running:
        answer = post(running)
        assert (answer.status_code, answer.json()["error"]) == (503, "UPSTREAM_ERROR")


# --- faults ----------------------------------------------------------------------------------------------------------


def test_fault_with_a_status_strikes_as_often_as_told(lenient: PlatformProcess) -> None:
    lenient.fault("invoke", status=503, code="SERVICE_UNAVAILABLE", headers={"Retry-After": "7"}, times=2, skip=1)
    assert [lenient.invoke(body()).status_code for _ in range(4)] == [200, 503, 503, 200]
    lenient.fault("invoke", status=429, code="RATE_LIMITED", headers={"X-RateLimit-Policy": "channel"}, times=None)
    answers = [lenient.invoke(body()) for _ in range(5)]
    assert {a.status_code for a in answers} == {429}
    assert answers[0].headers.get_list("x-ratelimit-policy") == ["channel"]
    assert lenient.http.get("/_dev/faults").json()["faults"][0]["endpoint"] == "invoke"
    assert lenient.http.delete("/_dev/faults").status_code == 204
    assert lenient.invoke(body()).status_code == 200


def test_fault_with_a_status_on_a_stream_obeys_the_trap_unless_early(
    lenient: PlatformProcess, strict: PlatformProcess
) -> None:
    lenient.fault("stream", status=502)
    assert (post(lenient).status_code, len(post(lenient).content) > 0) == (200, True)
    lenient.fault("stream", status=502)
    assert post(lenient).content == b""
    lenient.fault("stream", status=502, early=True)
    assert post(lenient).status_code == 502
    strict.fault("stream", status=502)
    assert post(strict).status_code == 502


@pytest.mark.parametrize("endpoint", ["models", "budget", "health", "jwks"])
def test_fault_on_any_read_strikes(lenient: PlatformProcess, endpoint: str) -> None:
    path = "/.well-known/jwks.json" if endpoint == "jwks" else f"/api/agents/{endpoint}"
    lenient.fault(endpoint, status=500, code="INTERNAL_ERROR")
    lenient.fault(endpoint, garbage=True)
    failed, garbled, well = (lenient.get(path) for _ in range(3))
    assert (failed.status_code, failed.json()["error"]) == (500, "INTERNAL_ERROR")
    assert garbled.status_code == 200
    with pytest.raises(ValueError, match=r"."):
        garbled.json()
    assert well.status_code == 200


def test_fault_that_truncates_ends_the_stream_early_and_resuming_heals(lenient: PlatformProcess) -> None:
    lenient.fault("stream", afterEvents=3)
    cut = lenient.stream(body(), X_Idempotency_Key="cut")
    assert cut.whole and len(cut.frames) == 3 and cut.kinds == ["content"]
    rest = lenient.stream(body(), X_Idempotency_Key="cut", Last_Event_ID="3")
    assert cut.text + rest.text == NO_SCENE
    lenient.fault("stream", afterEvents=0)
    assert lenient.stream(body()).raw == b""


def test_fault_that_drops_resets_the_connection(lenient: PlatformProcess) -> None:
    lenient.fault("stream", drop=True, afterEvents=2)
    dropped = lenient.stream(body(), X_Idempotency_Key="dropped")
    assert not dropped.whole and len(dropped.frames) == 2
    rest = lenient.stream(body(), X_Idempotency_Key="dropped", Last_Event_ID="2")
    assert dropped.text + rest.text == NO_SCENE
    lenient.fault("invoke", drop=True)
    with pytest.raises(httpx.TransportError):
        lenient.invoke(body())
    lenient.fault("stream", drop=True)
    with pytest.raises(httpx.TransportError):
        post(lenient)
    assert lenient.invoke(body()).status_code == 200


def test_fault_with_a_delay_delays(lenient: PlatformProcess) -> None:
    lenient.fault("invoke", delayMs=300)
    before = time.monotonic()
    assert lenient.invoke(body()).status_code == 200
    assert time.monotonic() - before >= 0.3


def test_fault_in_usage_falsifies_or_omits_it(lenient: PlatformProcess) -> None:
    lenient.fault("invoke", usage={"costUsd": -5, "promptTokens": "many"})
    usage = lenient.invoke(body()).json()["usage"]
    assert (usage["costUsd"], usage["promptTokens"]) == (-5, "many") and "completionTokens" in usage
    lenient.fault("invoke", usage=None)
    assert "usage" not in lenient.invoke(body()).json()
    lenient.fault("stream", usage={"costUsd": 9})
    assert lenient.stream(body()).frames[-2].data["costUsd"] == 9
    lenient.fault("stream", usage=None)
    assert lenient.stream(body()).kinds == ["content", "done"]


def test_fault_with_garbage_breaks_the_json(lenient: PlatformProcess) -> None:
    lenient.fault("invoke", garbage=True)
    with pytest.raises(ValueError, match=r"."):
        lenient.invoke(body()).json()
    lenient.fault("stream", garbage=True, afterEvents=1)
    raw = lenient.stream(body()).raw
    last = raw.split(b"\n\n")[-2]
    assert last.startswith(b"id: 2\nevent: content\ndata: ")
    with pytest.raises(ValueError, match=r"."):
        json.loads(last.split(b"data: ")[1])


def test_fault_with_an_error_event_sends_it_last(lenient: PlatformProcess) -> None:
    lenient.fault("stream", errorEvent={"code": "UPSTREAM_ERROR", "message": "gone"}, afterEvents=2)
    streamed = lenient.stream(body())
    assert streamed.kinds == ["content", "error"]
    assert streamed.frames[-1].id == "3"
    assert streamed.frames[-1].data == {"code": "UPSTREAM_ERROR", "message": "gone"}


@pytest.mark.parametrize(
    "rule",
    [
        [],
        {},
        {"endpoint": "everything"},
        {"endpoint": "invoke", "statuss": 500},
        {"endpoint": "invoke", "status": "500"},
        {"endpoint": "invoke", "status": 200},
        {"endpoint": "invoke", "status": True},
        {"endpoint": "invoke", "times": -1},
        {"endpoint": "invoke", "skip": -1},
        {"endpoint": "stream", "afterEvents": -1},
        {"endpoint": "stream", "drop": 1},
        {"endpoint": "stream", "delayMs": -1},
        {"endpoint": "stream", "headers": {"bad\nname": "x"}},
    ],
    ids=str,
)
def test_fault_that_makes_no_sense_is_refused(lenient: PlatformProcess, rule: Any) -> None:
    answer = lenient.http.post("/_dev/faults", json=rule)
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_REQUEST")
    assert lenient.http.get("/_dev/faults").json() == {"faults": []}


# --- the journal -----------------------------------------------------------------------------------------------------


def test_journal_shows_what_was_sent_without_credentials(lenient: PlatformProcess) -> None:
    headers = lenient.headers(X_Idempotency_Key="j", Cookie="session=secret", X_Api_Key="secret")
    lenient.http.post("/api/agents/invoke?x=1", json=body("hello"), headers=headers)
    lenient.http.post("/api/agents/invoke", content=b"not json")
    first, second = lenient.requests()
    assert (first["method"], first["path"], first["query"]) == ("POST", "/api/agents/invoke", "x=1")
    assert first["status"] == 200 and second["status"] == 401
    assert first["headers"]["x-idempotency-key"] == "j"
    assert first["body"] == body("hello") and second["body"] == "not json"
    assert abs(first["at"] - time.time()) < 60
    shown = json.dumps(lenient.requests())
    assert KEY not in shown and "secret" not in shown
    assert len(lenient.http.get("/_dev/requests?last=1").json()["requests"]) == 1
    assert lenient.http.get("/_dev/requests?last=x").status_code == 400
    assert lenient.http.delete("/_dev/requests").status_code == 204
    assert lenient.requests() == []


def test_journal_has_what_was_refused_and_what_was_dropped(lenient: PlatformProcess) -> None:
    lenient.get("/nothing")
    lenient.http.post("/api/agents/invoke", content=b"x" * 200_000)
    lenient.http.get("/healthz", headers={"Host": "evil.example"})
    lenient.fault("invoke", drop=True)
    with pytest.raises(httpx.TransportError):
        lenient.invoke(body())
    post(lenient, body(modelAlias="architect"))
    assert [entry["status"] for entry in lenient.requests()] == [404, 413, 403, None, 200]


def test_journal_is_bounded_and_counts_on(lenient: PlatformProcess) -> None:
    with platform(journal_requests=3) as running:
        for _ in range(5):
            running.http.get("/healthz")
        assert [entry["number"] for entry in running.requests()] == [3, 4, 5]
