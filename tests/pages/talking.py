"""A house to talk in: the whole service as real processes with the demo's wallet, and a language model of which a test
decides what it says, and when it goes on."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from app.bootstrap import World
from app.pages.demo import FILE
from app.settings import Settings
from tests.service import CHAIN_ID, Service, service
from tests.signing import wallet

ALICE, BOB, CAROL = wallet("alice"), wallet("bob"), wallet("carol")
NAMES = {"Holder of agent 1": ALICE, "Holder of agent 0": BOB, "Visitor": CAROL}
PATIENCE = 60.0


@dataclass(slots=True)
class Script:
    """One answer of the model: its pieces, and a gate before the piece of that number."""

    pieces: Sequence[str]
    stop_before: int | None = None
    status: int = 200
    name: str = "scripted-model"
    thinking: str = ""
    tool: tuple[str, str] | None = None
    """Name and arguments (JSON) of a call it makes first."""
    gate: threading.Event = field(default_factory=threading.Event)


class Model:
    """An OpenAI-compatible server that gives the scripted answers in turn, and a plain one when there is none."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.begun: list[Script] = []
        self.requests: list[dict[str, Any]] = []
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                model.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                script = model.scripts.pop(0) if model.scripts else Script(["Yes."])
                model.begun.append(script)
                self.send_response(script.status)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                if script.status != 200:
                    return
                if script.thinking:
                    self._chunk(script, {"reasoning_content": script.thinking})
                if script.tool:
                    call = {"name": script.tool[0], "arguments": script.tool[1]}
                    self._chunk(
                        script, {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": call}]}
                    )
                for at, piece in enumerate(script.pieces):
                    if at == script.stop_before:
                        script.gate.wait(PATIENCE)
                    self._chunk(script, {"content": piece})
                usage = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}
                self._send({"model": script.name, "choices": [], "usage": usage})
                self.wfile.write(b"data: [DONE]\n\n")

            def _chunk(self, script: Script, delta: dict[str, Any]) -> None:
                self._send({"model": script.name, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})

            def _send(self, chunk: dict[str, Any]) -> None:
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.flush()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the inherited name
                pass

        class Web(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Whoever is cancelled hangs up in the middle; that is what some tests want."""

        self._web = Web(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._web.server_port}/v1"
        threading.Thread(target=self._web.serve_forever, daemon=True).start()

    def will_say(self, *pieces: str, **how: Any) -> Script:
        """What it answers next."""
        script = Script(pieces, **how)
        self.scripts.append(script)
        return script

    def forget(self) -> None:
        """Nothing is scripted any more, and nothing waits."""
        for script in (*self.scripts, *self.begun):
            script.gate.set()
        self.scripts.clear()
        self.begun.clear()

    def close(self) -> None:
        self.forget()
        self._web.shutdown()
        self._web.server_close()


@dataclass(frozen=True, slots=True)
class TalkingHouse:
    """Agent 0 is Bob's, agent 1 is Alice's; the demo's wallet holds both accounts."""

    service: Service
    model: Model
    contract: str

    @property
    def url(self) -> str:
        return self.service.origin

    def page(self, token_id: int) -> str:
        return self.url + self.path(token_id)

    def path(self, token_id: int) -> str:
        return f"/agents/{CHAIN_ID}/{self.contract.lower()}/{token_id}"

    @contextmanager
    def world(self) -> Iterator[World]:
        """The same data, as another process has it."""
        world = World(Settings(env="demo", data=self.service.folder))
        try:
            yield world
        finally:
            world.close()

    @contextmanager
    def another_server(self, **settings: str) -> Iterator[str]:
        """A web server over the same data, with other settings; its URL."""
        ours = self.service.environment
        shared = {name: ours[name] for name in ("DNFT_ORIGIN", "DNFT_RPC_URLS", "DNFT_MODEL_URL", "DNFT_MODEL_NAME")}
        with service(self.service.folder, "serve", **shared, DNFT_ENV="demo", **settings) as other:
            yield f"http://127.0.0.1:{other.port}"


@contextmanager
def talking_house(folder: Path) -> Iterator[TalkingHouse]:
    model = Model()
    accounts = [{"address": by.address, "key": "0x" + bytes(by.key).hex(), "name": name} for name, by in NAMES.items()]
    (folder / FILE).write_text(json.dumps(accounts), encoding="utf-8")
    settings = {
        "DNFT_ENV": "demo",
        "DNFT_MODEL_URL": model.url,
        "DNFT_MODEL_NAME": "scripted-model",
        "DNFT_CHAT_STALE_SECONDS": "2",
        "DNFT_CHAT_MESSAGES_PER_MINUTE": "1000",  # the tests talk faster than people
    }
    try:
        with service(folder, "chain", "serve", "worker", **settings) as running:
            deployed = running.run("deploy", "talkers", "--name", "Talkers", "--supply", "8")
            running.run("mint", "talkers", "--count", "2", "--to", BOB.address, "--to", ALICE.address)
            yield TalkingHouse(running, model, deployed["contract"])
    finally:
        model.close()
