"""What speaks behind the stand-in platform: a language model's server over HTTP, or the offline voice by its plug."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from app.standins.platform.offline_voice import NO_SCENE, from_scene
from personalities.birth import birth
from personalities.loading import load_pack
from personalities.voice import Scene, scene_for, speak
from tests.standins.platforms import KEY, PlatformProcess, body, platform, wait_until


def chunk(**delta: Any) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


ANSWER = [
    chunk(role="assistant", content=""),
    chunk(reasoning_content="They greet "),
    chunk(reasoning="me."),
    chunk(content="Hel"),
    chunk(content="lo 😀"),
    chunk(tool_calls=[{"index": 0, "id": "c1", "function": {"name": "look", "arguments": '{"at":'}}]),
    chunk(tool_calls=[{"index": 0, "function": {"arguments": '"sea"}'}}]),
    {"choices": [], "usage": {"prompt_tokens": 1}},
]


class _Model(BaseHTTPRequestHandler):
    """An OpenAI-compatible server, as far as it is used: it streams the chunks it was told to."""

    chunks: ClassVar[list[Any]] = ANSWER
    done: ClassVar[bool] = True
    status: ClassVar[int] = 200
    asked: ClassVar[list[tuple[str | None, Any]]] = []

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/v1/models" else 404)
        self.end_headers()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.headers["Authorization"], asked))
        self.send_response(self.status if self.path == "/v1/chat/completions" else 404)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for each in self.chunks:
            text = each if isinstance(each, str) else json.dumps(each)
            self.wfile.write(f"data: {text}\n\n".encode())
        if self.done:
            self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the inherited name
        pass


@pytest.fixture(autouse=True)
def _answering() -> None:
    _Model.chunks, _Model.done, _Model.status, _Model.asked = ANSWER, True, 200, []


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    web = ThreadingHTTPServer(("127.0.0.1", 0), _Model)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{web.server_port}/v1"
    web.shutdown()
    web.server_close()


@pytest.fixture(scope="module")
def server(model_url: str) -> Iterator[PlatformProcess]:
    with platform(model_url=model_url + "/", model="llama3.2", model_key="model-key") as running:
        yield running


@pytest.fixture(scope="module")
def strict(model_url: str) -> Iterator[PlatformProcess]:
    with platform(model_url=model_url, model="llama3.2", strict=True) as running:
        yield running


def test_invoke_with_a_model_gives_its_words_thinking_and_calls(server: PlatformProcess) -> None:
    reply = server.invoke(body("hi")).json()
    assert reply["content"] == "Hello 😀"
    assert reply["thinking"] == "They greet me."
    assert reply["toolCalls"] == [{"id": "c1", "name": "look", "arguments": '{"at":"sea"}'}]
    assert reply["metadata"] == {"model": "llama3.2"}
    said = len("Hello 😀") + len("They greet me.") + len('{"at":"sea"}')
    assert reply["usage"]["completionTokens"] == -(-said // 4)
    ((authorization, asked),) = _Model.asked
    assert authorization == "Bearer model-key"
    assert asked == {"model": "llama3.2", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def test_stream_with_a_model_gives_its_events_in_order(server: PlatformProcess) -> None:
    streamed = server.stream(body("hi"))
    assert streamed.kinds == ["thinking", "content", "tool_call", "usage", "done"]
    assert streamed.text == "Hello 😀"
    assert streamed.frames[4].data == {"name": "look", "args": {"at": "sea"}}
    assert "Hello"[:3].encode() in streamed.raw and "😀".encode() in streamed.raw


def test_health_with_a_model_asks_it(server: PlatformProcess) -> None:
    assert server.http.get("/api/agents/health").json()["loaFinn"]["healthy"] is True


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_invoke_when_the_model_refuses_passes_its_status_on(server: PlatformProcess, status: int) -> None:
    _Model.status, _Model.chunks, _Model.done = status, [], False
    before = server.budget()["currentSpendCents"]
    answer = server.invoke(body(modelAlias="cheap"))
    assert (answer.status_code, answer.json()["error"]) == (status, "UPSTREAM_ERROR")
    # a refusal costs nothing; after an outage the reservation waits to lapse
    assert server.budget()["currentSpendCents"] - before == (0 if status < 500 else 1)


@pytest.mark.parametrize("last", [None, "{", "[]", '{"error": {"message": "out of memory"}}', '{"choices": 7}'])
def test_stream_when_the_model_breaks_off_midway_is_truncated_or_strict_says_so(
    server: PlatformProcess, strict: PlatformProcess, last: str | None
) -> None:
    _Model.chunks, _Model.done = [chunk(content="Hel"), *([] if last is None else [last])], last is not None
    cut = server.stream(body())
    assert cut.whole and cut.kinds == ["content"] and cut.text == "Hel"
    told = strict.stream(body())
    assert told.kinds == ["content", "error"]
    assert told.frames[-1].data["code"] == "UPSTREAM_ERROR" and told.frames[-1].data["message"]
    assert server.invoke(body()).status_code == 502


def test_stream_of_a_huge_piece_is_cut_into_events_of_at_most_64_kilobytes(server: PlatformProcess) -> None:
    text = "\x00" * 50_000  # six bytes each, as JSON
    _Model.chunks = [chunk(content=text)]
    streamed = server.stream(body())
    assert streamed.text == text
    assert max(len(block) for block in streamed.raw.split(b"\n\n")) <= 64 * 1024


def _is_paid(running: PlatformProcess) -> bool:
    """The turn of 2.5 million tokens is over: before, two cents are reserved."""
    return bool(running.budget()["currentSpendCents"] > 100)


def test_stream_to_a_reader_too_slow_for_the_buffer_is_cut_and_strict_says_so(model_url: str) -> None:
    _Model.chunks = [chunk(content="x" * 1000)] * 10_000  # 10 MB, more than the sockets between hold
    options = {"model_url": model_url, "model": "m", "buffer_events": 50}
    for strict in (False, True):
        with (
            platform(strict=strict, **options) as running,
            running.http.stream("POST", "/api/agents/stream", json=body(), headers=running.headers()) as answer,
        ):
            wait_until(
                lambda running=running: running.budget()["currentSpendCents"] > 100, 20
            )  # the turn is over, and paid
            raw = b"".join(answer.iter_raw())
        assert b"event: done" not in raw and b"event: content" in raw
        assert (b"STREAM_RESUME_LOST" in raw.split(b"\n\n")[-2]) is strict


# --- the offline voice -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def offline() -> Iterator[PlatformProcess]:
    with platform(communities=[{"id": "default", "key": KEY, "monthly_cents": 1000}]) as running:
        yield running


def scene(message: str, token: int = 7) -> Scene:
    pack = load_pack("dixie")
    return scene_for(birth(bytes(range(32)), 1000, token, pack), pack, message, today="2026-11-20")


@pytest.mark.parametrize("message", ["Who are you?", "What did you change your mind about?", "asdf 😀"])
def test_offline_voice_with_a_scene_says_what_the_voice_says(offline: PlatformProcess, message: str) -> None:
    asked = body(message, metadata={"scene": scene(message).to_json()})
    expected = speak(scene(message)).text
    assert expected != speak(scene(message, token=8)).text or message == "asdf 😀"
    assert offline.invoke(asked).json()["content"] == expected
    streamed = offline.stream(asked)
    assert streamed.text == expected
    assert len(streamed.frames) == len(expected.split()) + 2, "a word an event, then usage and done"


@pytest.mark.parametrize("wrong", [7, {}, [], {"personality": {}}, "scene"])
def test_offline_voice_with_a_wrong_scene_names_what_is_wrong(offline: PlatformProcess, wrong: Any) -> None:
    answer = offline.invoke(body(metadata={"scene": wrong}))
    assert (answer.status_code, answer.json()["error"]) == (400, "UPSTREAM_ERROR")
    assert "scene" in answer.json()["message"]
    assert offline.budget()["currentSpendCents"] == 0
    assert offline.stream(body(metadata={"scene": wrong})).raw == b""


def test_from_scene_without_a_scene_says_that_it_is_a_stand_in() -> None:
    assert from_scene({}, []) == from_scene({"scene": None}, []) == NO_SCENE
    assert "stand-in" in NO_SCENE and "no scene" in NO_SCENE
