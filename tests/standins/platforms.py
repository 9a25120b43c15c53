"""Stand-in platforms to test against, each a process of its own, behind a small client that shows the raw wire."""

import base64
import contextlib
import hashlib
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.provenance.jwt import SigningKey

ROOT = Path(__file__).parents[2]
KEY = "dnft-platform-dev-key"
AGENT = "eip155:31337/erc721:0x5FbDB2315678afecb367f032d93F642f64180aa3/7"


def body(text: str = "Who are you?", **fields: Any) -> dict[str, Any]:
    """A valid ask; `fields` replace parts of it."""
    return {"agent": AGENT, "messages": [{"role": "user", "content": text}]} | fields


@dataclass(frozen=True)
class Frame:
    """One event as it came, parsed."""

    id: str
    event: str
    data: Any


@dataclass(frozen=True)
class Streamed:
    status: int
    headers: httpx.Headers
    raw: bytes
    whole: bool
    """False when the connection broke."""

    @property
    def frames(self) -> list[Frame]:
        """Every event, each of exactly the platform's form."""
        found = []
        for block in self.raw.decode().split("\n\n")[:-1]:
            if block == ": keepalive":
                continue
            first, second, third = block.split("\n")
            assert first.startswith("id: ") and second.startswith("event: ") and third.startswith("data: ")
            found.append(Frame(first[4:], second[7:], json.loads(third[6:])))
        return found

    @property
    def text(self) -> str:
        return "".join(frame.data["text"] for frame in self.frames if frame.event == "content")

    @property
    def kinds(self) -> list[str]:
        """Event names, with runs of one name told once."""
        names = [frame.event for frame in self.frames]
        return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


class PlatformProcess:
    def __init__(self, url: str, process: "subprocess.Popen[str]") -> None:
        self.url = url
        self.process = process
        self.http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def headers(self, credential: str = KEY, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {credential}"} | {
            name.replace("_", "-"): value for name, value in more.items()
        }

    def get(self, path: str, credential: str = KEY, **more: str) -> httpx.Response:
        return self.http.get(path, headers=self.headers(credential, **more))

    def post(self, path: str, value: Any, credential: str = KEY, **more: str) -> httpx.Response:
        return self.http.post(path, json=value, headers=self.headers(credential, **more))

    def invoke(self, value: Any, credential: str = KEY, **more: str) -> httpx.Response:
        return self.post("/api/agents/invoke", value, credential, **more)

    def stream(self, value: Any, credential: str = KEY, *, stop_after: int | None = None, **more: str) -> Streamed:
        """The whole stream; `stop_after` events the client hangs up."""
        raw, whole = b"", True
        with self.http.stream(
            "POST", "/api/agents/stream", json=value, headers=self.headers(credential, **more)
        ) as answer:
            try:
                for chunk in answer.iter_raw():
                    raw += chunk
                    if stop_after is not None and raw.count(b"event: ") >= stop_after:
                        whole = False
                        break
            except httpx.HTTPError:
                whole = False
            return Streamed(answer.status_code, answer.headers, raw, whole)

    def budget(self, credential: str = KEY) -> dict[str, Any]:
        status: dict[str, Any] = self.get("/api/agents/budget", credential).raise_for_status().json()
        return status

    def fault(self, endpoint: str, **rule: Any) -> None:
        answer = self.http.post("/_dev/faults", json={"endpoint": endpoint} | rule)
        assert answer.status_code == 201, answer.text

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/_dev/requests").json()["requests"]
        return found

    def stop(self) -> int:
        self.http.close()
        self.process.terminate()
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            if self.process.stdout is not None:
                self.process.stdout.close()


@contextmanager
def platform(**options: Any) -> Iterator[PlatformProcess]:
    """A running stand-in; `options` by the names of `Options`, times short unless told."""
    fields = {"limits": False, "first_ms": 0, "piece_ms": 0} | options
    command = [sys.executable, "-m", "tests.standins.platform_process", json.dumps(fields)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("platform listening on http://"):
        raise AssertionError(f"the platform ended with {process.wait()} after saying {line!r}")
    running = PlatformProcess(line.split()[-1], process)
    try:
        yield running
    finally:
        running.stop()


class TokenMaker:
    """A client of the platform that signs tokens with a key of its own."""

    def __init__(self, kid: str = "client-1") -> None:
        self.kid = kid
        self.key = SigningKey.generate()

    def jwk(self) -> dict[str, Any]:
        return {**self.key.public.jwk(), "kid": self.kid}

    def jwks(self) -> str:
        return json.dumps({"keys": [self.jwk()]})

    def token(self, sent: bytes = b"", *, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A valid token for a body; `claims` replace its claims, None leaves one out."""
        now = int(time.time())
        every: dict[str, Any] = {
            "iss": "dnft",
            "aud": "freeside",
            "sub": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "iat": now,
            "exp": now + 120,
            "jti": str(uuid.uuid4()),
            "tenant_id": "default",
            "tier": "enterprise",
            "req_hash": "sha256:" + hashlib.sha256(sent).hexdigest(),
        } | claims
        present = {name: value for name, value in every.items() if value is not None}
        head = {"alg": "ES256", "typ": "JWT", "kid": self.kid} | dict(header or {})
        return signed(self.key, head, present)


def signed(key: SigningKey, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    text = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{text}.{encoded(key.sign(text.encode()))}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def wait_until(holds: Any, seconds: float = 5) -> None:
    """Ask again and again until it holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if holds():
                return
        time.sleep(0.02)
    raise AssertionError("it did not come to hold in time")
